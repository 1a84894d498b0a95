//! Finds a secret that stands among the plain settings, where logs and files do not guard it. Pure.

use serde_json::Value;

/// The dotted key of a setting that the schema marks `x-secret` and that was given in the open.
///
/// Walks the settings, not the schema, so a schema that refers to itself does no harm.
pub(crate) fn find(schema: &Value, settings: &Value) -> Option<String> {
    look(schema, schema, settings, String::new())
}

fn look(root: &Value, schema: &Value, given: &Value, key: String) -> Option<String> {
    if given.is_null() {
        return None;
    }
    let schema = resolved(root, schema);
    if schema["x-secret"] == true {
        return Some(key);
    }
    // An optional secret is a choice between it and null.
    let choices = ["anyOf", "oneOf", "allOf"]
        .into_iter()
        .filter_map(|word| schema[word].as_array())
        .flatten();
    for choice in choices {
        if let Some(found) = look(root, choice, given, key.clone()) {
            return Some(found);
        }
    }
    let below = |name: &str| {
        if key.is_empty() {
            name.to_owned()
        } else {
            format!("{key}.{name}")
        }
    };
    match given {
        Value::Object(members) => members
            .iter()
            .find_map(|(name, value)| look(root, member(schema, name)?, value, below(name))),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| look(root, schema.get("items")?, item, below(&index.to_string()))),
        _ => None,
    }
}

/// What the schema says of a member, by its name or for all others.
fn member<'s>(schema: &'s Value, name: &str) -> Option<&'s Value> {
    let named = schema.get("properties").and_then(|members| members.get(name));
    named.or_else(|| schema.get("additionalProperties"))
}

/// Follows one `$ref` into the schema itself.
fn resolved<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    schema["$ref"]
        .as_str()
        .and_then(|reference| root.pointer(reference.strip_prefix('#')?))
        .unwrap_or(schema)
}

#[cfg(test)]
mod tests;
