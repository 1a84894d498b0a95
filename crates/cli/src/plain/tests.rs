//! Shows a library's words as they are, or not at all.

use super::{acts, escaped, json, plain};
use serde_json::{Value, json};

/// A few of each kind: C0, DEL, C1, direction, joining, lines, invisible text.
const ACTING: &str = "\u{1b}\r\u{7f}\u{80}\u{9b}\u{9f}\u{200b}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}\u{2028}\u{feff}\u{ad}\u{e0041}";

#[test]
fn nothing_acts_on_a_terminal() {
    assert_eq!(plain(&format!("a{ACTING}b")), format!("a{}b", "?".repeat(16)));
    let ordinary = "Zürich, 東京, שלום, \u{1f600} ~\u{a0}";
    assert_eq!(plain(ordinary), ordinary);
}

#[test]
fn machines_read_what_was_said() {
    let value = json!({ ACTING: [ACTING, "é\"\n", 7] });
    let pretty = serde_json::to_string_pretty(&value).expect("JSON");
    for text in [json(&value), escaped(&pretty)] {
        assert!(
            !text.contains(|letter: char| letter != '\n' && acts(letter)),
            "{text:?}"
        );
        assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), value);
    }
}
