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
            "beside": { "$ref": "#/$defs/Text", "x-secret": true },
            "far": { "$ref": "#/$defs/Near" },
            "further": { "allOf": [{ "$ref": "#/$defs/Far" }] },
            "pair": { "prefixItems": [{ "type": "string" }, { "$ref": "#/$defs/Near" }] },
            "old_pair": { "items": [true, { "x-secret": true }] },
            "when": { "if": true, "then": { "properties": { "key": { "$ref": "#/$defs/Near" } } } },
            "some": { "patternProperties": { "^k": { "x-secret": true } } },
            "rest": { "unevaluatedProperties": { "x-secret": true } },
        },
        "$defs": { "Text": { "type": "string" }, "Near": { "$ref": "#/$defs/Secret" }, "Far": { "$ref": "#/$defs/Near" },
        "Secret": { "type": "string", "x-secret": true }, "Inner": { "properties": {
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
        (json!({ "beside": "planted" }), Some("beside")),
        (json!({ "far": "planted" }), Some("far")),
        (json!({ "further": "planted" }), Some("further")),
        (json!({ "pair": ["fine", "planted"] }), Some("pair.1")),
        (json!({ "old_pair": ["fine", "planted"] }), Some("old_pair.1")),
        (json!({ "when": { "key": "planted" } }), Some("when.key")),
        (json!({ "some": { "key": "planted" } }), Some("some.key")),
        (json!({ "rest": { "key": "planted" } }), Some("rest.key")),
        (
            json!({ "open": "fine", "maybe": null, "inner": {}, "list": [], "unknown": "x", "pair": ["fine"] }),
            None,
        ),
    ];
    for (settings, expected) in cases {
        assert_eq!(find(&schema(), &settings).as_deref(), expected, "{settings}");
    }
}

/// Such a schema does not get here, and does no harm if it does.
#[test]
fn a_schema_that_refers_to_itself_comes_to_an_end() {
    let schema = json!({ "anyOf": [{ "$ref": "#" }, { "properties": { "a": { "$ref": "#" } } }] });
    assert_eq!(find(&schema, &json!({ "a": { "a": "x" } })), None);
}
