//! The alphabet against itself, and against a printed copy of the specification where one lies by.

use super::{DEFAULT, ESCAPE, EXTENSION, code, septets};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

/// 3GPP TS 23.038 6.2.1 by its own landmarks, so that a slipped row shows.
#[test]
fn each_character_stands_at_its_septet() {
    let landmarks = [
        (0x00, '@'),
        (0x0a, '\n'),
        (0x0d, '\r'),
        (0x10, 'Δ'),
        (0x1a, 'Ξ'),
        (0x1c, 'Æ'),
        (0x24, '¤'),
        (0x40, '¡'),
        (0x5b, 'Ä'),
        (0x5f, '§'),
        (0x60, '¿'),
        (0x7b, 'ä'),
        (0x7f, 'à'),
    ];
    for (septet, character) in landmarks {
        assert_eq!(DEFAULT[septet], character, "{septet:#04x}");
    }
    // Digits, capitals and small letters stand where ASCII has them.
    for ascii in (b'0'..=b'9').chain(b'A'..=b'Z').chain(b'a'..=b'z') {
        assert_eq!(DEFAULT[usize::from(ascii)], char::from(ascii));
    }
}

#[test]
fn no_character_is_written_in_two_ways() {
    let all: Vec<char> = DEFAULT
        .into_iter()
        .chain(EXTENSION.map(|(_, character)| character))
        .collect();
    for (place, character) in all.iter().enumerate() {
        assert_eq!(
            all.iter().position(|other| other == character),
            Some(place),
            "{character:?} twice"
        );
    }
}

#[test]
fn the_extension_table_costs_two_septets_and_holds_form_feed() {
    for character in ['\u{c}', '^', '{', '}', '\\', '[', '~', ']', '|', '€'] {
        assert_eq!(septets(character), Some(2), "{character:?}");
    }
    assert_eq!(EXTENSION.len(), 10);
}

#[test]
fn what_neither_table_has_is_not_gsm() {
    // Look-alikes, the escape itself, and small relatives of characters that are there.
    for character in [
        '`',
        '\t',
        ESCAPE,
        'ç',
        '’',
        '\u{a0}',
        'Α',
        'ẞ',
        'é'.to_ascii_uppercase(),
        'è',
        '🙂',
    ] {
        let there = matches!(character, 'é' | 'è');
        assert_eq!(septets(character).is_some(), there, "{character:?}");
    }
}

/// The quick way in `septets` must say what the tables say, for every character there is.
#[test]
fn the_short_cut_agrees_with_the_tables() {
    for character in '\0'..=char::MAX {
        let expected = code(character).map(|code| if code.escaped { 2 } else { 1 });
        assert_eq!(septets(character), expected, "{character:?}");
    }
}

/// Character by character against the tables of `gsmcodecs` (Python), for all of Unicode.
#[test]
fn the_tables_are_those_of_the_specification() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/specs/gsm/gsm23038-tables.json");
    let Ok(text) = std::fs::read_to_string(&file) else {
        // Not `println!`: the test runner hides that where a test passes.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: no tables beside the repository (../shared/specs/gsm)"
        );
        return;
    };
    let tables: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let default = &tables["languages"]["default"];
    let mut expected = BTreeMap::new();
    for (table, escaped) in [("locking", false), ("shift", true)] {
        let table = default
            .get(table)
            .or_else(|| default.get("single_shift"))
            .expect("a table");
        for (key, character) in table.as_object().expect("an object") {
            let digits = if escaped {
                key.strip_prefix("1b").expect("an escape")
            } else {
                key
            };
            let septet = u8::from_str_radix(digits, 16).expect("hex");
            if (septet, escaped) == (0x1b, true) {
                // An escape to a table yet to come: read as a space, never written (6.2.1.1, note 1).
                continue;
            }
            let character = character
                .as_str()
                .and_then(|text| text.chars().next())
                .expect("a character");
            expected.insert(character, (septet, escaped));
        }
    }
    assert_eq!(
        expected.len(),
        137,
        "127 characters of the default alphabet, 10 of the extension"
    );
    for character in '\0'..=char::MAX {
        let ours = code(character).map(|code| (code.septet, code.escaped));
        assert_eq!(ours, expected.get(&character).copied(), "{character:?}");
    }
    println!("agreed with the specification's tables on every character");
}
