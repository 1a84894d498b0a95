//! Hosts stand where nobody overlooks them, and a library's words are only words.

use super::described;
use serde_json::json;

#[test]
fn hosts_are_shown() {
    let text = described(&json!({
        "id": "acme", "version": "1.0.0", "styles": ["http", "webhook"], "capabilities": { "max_segments": 6 },
        "allowed_hosts": ["api.acme.example", "eu.acme.example:8443"],
    }));
    assert!(text.starts_with("acme 1.0.0\n"), "{text}");
    for line in [
        "may reach: api.acme.example, eu.acme.example:8443; and",
        "styles: http, webhook",
        "capabilities: max_segments 6",
    ] {
        assert!(text.contains(line), "{text}");
    }
    assert!(described(&json!({ "id": "acme" })).contains("may reach: none; and"));
}

#[test]
fn a_library_does_not_write_to_the_terminal() {
    let text = described(&json!({ "id": "a\u{1b}[2Jb", "version": "1", "styles": ["\r\u{9b}x"] }));
    assert!(!text.contains(['\u{1b}', '\r', '\u{9b}']), "{text:?}");
}
