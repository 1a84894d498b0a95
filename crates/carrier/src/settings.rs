//! An instance's settings: JSON and secrets in, the author's own type out.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Deserializer};
use serde_json::{Map, Value};
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

/// Puts the secrets back where they belong and reads the whole.
pub(crate) fn read<T: DeserializeOwned>(
    config: &str,
    secrets: &[(String, String)],
) -> Result<T, SettingsError> {
    let mut settings: Value = serde_json::from_str(if config.is_empty() { "{}" } else { config })
        .map_err(|_| SettingsError::new("", "the settings are not JSON"))?;
    for (path, secret) in secrets {
        place(&mut settings, path, secret)
            .ok_or_else(|| SettingsError::new(path, "no place for this secret"))?;
    }
    serde_path_to_error::deserialize(settings).map_err(|error| {
        let path = error.path().to_string();
        let (key, reason) = wording(&error.inner().to_string());
        let path = if path == "." { String::new() } else { path };
        let key = match key {
            Some(key) if path.is_empty() => key,
            Some(key) if path != key && !path.ends_with(&format!(".{key}")) => format!("{path}.{key}"),
            _ => path,
        };
        SettingsError { key, reason }
    })
}

fn place(settings: &mut Value, path: &str, secret: &str) -> Option<()> {
    let mut at = settings;
    let (parents, last) = path
        .rsplit_once('.')
        .map_or((None, path), |(parents, last)| (Some(parents), last));
    for parent in parents.into_iter().flat_map(|parents| parents.split('.')) {
        at = at
            .as_object_mut()?
            .entry(parent)
            .or_insert_with(|| Value::Object(Map::new()));
    }
    at.as_object_mut()?
        .insert(last.to_owned(), Value::String(secret.to_owned()));
    Some(())
}

/// Serde's complaint without the value it quotes, and the key it names.
fn wording(complaint: &str) -> (Option<String>, String) {
    let named = |opening: &str| {
        complaint
            .strip_prefix(opening)
            .and_then(|rest| rest.split_once('`'))
            .map(|(key, _)| key.to_owned())
    };
    if let Some(key) = named("unknown field `") {
        return (Some(key), "this carrier has no such setting".to_owned());
    }
    if let Some(key) = named("missing field `") {
        return (Some(key), "is missing".to_owned());
    }
    let quotes = [
        "invalid type",
        "invalid value",
        "invalid length",
        "unknown variant",
    ];
    let reason = if quotes.iter().any(|opening| complaint.starts_with(opening)) {
        complaint
            .rfind(", expected ")
            .map_or_else(|| "is wrong".to_owned(), |at| complaint[at + 2..].to_owned())
    } else {
        complaint.to_owned()
    };
    (None, reason)
}
