//! Wherever a schema puts a secret, it is found among the plain settings.

use super::find;
use serde_json::{Value, json};

fn schema() -> Value {
    json!({
        "properties": {
            "token": { "type": "string", "x-secret": true },
            "maybe": { "anyOf": [{ "type": "string", "x-secret": true }, { "type": "null" }] },
            "open": { "type": "string" },
            "inner": { "$ref": "#/$defs/Inner" },
            "many": { "type": "object", "additionalProperties": { "type": "string", "x-secret": true } },
            "list": { "type": "array", "items": { "$ref": "#/$defs/Inner" } },
        },
        "$defs": { "Inner": { "properties": {
            "key": { "type": "string", "x-secret": true },
            "again": { "$ref": "#/$defs/Inner" },
        } } },
    })
}

#[test]
fn a_secret_in_the_open_is_found() {
    let cases = [
        (json!({ "token": "planted" }), Some("token")),
        (json!({ "maybe": "planted" }), Some("maybe")),
        (json!({ "inner": { "key": "planted" } }), Some("inner.key")),
        (
            json!({ "inner": { "again": { "key": "planted" } } }),
            Some("inner.again.key"),
        ),
        (json!({ "many": { "any": "planted" } }), Some("many.any")),
        (json!({ "list": [{}, { "key": "planted" }] }), Some("list.1.key")),
        (
            json!({ "open": "fine", "maybe": null, "inner": {}, "list": [], "unknown": "x" }),
            None,
        ),
    ];
    for (settings, expected) in cases {
        assert_eq!(find(&schema(), &settings).as_deref(), expected, "{settings}");
    }
}
