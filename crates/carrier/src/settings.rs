//! An instance's settings: JSON and secrets in, the author's own type out.

mod reading;

pub(crate) use reading::read;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Deserializer;
use std::borrow::Cow;
use std::fmt;

/// A secret setting. The operator writes `{ file = ".." }`, `{ env = ".." }` or
/// `{ literal = ".." }`; the host fetches it and hands it over apart from the settings.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a text as secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret")
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self)
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // The mark by which the host knows what to hand over apart.
        json_schema!({ "type": "string", "x-secret": true })
    }
}

/// What is wrong with a setting. Never holds its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    /// Which: a dotted path, empty for the whole.
    pub key: String,
    /// Why.
    pub reason: String,
}

impl SettingsError {
    /// Says which setting is wrong and why, without quoting it.
    pub fn new(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            reason: reason.into(),
        }
    }
}

/// What else an instance is told about itself.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The operator's name for it.
    pub name: String,
    /// Where the carrier can reach us, if it can.
    pub webhook_base_url: Option<String>,
    /// ISO 3166 region of the operator, if known.
    pub region: Option<String>,
}
