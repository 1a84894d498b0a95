//! Words of a library, or of whoever, as letters that stand there and do nothing: none moves a cursor, turns a line around or
//! hides in it.

use serde_json::Value;
use std::fmt::Write as _;

#[cfg(test)]
mod tests;

/// Whether a letter does something instead of being seen: controls (C0, DEL, C1), and what Unicode has to set the direction
/// of text, to join, to break lines, to annotate and to tag.
pub(crate) fn acts(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// The text for eyes, on one line.
pub(crate) fn plain(text: &str) -> String {
    let plain = |letter: char| if acts(letter) { '?' } else { letter };
    text.chars().map(plain).collect()
}

/// A value as JSON, on one line.
pub(crate) fn json(value: &Value) -> String {
    escaped(&value.to_string())
}

/// JSON that says the same with escapes for such letters (RFC 8259 section 7). They stand in its texts only, but for the
/// ends of its lines.
pub(crate) fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter != '\n' && acts(letter) {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(letter);
        }
    }
    text
}
