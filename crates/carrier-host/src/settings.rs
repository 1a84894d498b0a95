//! Holds settings against the library's own JSON Schema, before the library sees them. Pure.

use crate::InstanceError;
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::{Map, Value};

pub(crate) mod shape;

/// Tables and lists within one another. Whoever follows a schema goes as deep for each as `shape` lets it.
const DEEPEST: usize = 32;

#[cfg(test)]
mod tests;

/// The first fault by its key and reason, never by its value; the secrets are held against the schema too.
pub(crate) fn check(
    schema: &Value,
    settings: &Value,
    secrets: &[(String, String)],
) -> Result<(), InstanceError> {
    if depth_exceeds(settings, DEEPEST) {
        return Err(InstanceError {
            key: None,
            reason: format!("the settings nest more than {DEEPEST} deep"),
        });
    }
    let validator = jsonschema::validator_for(schema).map_err(|error| InstanceError {
        key: None,
        reason: format!(
            "the library's config_schema is no JSON Schema: {}",
            error.masked()
        ),
    })?;
    let mut whole = settings.clone();
    for (path, secret) in secrets {
        place(&mut whole, path, secret);
    }
    match validator.iter_errors(&whole).next() {
        None => Ok(()),
        Some(error) => Err(worded(&error)),
    }
}

fn depth_exceeds(value: &Value, levels: usize) -> bool {
    let Some(below) = levels.checked_sub(1) else {
        return value.is_object() || value.is_array();
    };
    match value {
        Value::Object(members) => members.values().any(|member| depth_exceeds(member, below)),
        Value::Array(items) => items.iter().any(|item| depth_exceeds(item, below)),
        _ => false,
    }
}

/// Where `accounts.0.token` belongs, if there is such a place; if not, the library has a word on it.
fn place(settings: &mut Value, path: &str, secret: &str) -> Option<()> {
    let mut at = settings;
    for key in path.split('.') {
        if at.is_null() {
            *at = Value::Object(Map::new());
        }
        at = match at {
            Value::Array(elements) => elements.get_mut(key.parse::<usize>().ok()?)?,
            Value::Object(members) => members.entry(key).or_insert(Value::Null),
            _ => return None,
        };
    }
    *at = secret.into();
    Some(())
}

fn worded(error: &ValidationError<'_>) -> InstanceError {
    let pointer = error.instance_path().as_str();
    let path = pointer.trim_start_matches('/').replace('/', ".");
    let below = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    let (key, reason) = match error.kind() {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            (below(name), "is missing".to_owned())
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let name = unexpected.first().map(String::as_str).unwrap_or_default();
            (below(name), "this carrier has no such setting".to_owned())
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            let choices = choices(context);
            let reason = if choices.is_empty() {
                format!("{}", error.masked())
            } else {
                format!("must be one of {}", choices.join(", "))
            };
            (path, reason)
        }
        _ => (path, format!("{}", error.masked())),
    };
    InstanceError {
        key: (!key.is_empty()).then_some(key),
        reason,
    }
}

/// What each branch of a choice would take, where a branch is one value.
fn choices(context: &[Vec<ValidationError<'static>>]) -> Vec<String> {
    let constant = |error: &ValidationError<'_>| match error.kind() {
        Kind::Constant { expected_value } => vec![expected_value.to_string()],
        Kind::Enum { options } => options
            .as_array()
            .into_iter()
            .flatten()
            .map(Value::to_string)
            .collect(),
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => choices(context),
        _ => Vec::new(),
    };
    context.iter().flatten().flat_map(constant).collect()
}
