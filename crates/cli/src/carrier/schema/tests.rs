//! Whatever a library calls itself and its settings, the block can be read.

use super::{block, with_schema};
use serde_json::json;

#[test]
fn a_block_is_toml_whatever_the_names() {
    let described = json!({
        "id": "ac\"me\u{202e}\u{9b}\nx = 1",
        "config_schema": {
            "required": ["to ken", "list", "table"],
            "properties": {
                "to ken": {"x-secret": true, "description": "one\ntwo\u{9b}"},
                "list": {"default": [1, "a\"b", {"k y": null, "z": [true]}]},
                "table": {"default": {"a": {"b.c": "d"}, "e": {}}},
                "plain_one": {"type": "string"},
                "x\ny": {"enum": ["\n[[carriers]]"]},
            },
        },
    });
    let text = block(&described);
    let read: toml::Table = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let carrier = &read["carriers"][0];
    assert_eq!(carrier["name"].as_str(), Some("ac\"me???x = 1"), "{text}");
    let settings = &carrier["settings"];
    assert!(settings["to ken"]["file"].is_str(), "{text}");
    assert_eq!(settings["list"][1].as_str(), Some("a\"b"), "{text}");
    assert_eq!(settings["table"]["a"]["b.c"].as_str(), Some("d"), "{text}");
    assert_eq!(settings.as_table().map(toml::Table::len), Some(3), "{text}");
    assert!(text.contains("\n# plain_one = \"...\"\n"), "{text}");
}

#[test]
fn what_is_no_schema_is_refused() {
    for described in [
        json!({}),
        json!({"config_schema": null}),
        json!({"config_schema": 7}),
    ] {
        let refused = with_schema(described).expect_err("refused");
        assert!(refused.text().contains("no config_schema"), "{refused:?}");
    }
    assert!(with_schema(json!({"config_schema": {}})).is_ok());
}
