//! What the checks work with when nothing else is said: settings made up from the schema, and messages.

use super::fixtures::Fixtures;
use super::letter::{Configuration, Letter};
use super::made::Made;
use super::report::Fault;
use super::subject::{Manner, Subject};
use super::{End, Ground};
use crate::{bare_secret, settings};
use serde_json::{Value, json};
use std::rc::Rc;

/// Settings that the library takes, and where they came from.
pub(super) struct Example {
    pub(super) configuration: Configuration,
    pub(super) fixtures: Rc<Fixtures>,
}

impl Example {
    /// The author's settings, or some that the schema allows.
    pub(super) fn of(ground: &Ground, subject: &Subject) -> Result<Self, End> {
        let fixtures = ground.fixtures.clone().map_err(End::Untried)?;
        let schema = subject
            .descriptor()
            .config_schema
            .clone()
            .unwrap_or_else(|| json!({}));
        let given = fixtures
            .settings
            .clone()
            .unwrap_or_else(|| made_up(&schema, &schema, ""));
        let configuration = split(&schema, given);
        if fixtures.settings.is_some()
            && let Err(error) = settings::check(&schema, &configuration.settings, &configuration.secrets)
        {
            return Err(End::broken(
                format!("fixtures/settings.json is not what its config_schema describes: {error}"),
                "a host refuses such settings before the library sees them: mend the schema or the file",
            ));
        }
        Ok(Self {
            configuration,
            fixtures,
        })
    }

    /// An instance, or why the checks cannot have one.
    pub(super) fn made<'s>(
        &self,
        ground: &Ground,
        subject: &'s Subject,
        manner: &Manner<'_>,
    ) -> Result<Made<'s>, End> {
        ground.report.doing("instance_create");
        let refused = match subject.create(manner, &self.configuration, 1) {
            Ok(made) => return Ok(made),
            Err(refused) => refused,
        };
        if refused.panicked() {
            let place = refused
                .panic
                .map(|place| format!(" ({place})"))
                .unwrap_or_default();
            return Err(Fault::new(
                format!("instance_create panicked, and contained it{place}"),
                "wrong settings are said through cfg.fault and ALDIS_E_INVALID",
            )
            .into());
        }
        let about = if refused.key.is_empty() {
            String::new()
        } else {
            format!("{}: ", refused.key)
        };
        let reason = if refused.reason.is_empty() {
            format!("instance_create returned {}", refused.returned)
        } else {
            refused.reason
        };
        Err(End::Untried(if self.fixtures.settings.is_some() {
            format!("the library refuses fixtures/settings.json: {about}{reason}")
        } else {
            format!(
                "the library refuses settings that its schema allows ({about}{reason}): write settings it takes, \
                 secrets as plain text, into settings.json of the folder you give with --fixtures"
            )
        }))
    }

    /// Messages of every kind; the first is the plainest.
    pub(super) fn letters(&self) -> Vec<Letter> {
        let plain = Letter {
            from: Some("+12025550199".into()),
            ..Letter::default()
        };
        let mut letters = vec![plain.clone()];
        letters.extend(
            self.fixtures
                .messages
                .iter()
                .map(|message| message.letter.clone()),
        );
        letters.push(Letter {
            from: None,
            ..plain.clone()
        });
        letters.push(Letter {
            from: Some("Acme".into()),
            text: "Caf\u{e9} \u{1f600} & = + % \" \\ \r\n <b> \u{20ac}".into(),
            callback_url: "https://sms.example.com/carriers/check/receipts?a=b&c=%20".into(),
            attributes: [("tenant", "acme"), ("dlt_template_id", "1107")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            ..plain.clone()
        });
        letters.push(Letter {
            from: Some("12345".into()),
            text: "x".repeat(1600),
            segments: 11,
            validity_s: 0,
            attempt: 3,
            ..plain.clone()
        });
        letters.push(Letter {
            text: String::new(),
            idempotency_key: String::new(),
            ..plain
        });
        letters
    }
}

/// Takes the secrets out, as the host does: they are handed over apart.
pub(super) fn split(schema: &Value, mut settings: Value) -> Configuration {
    let mut secrets = Vec::new();
    while let Some(key) = bare_secret::find(schema, &settings) {
        let taken = take(&mut settings, &key);
        secrets.push((
            key,
            taken.as_str().map_or_else(|| taken.to_string(), str::to_owned),
        ));
    }
    Configuration { settings, secrets }
}

/// Removes the value at a dotted key; in a list nothing moves up.
fn take(settings: &mut Value, key: &str) -> Value {
    let (parent, name) = key.rsplit_once('.').unwrap_or(("", key));
    let pointer = if parent.is_empty() {
        String::new()
    } else {
        format!("/{}", parent.replace('.', "/"))
    };
    match settings.pointer_mut(&pointer) {
        Some(Value::Object(members)) => members.remove(name).unwrap_or_default(),
        Some(Value::Array(items)) => name
            .parse::<usize>()
            .ok()
            .and_then(|index| items.get_mut(index))
            .map_or(Value::Null, Value::take),
        _ => Value::Null,
    }
}

/// A value the schema allows, as simple as it can be.
fn made_up(root: &Value, schema: &Value, name: &str) -> Value {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => reference
            .strip_prefix('#')
            .and_then(|pointer| root.pointer(pointer))
            .unwrap_or(schema),
        None => schema,
    };
    let given = ["const", "default"].into_iter().find_map(|word| schema.get(word));
    let listed = ["examples", "enum"]
        .into_iter()
        .find_map(|word| schema[word].get(0));
    if let Some(value) = given.or(listed) {
        return value.clone();
    }
    for word in ["anyOf", "oneOf", "allOf"] {
        if let Some(choice) = schema[word]
            .as_array()
            .and_then(|choices| choices.iter().find(|c| c["type"] != "null"))
        {
            return made_up(root, choice, name);
        }
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match kind {
        Some("string") => json!(made_up_text(schema, name)),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(false),
        Some("array") => {
            let count = schema["minItems"].as_u64().unwrap_or(0).min(8);
            (0..count)
                .map(|_| made_up(root, &schema["items"], name))
                .collect()
        }
        Some("object") | None => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let mut members: serde_json::Map<_, _> = required
                .iter()
                .filter_map(Value::as_str)
                .map(|name| (name.to_owned(), made_up(root, &schema["properties"][name], name)))
                .collect();
            // Nothing leaves the machine, whatever the carrier's own address is.
            if name.is_empty() && schema["properties"]["base_url"].is_object() {
                members.insert("base_url".to_owned(), json!("http://127.0.0.1:8026"));
            }
            Value::Object(members)
        }
        Some(_) => Value::Null,
    }
}

fn made_up_text(schema: &Value, name: &str) -> String {
    if schema["x-secret"] == true {
        return "made-up-secret-a".to_owned();
    }
    if name.ends_with("url") || name.ends_with("uri") || schema["format"] == "uri" {
        return "http://127.0.0.1:8026".to_owned();
    }
    let longest = schema["maxLength"]
        .as_u64()
        .and_then(|longest| usize::try_from(longest).ok())
        .unwrap_or(usize::MAX);
    let shortest = schema["minLength"]
        .as_u64()
        .and_then(|shortest| usize::try_from(shortest).ok())
        .unwrap_or(0)
        .min(4096);
    let mut text = "example".repeat(shortest.div_ceil(7).max(1));
    text.truncate(longest.max(shortest));
    text
}
