//! Remembers where each setting was said, and none of the values.

use super::fault::{ConfigError, Fault};
use super::tree::{Dotted, Node, Origin, Step, Value};
use std::fmt;

/// Where the settings came from; names the place of a fault found after reading.
#[derive(Clone)]
pub struct Source {
    file: String,
    root: Place,
}

#[derive(Clone)]
struct Place {
    origin: Origin,
    children: Vec<(Step, Place)>,
}

impl Place {
    fn of(node: &Node) -> Self {
        let children = match &node.value {
            Value::Table(entries) => entries
                .iter()
                .map(|entry| (Step::Key(entry.key.clone()), Self::of(&entry.node)))
                .collect(),
            Value::List(items) => items
                .iter()
                .enumerate()
                .map(|(index, item)| (Step::Index(index), Self::of(item)))
                .collect(),
            Value::Text(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => Vec::new(),
        };
        Self {
            origin: node.origin.clone(),
            children,
        }
    }
}

impl Source {
    pub(super) fn new(file: &str, root: &Node) -> Self {
        Self {
            file: file.to_owned(),
            root: Place::of(root),
        }
    }

    /// The fault of the setting `key` (`tenants[0].name`). A key that was not given is placed at
    /// the table it is missing from. The reason must not show a value that may be secret.
    pub fn fault(&self, key: &str, reason: impl fmt::Display) -> ConfigError {
        self.fault_at(&self.nearest(&steps(key)), key, reason)
    }

    pub(super) fn fault_of(
        &self,
        said: Option<&Origin>,
        path: &[Step],
        reason: impl fmt::Display,
    ) -> ConfigError {
        let origin = said.cloned().unwrap_or_else(|| self.nearest(path));
        self.fault_at(&origin, &Dotted(path).to_string(), reason)
    }

    fn fault_at(&self, origin: &Origin, key: &str, reason: impl fmt::Display) -> ConfigError {
        ConfigError::of(Fault::new(origin.place(&self.file), key, reason.to_string()))
    }

    /// The place of the setting, or of the innermost table around it.
    fn nearest(&self, path: &[Step]) -> Origin {
        let mut place = &self.root;
        for step in path {
            match place.children.iter().find(|(name, _)| name == step) {
                Some((_, inner)) => place = inner,
                None => break,
            }
        }
        place.origin.clone()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Source")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

/// `tenants[0].name` as steps.
fn steps(key: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in key.split('.') {
        let (name, indexes) = part.split_once('[').unwrap_or((part, ""));
        if !name.is_empty() {
            steps.push(Step::Key(name.to_owned()));
        }
        let indexes = indexes
            .split('[')
            .filter_map(|index| index.trim_end_matches(']').parse().ok());
        steps.extend(indexes.map(Step::Index));
    }
    steps
}
