//! The words and the members by which the output says how the child that ran a library was confined.

use super::Confinement;
use super::trusted::plain;
use crate::failure::Failure;
use aldis_carrier_host::kit::Kit;
use serde_json::{Map, Value, json};

#[cfg(test)]
mod tests;

/// The way in which a library ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ran {
    /// The library did not run.
    Not,
    /// The library ran, wholly confined.
    Confined,
    /// The library ran without these parts of the confinement, which the kernel does not grant. Allowed with
    /// `--unconfined`.
    Without(Vec<String>),
    /// The library ran wholly confined although `--unconfined` was given: the kernel granted everything.
    Needlessly,
}

impl Ran {
    /// Reads it from the children that a kit has had, whatever became of them.
    pub(super) fn of(kit: &Kit, confinement: Confinement) -> Self {
        if !kit.has_run() {
            return Self::Not;
        }
        let missing: Vec<_> = kit.missing().iter().map(|gap| plain(gap)).collect();
        match (missing.is_empty(), confinement.unconfined) {
            (false, _) => Self::Without(missing),
            (true, true) => Self::Needlessly,
            (true, false) => Self::Confined,
        }
    }

    /// Returns a sentence where there is something to say.
    pub(super) fn sentence(&self) -> Option<String> {
        match self {
            Self::Not | Self::Confined => None,
            Self::Without(missing) => Some(format!(
                "The library ran unconfined (--unconfined); missing: {}.",
                missing.join("; ")
            )),
            Self::Needlessly => Some(
                "--unconfined was not needed: the kernel granted everything, and the library ran confined."
                    .to_owned(),
            ),
        }
    }

    /// Writes it for machines: `confined` is null where nothing ran.
    pub(super) fn note(&self, answer: &mut Value) {
        if let Some(answer) = answer.as_object_mut() {
            answer.extend(self.named());
        }
    }

    /// Adds it to a failure, which what ran may have caused.
    pub(super) fn after(&self, failure: Failure) -> Failure {
        if *self == Self::Not {
            return failure;
        }
        failure.beside(self.sentence(), self.named())
    }

    fn named(&self) -> Map<String, Value> {
        let members = self.members();
        members
            .map(|(key, value)| (key.to_owned(), value))
            .into_iter()
            .collect()
    }

    fn members(&self) -> [(&'static str, Value); 2] {
        let missing: &[String] = match self {
            Self::Without(missing) => missing,
            _ => &[],
        };
        let confined = match self {
            Self::Not => Value::Null,
            _ => json!(missing.is_empty()),
        };
        [("confined", confined), ("missing", json!(missing))]
    }

    /// Returns name and value of each, as a report's properties.
    pub(super) fn properties(&self) -> [(&'static str, String); 2] {
        self.members().map(|(name, value)| {
            let words = value.as_array().into_iter().flatten().filter_map(Value::as_str);
            let text = match &value {
                Value::Array(_) => words.collect::<Vec<_>>().join("; "),
                other => other.to_string(),
            };
            (name, text)
        })
    }
}

/// Puts the sentence under a text.
pub(super) fn under(mut text: String, ran: &Ran) -> String {
    if let Some(sentence) = ran.sentence() {
        text.truncate(text.trim_end().len());
        text.push('\n');
        text.push_str(&sentence);
    }
    text
}
