//! `aldis carrier schema`: the settings of a carrier, as its library describes them.

use super::confined::Ran;
use super::{Schema, kit, not_seen, object, scratch, trusted};
use crate::failure::Failure;
use crate::plain;
use crate::printer::{Printer, data};
use serde_json::Value;
use std::fmt::Write as _;
use std::process::ExitCode;

#[cfg(test)]
mod tests;

pub(super) fn run(wish: &Schema, printer: &Printer) -> Result<ExitCode, Failure> {
    let scratch = scratch()?;
    let kit = kit(&wish.library, None, scratch.path(), wish.confinement)?;
    let said = kit.describe().map_err(|why| not_seen(&why));
    let ran = Ran::of(&kit, wish.confinement);
    let described = said.and_then(object).and_then(with_schema);
    let mut descriptor = described.map_err(|failure| ran.after(failure))?;
    let mut head = String::new();
    // In words that both forms have for it: the answer is a schema, or a block, and nothing else.
    if let Some(sentence) = ran.sentence() {
        head = format!("# {sentence}\n");
        if let Some(schema) = descriptor["config_schema"].as_object_mut() {
            schema.insert("$comment".to_owned(), sentence.into());
        }
    }
    let schema = &descriptor["config_schema"];
    if wish.toml {
        printer.answer((head + &block(&descriptor)).trim_end(), schema)?;
    } else if printer.is_json() {
        data(&plain::json(schema))?;
    } else {
        data(&plain::escaped(
            &serde_json::to_string_pretty(schema).unwrap_or_default(),
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Takes a descriptor that has a schema to be shown.
fn with_schema(descriptor: Value) -> Result<Value, Failure> {
    let failed =
        || Failure::failed("the library's descriptor has no config_schema, or one that is no JSON object");
    let has_one = descriptor["config_schema"].is_object();
    has_one.then_some(descriptor).ok_or_else(failed)
}

/// A `[[carriers]]` block to start from: what is required stands open, the rest as a comment.
fn block(descriptor: &Value) -> String {
    let id = descriptor["id"].as_str().unwrap_or_default();
    let schema = &descriptor["config_schema"];
    let quoted_id = quoted(id);
    let mut text = format!("[[carriers]]\nname = {quoted_id}\nplugin = {quoted_id}\n[carriers.settings]\n");
    let required = |name: &str| {
        schema["required"]
            .as_array()
            .is_some_and(|names| names.iter().any(|known| known == name))
    };
    let none = serde_json::Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&none);
    for wanted in [true, false] {
        for (name, property) in properties.iter().filter(|(name, _)| required(name) == wanted) {
            for line in property["description"].as_str().unwrap_or_default().lines() {
                let _ = writeln!(text, "# {}", trusted::plain(line));
            }
            let mark = if wanted { "" } else { "# " };
            let value = example(schema, property, id, name);
            let _ = writeln!(text, "{mark}{} = {value}", key(name));
        }
    }
    text
}

/// A value of the right shape.
fn example(root: &Value, property: &Value, id: &str, name: &str) -> String {
    let property = resolved(root, property);
    if property["x-secret"] == true {
        let file = format!("/run/secrets/{id}-{}", name.replace('_', "-"));
        return format!("{{ file = {} }}", quoted(&file));
    }
    if let Some(value) = ["default", "const"]
        .iter()
        .find_map(|word| property.get(word))
        .filter(|value| !value.is_null())
    {
        return toml(value);
    }
    if let Some(value) = ["enum", "examples"].iter().find_map(|word| property[word].get(0)) {
        return toml(value);
    }
    let kind = property["type"].as_str().or_else(|| property["type"][0].as_str());
    match kind {
        Some("integer" | "number") => property.get("minimum").map_or_else(|| "1".to_owned(), toml),
        Some("boolean") => "false".to_owned(),
        Some("array") => "[]".to_owned(),
        Some("object") => "{}".to_owned(),
        _ => "\"...\"".to_owned(),
    }
}

/// A text in TOML, whose basic strings have the escapes of JSON.
fn quoted(text: &str) -> String {
    Value::from(trusted::plain(text)).to_string()
}

/// A key in TOML: bare where it may be.
fn key(name: &str) -> String {
    let bare = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    if !name.is_empty() && name.chars().all(bare) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// A value in TOML, on one line. It has no null: that is left out of lists and tables.
fn toml(value: &Value) -> String {
    match value {
        Value::Null => "\"\"".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().filter(|item| !item.is_null()).map(toml).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let members = members.iter().filter(|(_, member)| !member.is_null());
            let members: Vec<_> = members
                .map(|(name, member)| format!("{} = {}", key(name), toml(member)))
                .collect();
            if members.is_empty() {
                "{}".to_owned()
            } else {
                format!("{{ {} }}", members.join(", "))
            }
        }
    }
}

/// Behind a reference, or the choice between a value and null; the mark of a secret may stand before either. A schema
/// that refers to itself has been refused by then.
fn resolved<'s>(root: &'s Value, property: &'s Value) -> &'s Value {
    if property["x-secret"] == true {
        return property;
    }
    if let Some(target) = property["$ref"]
        .as_str()
        .and_then(|reference| root.pointer(reference.strip_prefix('#')?))
    {
        return resolved(root, target);
    }
    let choices = ["anyOf", "oneOf", "allOf"]
        .iter()
        .find_map(|word| property[word].as_array());
    match choices.and_then(|choices| choices.iter().find(|choice| choice["type"] != "null")) {
        Some(choice) => resolved(root, choice),
        None => property,
    }
}
