//! Environment variables over the file: `ALDIS_EDGE__TENANTS__0__NAME=acme` is `tenants[0].name`.

use super::fault::{ConfigError, Fault};
use super::tree::{Entry, Node, Origin, Step, Value, parse_words};

/// A secret is one of these; naming one replaces whichever the file named.
const SECRET_FORMS: [&str; 3] = ["env", "file", "literal"];

/// Sets what the variables say. Theirs is the last word.
pub(super) fn apply(
    root: &mut Node,
    prefix: &str,
    env: impl Iterator<Item = (String, String)>,
) -> Result<(), ConfigError> {
    let mut said: Vec<_> = env
        .filter_map(|(name, words)| {
            let path = name.strip_prefix(prefix)?.strip_prefix("__")?;
            let path: Vec<_> = path.split("__").map(str::to_lowercase).collect();
            Some((path, name, words))
        })
        .collect();
    // `[9]` before `[10]`, and a table before what is in it.
    said.sort_by(|(left, ..), (right, ..)| order(left).cmp(order(right)));
    for (path, name, words) in said {
        set(root, &path, &name, &words).map_err(|reason| {
            ConfigError::of(Fault::new(Origin::Variable(name.clone()).place(""), "", reason))
        })?;
    }
    Ok(())
}

fn order(path: &[String]) -> impl Iterator<Item = (Option<usize>, &str)> {
    path.iter().map(|part| (part.parse().ok(), part.as_str()))
}

fn set(root: &mut Node, path: &[String], name: &str, words: &str) -> Result<(), &'static str> {
    let mut node = root;
    for (depth, part) in path.iter().enumerate() {
        if part.is_empty() {
            return Err("the name has an empty part: keys are separated by exactly two underscores");
        }
        let last = depth + 1 == path.len();
        if last && SECRET_FORMS.contains(&part.as_str()) {
            forget_other_form(node);
        }
        node = match step(node, part) {
            Step::Index(index) => item(node, index, name)?,
            Step::Key(key) => entry(node, key, name)?,
        };
    }
    *node = parse_words(name, words);
    Ok(())
}

fn step(node: &Node, part: &str) -> Step {
    match (&node.value, part.parse()) {
        (Value::Table(entries), _) if !entries.is_empty() => Step::Key(part.to_owned()),
        (_, Ok(index)) => Step::Index(index),
        (_, Err(_)) => Step::Key(part.to_owned()),
    }
}

fn forget_other_form(node: &mut Node) {
    if let Value::Table(entries) = &mut node.value
        && entries
            .iter()
            .all(|entry| SECRET_FORMS.contains(&entry.key.as_str()))
    {
        entries.clear();
    }
}

fn nothing(name: &str) -> Node {
    Node {
        origin: Origin::Variable(name.to_owned()),
        value: Value::Table(Vec::new()),
        words: None,
    }
}

fn item<'a>(node: &'a mut Node, index: usize, name: &str) -> Result<&'a mut Node, &'static str> {
    if matches!(&node.value, Value::Table(entries) if entries.is_empty()) {
        node.value = Value::List(Vec::new());
    }
    let Value::List(items) = &mut node.value else {
        return Err("the name has a number where the settings have no list");
    };
    if index == items.len() {
        items.push(nothing(name));
    }
    items
        .get_mut(index)
        .ok_or("the number skips an entry of the list: the next one is its length")
}

fn entry<'a>(node: &'a mut Node, key: String, name: &str) -> Result<&'a mut Node, &'static str> {
    let Value::Table(entries) = &mut node.value else {
        return Err("the name goes into a setting that is no table");
    };
    let at = entries
        .iter()
        .position(|entry| entry.key == key)
        .unwrap_or_else(|| {
            entries.push(Entry {
                key,
                said: Origin::Variable(name.to_owned()),
                node: nothing(name),
            });
            entries.len() - 1
        });
    Ok(&mut entries[at].node)
}
