//! Finds a secret that stands among the plain settings, where logs and files do not guard it. Pure.

use crate::settings::shape::{same_value, target};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// The dotted key of a setting that the schema marks `x-secret` and that was given in the open.
///
/// Of several schemas for one value any may mark it: whether one of a choice applies is not asked.
pub(crate) fn find(schema: &Value, settings: &Value) -> Option<String> {
    let mut search = Search {
        root: schema,
        seen: HashSet::new(),
    };
    search.look(schema, settings, String::new())
}

struct Search<'s> {
    root: &'s Value,
    /// A schema says nothing more of a value when it is reached by another way.
    seen: HashSet<(*const Value, *const Value)>,
}

impl<'s> Search<'s> {
    fn look(&mut self, schema: &'s Value, given: &Value, key: String) -> Option<String> {
        let schema_here = schema.as_object()?;
        if given.is_null() || !self.seen.insert((schema, given)) {
            return None;
        }
        // Beside a `$ref` other words count, too.
        if schema_here.get("x-secret").is_some_and(|mark| mark == true) {
            return Some(key);
        }
        let root = self.root;
        let referred = schema_here.get("$ref").and_then(Value::as_str);
        let referred = referred.and_then(|reference| target(root, reference));
        for other in referred.into_iter().chain(same_value(schema_here)) {
            if let Some(found) = self.look(other, given, key.clone()) {
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
            Value::Object(members) => members.iter().find_map(|(name, value)| {
                of_member(schema_here, name)
                    .into_iter()
                    .find_map(|schema| self.look(schema, value, below(name)))
            }),
            Value::Array(items) => items.iter().enumerate().find_map(|(index, item)| {
                of_item(schema_here, index)
                    .into_iter()
                    .find_map(|schema| self.look(schema, item, below(&index.to_string())))
            }),
            _ => None,
        }
    }
}

/// What the schema says of a member: by its name, or of all others. A pattern is taken to be meant.
fn of_member<'s>(schema: &'s Map<String, Value>, name: &str) -> Vec<&'s Value> {
    if let Some(named) = schema.get("properties").and_then(|members| members.get(name)) {
        return vec![named];
    }
    let patterns = schema.get("patternProperties").and_then(Value::as_object);
    let patterns = patterns.into_iter().flat_map(Map::values);
    let others = ["additionalProperties", "unevaluatedProperties"];
    let others = others.iter().filter_map(|word| schema.get(*word));
    patterns.chain(others).collect()
}

/// What the schema says of an element: by its place, or of all.
fn of_item(schema: &Map<String, Value>, index: usize) -> Vec<&Value> {
    let words = [
        "prefixItems",
        "items",
        "additionalItems",
        "unevaluatedItems",
        "contains",
    ];
    let schemas = words.iter().filter_map(|word| schema.get(*word));
    schemas
        .filter_map(|one| match one {
            Value::Array(places) => places.get(index),
            one => Some(one),
        })
        .collect()
}

#[cfg(test)]
mod tests;
