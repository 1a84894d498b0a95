//! The secrets among a carrier's settings, by dotted key.

use super::check::Judge;
use aldis_daemon::config::{Secret, SecretText};
use serde_json::{Map, Value};

/// Takes the secrets out of a carrier's settings: they travel apart, so that the rest may be shown.
pub(super) fn take_secrets(
    judge: &mut Judge<'_>,
    file_key: &str,
    path: &str,
    settings: &mut Map<String, Value>,
    secrets: &mut Vec<(String, SecretText)>,
) {
    let keys: Vec<String> = settings.keys().cloned().collect();
    for key in keys {
        let (file_key, path) = (format!("{file_key}.{key}"), join(path, &key));
        if let Some(value) = settings.get_mut(&key)
            && is_taken(judge, &file_key, &path, value, secrets)
        {
            settings.remove(&key);
        }
    }
}

/// Takes the value if it is a secret, and those within it out of it. An entry of a list keeps its place, which its
/// dotted key counts from 0: what is taken from there leaves null.
fn is_taken(
    judge: &mut Judge<'_>,
    file_key: &str,
    path: &str,
    value: &mut Value,
    secrets: &mut Vec<(String, SecretText)>,
) -> bool {
    match value {
        Value::Object(table) if is_secret(table) => {
            let found: Result<Secret, _> = serde_json::from_value(Value::Object(std::mem::take(table)));
            // The form was checked, so this never quotes anything.
            if let Some(secret) = judge.take(file_key, found)
                && let Some(text) = judge.secret(file_key, &secret)
            {
                secrets.push((path.to_owned(), text));
            }
            return true;
        }
        Value::Object(table) => take_secrets(judge, file_key, path, table, secrets),
        Value::Array(list) => {
            for (place, entry) in list.iter_mut().enumerate() {
                let file_key = format!("{file_key}[{place}]");
                if is_taken(judge, &file_key, &join(path, &place.to_string()), entry, secrets) {
                    *entry = Value::Null;
                }
            }
        }
        _ => {}
    }
    false
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

fn is_secret(table: &Map<String, Value>) -> bool {
    let mut entries = table.iter();
    match (entries.next(), entries.next()) {
        (Some((key, Value::String(_))), None) => ["file", "env", "literal"].contains(&key.as_str()),
        _ => false,
    }
}
