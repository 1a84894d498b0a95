//! The contract's words as a template writes them: `invalid_number`, `delivered`.

use aldis_carrier::schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use aldis_carrier::{Class, ReceiptState};
use serde::de::{Deserialize, Deserializer, Error};
use std::borrow::Cow;
use std::fmt::Debug;

/// A class of refusal: every [`Class`] a carrier can say but `accepted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) Class);

/// A [`ReceiptState`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State(pub(crate) ReceiptState);

fn refusals() -> impl Iterator<Item = Class> {
    let not = [Class::Accepted, Class::PluginFault];
    Class::ALL
        .iter()
        .copied()
        .filter(move |class| !not.contains(class))
}

/// `InvalidNumber` as `invalid_number`.
fn word(name: impl Debug) -> String {
    let mut word = String::new();
    for letter in format!("{name:?}").chars() {
        if letter.is_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}

fn find<'de, T: Copy + Debug, D: Deserializer<'de>>(
    from: D,
    what: &str,
    all: impl Iterator<Item = T> + Clone,
) -> Result<T, D::Error> {
    let text = String::deserialize(from)?;
    all.clone().find(|one| word(one) == text).ok_or_else(|| {
        let words: Vec<_> = all.map(word).collect();
        D::Error::custom(format!("this is no {what}; there are {}", words.join(", ")))
    })
}

impl<'de> Deserialize<'de> for Refusal {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let all: Vec<_> = refusals().collect();
        find(from, "class of refusal", all.into_iter()).map(Self)
    }
}

impl<'de> Deserialize<'de> for State {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        find(from, "state of a receipt", ReceiptState::ALL.iter().copied()).map(Self)
    }
}

impl JsonSchema for Refusal {
    fn schema_name() -> Cow<'static, str> {
        "Refusal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": refusals().map(word).collect::<Vec<_>>() })
    }
}

impl JsonSchema for State {
    fn schema_name() -> Cow<'static, str> {
        "State".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": ReceiptState::ALL.iter().map(word).collect::<Vec<_>>() })
    }
}
