//! A schema that could be followed without an end is refused, and every other one comes to an end.

use super::super::check;
use super::fault;
use crate::bare_secret::find;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// `count` schemas, each made from the number of the next.
fn chain(count: usize, link: impl Fn(usize) -> Value) -> Value {
    let names = (0..count).map(|at| (format!("s{at}"), link(at + 1)));
    let mut all: Map<String, Value> = names.collect();
    all.insert(format!("s{count}"), json!({ "type": "object" }));
    json!({ "$ref": "#/$defs/s0", "$defs": all })
}

fn next(at: usize) -> Value {
    json!({ "$ref": format!("#/$defs/s{at}") })
}

#[test]
fn a_schema_without_an_end_is_refused_with_its_place() {
    let cases = [
        (json!({ "anyOf": [{ "$ref": "#" }] }), "refers to itself"),
        (json!({ "$ref": "#" }), "refers to itself"),
        (
            json!({ "properties": { "a": { "$ref": "#/properties/a" } } }),
            "refers to itself",
        ),
        (
            json!({ "if": {}, "then": { "not": { "$ref": "#" } } }),
            "refers to itself",
        ),
        (
            json!({ "$ref": "#/$defs/a", "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "oneOf": [{ "$ref": "#/$defs/a" }] } } }),
            "refers to itself",
        ),
        (chain(10_000, next), "32 deep"),
        (
            chain(14, |at| json!({ "allOf": [next(at), next(at)] })),
            "4096 schemas",
        ),
        (
            json!({ "$ref": "#/$defs/none" }),
            "something other than a place in itself",
        ),
        (
            json!({ "$ref": "https://elsewhere.example/schema" }),
            "something other",
        ),
        (
            json!({ "$ref": "#anchor", "$defs": { "a": { "$anchor": "anchor" } } }),
            "something other",
        ),
        (
            json!({ "$ref": "#/$defs/a%62", "$defs": { "ab": {} } }),
            "something other",
        ),
        (
            json!({ "properties": { "a": { "$dynamicRef": "#meta" } } }),
            "$dynamicRef",
        ),
        (json!({ "$defs": { "a": { "$id": "other:a" } } }), "$id"),
    ];
    for (schema, words) in cases {
        let reason = fault(&schema).expect("a fault");
        assert!(
            reason.starts_with("has a config_schema that ") && reason.contains(words),
            "{reason}"
        );
        assert!(reason.contains("\"#"), "a place: {reason}");
        assert!(reason.len() < 400, "{reason}");
    }
    let at = json!({ "properties": { "a": { "$ref": "#/properties/a" } } });
    assert!(fault(&at).expect("a fault").ends_with("\"#/properties/a\""));
}

/// In the smallest stack that a thread of ours has.
#[test]
fn the_deepest_that_is_taken_can_be_followed() {
    let deep = chain(29, |at| json!({ "allOf": [next(at)] }));
    assert!(fault(&deep).is_some(), "two steps each");
    let deep = chain(29, next);
    assert_eq!(fault(&deep), None);
    check(&deep, &json!({}), &[]).expect("an object");
    // Through values there is no end to a schema, but there is one to the settings.
    let tree = chain(29, next);
    let mut tree = tree.as_object().expect("a table").clone();
    tree["$defs"]["s29"] = json!({ "properties": { "below": { "$ref": "#" } } });
    let tree = Value::Object(tree);
    assert_eq!(fault(&tree), None);
    let mut settings = json!({});
    for _ in 0..31 {
        settings = json!({ "below": settings });
    }
    check(&tree, &settings, &[]).expect("objects");
    assert_eq!(find(&tree, &settings), None);
    // Many schemas, one behind the other in values: reading them takes no stack either.
    let long = chain(5_000, |at| json!({ "properties": { "below": next(at) } }));
    assert_eq!(fault(&long), None);
    check(&long, &settings, &[]).expect("objects");
    // As deep as JSON may be.
    let mut nested = json!({});
    for _ in 0..60 {
        nested = json!({ "properties": { "below": nested } });
    }
    assert_eq!(fault(&nested), None);
    check(&nested, &settings, &[]).expect("objects");
}

fn schemas() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({})),
        Just(json!(true)),
        Just(json!({ "x-secret": true })),
        (0..4_usize).prop_map(|at| json!({ "$ref": format!("#/$defs/s{at}") })),
        Just(json!({ "$ref": "#" })),
    ];
    let schema = leaf.prop_recursive(4, 24, 3, |inner| {
        let list = proptest::collection::vec(inner.clone(), 1..3);
        prop_oneof![
            (
                prop_oneof![Just("anyOf"), Just("allOf"), Just("oneOf"), Just("prefixItems")],
                list
            )
                .prop_map(|(word, list)| json!({ word: list })),
            (
                prop_oneof![
                    Just("not"),
                    Just("if"),
                    Just("items"),
                    Just("additionalProperties")
                ],
                inner.clone()
            )
                .prop_map(|(word, one)| json!({ word: one })),
            (prop_oneof![Just("properties"), Just("dependentSchemas")], inner)
                .prop_map(|(word, one)| json!({ word: { "a": one } })),
        ]
    });
    (schema.clone(), proptest::collection::vec(schema, 4)).prop_map(|(root, rest)| {
        let names = rest
            .into_iter()
            .enumerate()
            .map(|(at, one)| (format!("s{at}"), one));
        let defs: Map<String, Value> = names.collect();
        let mut root = root.as_object().cloned().unwrap_or_default();
        root.insert("$defs".to_owned(), defs.into());
        root.into()
    })
}

proptest! {
    /// Whatever is taken can be held against settings, and searched for secrets.
    #[test]
    fn what_is_taken_comes_to_an_end(schema in schemas()) {
        if fault(&schema).is_none() {
            let settings = json!({ "a": { "a": { "a": [[{ "a": 1 }]] } }, "b": [{ "a": "x" }] });
            let _ = check(&schema, &settings, &[]);
            let _ = find(&schema, &settings);
        }
    }
}
