//! Any text arrives whole: in the first alphabet that has it, cut where it may be.

use super::*;
use crate::config::tests::profile;
use proptest::prelude::*;
use serde_json::{Value, json};

fn written(text: &str, settings: &Value) -> Written {
    write(text, &profile(settings)).expect("not too long")
}

#[test]
fn the_first_alphabet_that_has_it_is_used() {
    let all = json!({"alphabets": ["default", "latin1", "ucs2"]});
    for (text, coding, octets) in [
        ("Code 1@", 0, b"Code 1\0".to_vec()),
        ("\u{20ac}5", 0, vec![0x1b, 0x65, 0x35]),
        ("\u{e7}a", 3, vec![0xe7, 0x61]),
        ("\u{436}", 8, vec![0x04, 0x36]),
        ("\u{1f511}", 8, vec![0xd8, 0x3d, 0xdd, 0x11]),
    ] {
        let written = written(text, &all);
        assert_eq!(
            (written.data_coding, written.parts),
            (coding, vec![octets]),
            "{text}"
        );
    }
    assert_eq!(written("\u{e7}", &json!({})).data_coding, 8);
    let ascii = json!({"default_alphabet": "ascii"});
    assert_eq!(written("@", &ascii).parts, [b"@"]);
    assert_eq!(written("\u{a3}", &ascii).data_coding, 8);
    let latin = json!({"default_alphabet": "latin1", "alphabets": ["default"]});
    assert_eq!(written("\u{a3}", &latin).parts, [[0xa3]]);
    assert_eq!(
        written("\u{436}", &latin).data_coding,
        8,
        "rather than not at all"
    );
}

#[test]
fn parts_are_as_long_as_they_may_be() {
    for (letter, count, settings, lengths) in [
        ("a", 160, json!({}), vec![160]),
        ("a", 161, json!({}), vec![153, 8]),
        ("\u{20ac}", 81, json!({}), vec![152, 10]),
        ("\u{436}", 70, json!({}), vec![140]),
        ("\u{436}", 71, json!({}), vec![134, 8]),
        ("\u{1f511}", 36, json!({}), vec![132, 12]),
        ("a", 161, json!({"concatenation": "udh16"}), vec![152, 9]),
        ("\u{436}", 71, json!({"concatenation": "udh16"}), vec![132, 10]),
        ("a", 161, json!({"concatenation": "sar"}), vec![153, 8]),
        ("a", 1000, json!({"concatenation": "payload"}), vec![1000]),
        ("a", 141, json!({"default_alphabet": "latin1"}), vec![134, 7]),
        // The SMSC makes two septets of each.
        ("[", 80, json!({"default_alphabet": "ascii"}), vec![80]),
        ("[", 81, json!({"default_alphabet": "ascii"}), vec![76, 5]),
    ] {
        let written = written(&letter.repeat(count), &settings);
        let found: Vec<_> = written.parts.iter().map(Vec::len).collect();
        assert_eq!(found, lengths, "{count} of {letter}, {settings}");
    }
    assert_eq!(write(&"\u{436}".repeat(67 * 255 + 1), &profile(&json!({}))), None);
}

#[test]
fn what_arrives_is_read_by_its_coding() {
    for (coding, octets, text) in [
        (1, b"a_b".as_slice(), "a_b"),
        (6, b"\xbf\xf0", "\u{41f}\u{2116}"),
        (7, b"\xe0a", "\u{5d0}a"),
        (0x11, b"\x11", "_"),
        (0x18, b"\x04\x36", "\u{436}"),
        (0xe0, b"\x04\x36", "\u{436}"),
        (0xd0, b"\x11", "_"),
        (0xf1, b"\x11", "_"),
    ] {
        assert_eq!(
            read(octets, coding, DefaultAlphabet::Gsm).as_deref(),
            Some(text),
            "{coding:#x}"
        );
    }
    for coding in [2, 4, 0x14, 0x20, 0xf5] {
        assert_eq!(read(b"x", coding, DefaultAlphabet::Gsm), None, "{coding:#x}");
    }
}

proptest! {
    #[test]
    fn any_text_comes_back(text in "[a-z\u{20ac}{|}\u{436}\u{e9}\u{1f511}\n]{0,400}", way in 0_usize..4) {
        let ways = ["udh", "udh16", "sar", "payload"];
        let written = written(&text, &json!({"concatenation": ways[way], "alphabets": ["default", "latin1", "ucs2"]}));
        let read: String = written
            .parts
            .iter()
            // Each part by itself: nothing is cut in two.
            .map(|part| read(part, written.data_coding, DefaultAlphabet::Gsm).expect("a text"))
            .collect();
        prop_assert_eq!(read, text);
    }

    #[test]
    fn any_octets_are_read(octets: Vec<u8>, coding: u8) {
        for default in [DefaultAlphabet::Gsm, DefaultAlphabet::Latin1, DefaultAlphabet::Ascii] {
            let _ = read(&octets, coding, default);
        }
    }
}
