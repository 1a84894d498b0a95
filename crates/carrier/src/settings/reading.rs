//! Reads settings: puts the secrets back in their places, and words a fault without its value.

use super::SettingsError;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Puts the secrets back where they belong and reads the whole.
pub(crate) fn read<T: DeserializeOwned>(
    config: &str,
    secrets: &[(String, String)],
) -> Result<T, SettingsError> {
    let mut settings: Value = serde_json::from_str(if config.is_empty() { "{}" } else { config })
        .map_err(|_| SettingsError::new("", "the settings are not JSON"))?;
    for (path, secret) in secrets {
        place(&mut settings, path, secret)
            .ok_or_else(|| SettingsError::new(path, "there is no place for this secret"))?;
    }
    let mut values = Vec::new();
    gather(&settings, &mut values);
    serde_path_to_error::deserialize(settings).map_err(|error| {
        let path = error.path().to_string();
        let (key, reason) = wording(&error.inner().to_string(), &values);
        let path = if path == "." { String::new() } else { path };
        let key = match key {
            Some(key) if path.is_empty() => key,
            Some(key) if path != key && !path.ends_with(&format!(".{key}")) => format!("{path}.{key}"),
            _ => path,
        };
        SettingsError { key, reason }
    })
}

/// Walks `accounts.0.token`: objects by key, made where they lack; arrays by index.
fn place(settings: &mut Value, path: &str, secret: &str) -> Option<()> {
    let mut at = settings;
    for key in path.split('.') {
        at = match at {
            Value::Array(elements) => elements.get_mut(key.parse::<usize>().ok()?)?,
            Value::Null => into_object(at)?.entry(key).or_insert(Value::Null),
            Value::Object(members) => members.entry(key).or_insert(Value::Null),
            _ => return None,
        };
    }
    *at = Value::String(secret.to_owned());
    Some(())
}

fn into_object(at: &mut Value) -> Option<&mut Map<String, Value>> {
    *at = Value::Object(Map::new());
    at.as_object_mut()
}

/// Shorter texts are found in any sentence by chance.
const SHORTEST_VALUE: usize = 3;

/// Every text among the settings, also as a complaint would quote it.
fn gather(settings: &Value, into: &mut Vec<String>) {
    match settings {
        Value::String(text) if text.len() >= SHORTEST_VALUE => {
            into.push(text.clone());
            into.push(text.escape_debug().collect());
        }
        Value::Array(elements) => elements.iter().for_each(|element| gather(element, into)),
        Value::Object(members) => members.values().for_each(|member| gather(member, into)),
        _ => {}
    }
}

/// Complaints that quote the value first, and say afterwards what is expected.
const QUOTING: [&str; 4] = [
    "invalid type",
    "invalid value",
    "invalid length",
    "unknown variant",
];

/// Serde's complaint without the value it quotes, and the key it names.
fn wording(complaint: &str, values: &[String]) -> (Option<String>, String) {
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
    let quotes = QUOTING.iter().any(|opening| complaint.starts_with(opening));
    let reason = if quotes {
        complaint
            .rfind(", expected ")
            .map(|at| complaint[at + 2..].to_owned())
    } else {
        Some(complaint.to_owned())
    };
    // The author's own words are passed on, unless they too quote a value.
    let clean = reason.filter(|reason| !values.iter().any(|value| reason.contains(value.as_str())));
    (None, clean.unwrap_or_else(|| "is not accepted".to_owned()))
}
