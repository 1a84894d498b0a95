//! Looks at a library's JSON Schema before anything is held against it: whoever follows it must come to an end. Pure.

use serde_json::{Map, Value};
use std::collections::HashMap;

#[cfg(test)]
mod tests;

/// How many schemas may follow one another for one and the same value.
const DEEPEST: usize = 32;

/// How many schemas one value may have to be held against, counting each as often as it is reached.
const LARGEST: usize = 4096;

const TOO_DEEP: &str = "nests schemas for one value more than 32 deep";

/// Keywords with a schema, a list or a table of schemas for the very same value.
const SAME_VALUE: [&str; 9] = [
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "dependencies",
];

/// Why a schema will not do; completes "its descriptor ...".
pub(crate) fn fault(schema: &Value) -> Option<String> {
    let mut walk = Walk {
        root: schema,
        known: HashMap::new(),
    };
    let fault = everywhere(schema, "#", &mut |at, place| {
        word(schema, at, place)?;
        walk.size(at, place, 0).map(drop)
    });
    fault.err().map(|(place, reason)| {
        // The library chooses its keys.
        let place: String = place.chars().take(200).collect();
        format!("has a config_schema that {reason}: {place:?}")
    })
}

/// Where, and what is wrong there.
type Fault = (String, &'static str);

/// What lies in the same document as `reference` says.
pub(crate) fn target<'s>(root: &'s Value, reference: &str) -> Option<&'s Value> {
    let pointer = reference.strip_prefix('#')?;
    root.pointer(pointer).filter(|_| !pointer.contains('%'))
}

/// The schemas that the value of `schema` is held against besides, but for its `$ref`.
pub(crate) fn same_value(schema: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    let words = SAME_VALUE
        .iter()
        .filter_map(|word| Some((*word, schema.get(*word)?)));
    words.flat_map(|(word, value)| -> Box<dyn Iterator<Item = &Value>> {
        match value {
            Value::Array(list) => Box::new(list.iter()),
            Value::Object(table) if word.starts_with("depend") => Box::new(table.values()),
            one => Box::new(std::iter::once(one)),
        }
    })
}

/// Every object of the document, also those that are no schemas: it is not always plain which are.
fn everywhere<'s>(
    value: &'s Value,
    place: &str,
    look: &mut impl FnMut(&'s Map<String, Value>, &str) -> Result<(), Fault>,
) -> Result<(), Fault> {
    match value {
        Value::Object(members) => {
            look(members, place)?;
            let mut members = members.iter();
            members.try_for_each(|(key, member)| everywhere(member, &format!("{place}/{key}"), look))
        }
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.try_for_each(|(index, item)| everywhere(item, &format!("{place}/{index}"), look))
        }
        _ => Ok(()),
    }
}

/// References that this host does not follow everywhere alike are none.
fn word(root: &Value, schema: &Map<String, Value>, place: &str) -> Result<(), Fault> {
    let text = |word: &str| schema.get(word).and_then(Value::as_str);
    if let Some(reference) = text("$ref")
        && target(root, reference).is_none()
    {
        let reason = "has a $ref to something other than a place in itself (\"#/$defs/Name\")";
        return Err((place.to_owned(), reason));
    }
    if text("$dynamicRef").or(text("$recursiveRef")).is_some() {
        let reason = "has a $dynamicRef or $recursiveRef, which this host does not follow";
        return Err((place.to_owned(), reason));
    }
    if place != "#" && text("$id").or(text("id").filter(|id| id.contains(':'))).is_some() {
        let reason = "has an $id inside, which changes what a $ref means";
        return Err((place.to_owned(), reason));
    }
    Ok(())
}

struct Walk<'s> {
    root: &'s Value,
    /// By its place in memory; `None`: it is being looked at.
    known: HashMap<*const Map<String, Value>, Option<Size>>,
}

#[derive(Clone, Copy)]
struct Size {
    deep: usize,
    large: usize,
}

impl<'s> Walk<'s> {
    /// How much is to be held against a value of this schema.
    fn size(&mut self, schema: &'s Map<String, Value>, place: &str, above: usize) -> Result<Size, Fault> {
        let fault = |reason| Err((place.to_owned(), reason));
        match self.known.get(&std::ptr::from_ref(schema)) {
            Some(None) => return fault("refers to itself without going into a value"),
            Some(Some(size)) if above + size.deep > DEEPEST => return fault(TOO_DEEP),
            Some(Some(size)) => return Ok(*size),
            None if above >= DEEPEST => return fault(TOO_DEEP),
            None => {}
        }
        self.known.insert(schema, None);
        let root = self.root;
        let referred = schema.get("$ref").and_then(Value::as_str);
        let referred = referred.and_then(|reference| target(root, reference));
        let mut whole = Size { deep: 1, large: 1 };
        for next in referred.into_iter().chain(same_value(schema)) {
            let Some(next) = next.as_object() else { continue };
            let size = self.size(next, place, above + 1)?;
            whole.deep = whole.deep.max(size.deep + 1);
            whole.large = whole.large.saturating_add(size.large);
        }
        if whole.large > LARGEST {
            return fault("holds one value against more than 4096 schemas");
        }
        self.known.insert(schema, Some(whole));
        Ok(whole)
    }
}
