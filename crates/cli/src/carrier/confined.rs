//! How the child that ran a library was confined, as the output says it.

use super::Confinement;
use super::trusted::plain;
use aldis_carrier_host::kit::Kit;
use serde_json::{Value, json};

#[cfg(test)]
mod tests;

/// How a library ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ran {
    /// Nothing of it ran.
    Not,
    Confined,
    /// Without these parts of the confinement, which the kernel does not grant. Allowed with `--unconfined`.
    Without(Vec<String>),
    /// `--unconfined` was given, and there was no need for it: the kernel granted everything.
    Needlessly,
}

impl Ran {
    /// By the children that a kit has had.
    pub(super) fn of(kit: &Kit, confinement: Confinement) -> Self {
        let missing: Vec<_> = kit.missing().iter().map(|gap| plain(gap)).collect();
        match (missing.is_empty(), confinement.unconfined) {
            (false, _) => Self::Without(missing),
            (true, true) => Self::Needlessly,
            (true, false) => Self::Confined,
        }
    }

    /// A sentence where there is something to say.
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

    /// For machines: `confined` is null where nothing ran.
    pub(super) fn note(&self, answer: &mut Value) {
        for (key, value) in self.members() {
            answer[key] = value;
        }
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

    /// Name and value of each, as a report's properties.
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
