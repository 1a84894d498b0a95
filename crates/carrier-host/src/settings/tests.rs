//! A fault in the settings is named by key and reason, and no value is quoted.

use super::check;
use serde_json::{Value, json};

fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["from", "token"],
        "additionalProperties": false,
        "properties": {
            "from": { "type": "string", "minLength": 3 },
            "token": { "type": "string", "x-secret": true, "minLength": 8 },
            "window": { "type": "integer", "minimum": 1 },
            "style": { "oneOf": [{ "const": "udh" }, { "const": "sar" }] },
            "accounts": { "type": "array", "items": {
                "type": "object",
                "required": ["password"],
                "properties": { "password": { "type": "string" }, "port": { "type": "integer" } },
            } },
        },
    })
}

fn fault(settings: &Value, secrets: &[(&str, &str)]) -> (String, String) {
    let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    let secrets: Vec<_> = secrets.iter().map(own).collect();
    let error = check(&schema(), settings, &secrets).expect_err("a fault");
    (error.key.unwrap_or_default(), error.reason)
}

const TOKEN: &[(&str, &str)] = &[("token", "long enough")];

#[test]
fn a_fault_is_named_by_its_key() {
    for (settings, key, words) in [
        (json!({}), "from", "is missing"),
        (json!({ "from": "abc", "widow": 3 }), "widow", "no such setting"),
        (
            json!({ "from": "abc", "window": "10-in-words" }),
            "window",
            "integer",
        ),
        (json!({ "from": "abc", "window": 0 }), "window", "minimum"),
        (json!({ "from": "ab" }), "from", "3 characters"),
        (
            json!({ "from": "abc", "style": "smoke" }),
            "style",
            r#"must be one of "udh", "sar""#,
        ),
        (
            json!({ "from": "abc", "accounts": [{ "port": 1 }] }),
            "accounts.0.password",
            "is missing",
        ),
    ] {
        let (found, reason) = fault(&settings, TOKEN);
        assert_eq!(found, key, "{settings}: {reason}");
        assert!(reason.contains(words), "{settings}: {reason}");
    }
}

#[test]
fn no_value_is_quoted() {
    for (settings, secrets) in [
        (json!({ "from": "abc", "window": "10-in-words" }), TOKEN),
        (json!({ "from": "abc", "style": "10-in-words" }), TOKEN),
        (json!({ "from": "abc" }), &[("token", "10-in-w")][..]),
    ] {
        let (_, reason) = fault(&settings, secrets);
        assert!(!reason.contains("10-in-w"), "{reason}");
    }
}

#[test]
fn secrets_are_part_of_the_whole() {
    let good = json!({ "from": "abc", "accounts": [{ "port": 1 }] });
    let secrets = [("token", "long enough"), ("accounts.0.password", "p")];
    let secrets = secrets.map(|(key, value)| (key.to_owned(), value.to_owned()));
    check(&schema(), &good, &secrets).expect("good");
    assert_eq!(
        fault(&json!({ "from": "abc" }), &[]),
        ("token".to_owned(), "is missing".to_owned())
    );
}

#[test]
fn what_is_no_schema_is_said_to_be_none() {
    let error = check(&json!({ "type": 7 }), &json!({}), &[]).expect_err("no schema");
    assert!(
        error.key.is_none() && error.reason.contains("no JSON Schema"),
        "{error}"
    );
}

#[test]
fn settings_nest_only_so_deep() {
    let mut settings = json!([]);
    for _ in 0..31 {
        settings = json!([settings]);
    }
    check(&json!({}), &settings, &[]).expect("32");
    let error = check(&json!({}), &json!([settings]), &[]).expect_err("33");
    assert_eq!(error.to_string(), "the settings nest more than 32 deep");
}
