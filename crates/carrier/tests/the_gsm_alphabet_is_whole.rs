//! Each character of the GSM alphabet is written and read back, and any octets are some text.

use aldis_carrier::gsm::{septets, text};
use proptest::prelude::*;

#[test]
fn every_character_comes_back() {
    let known: Vec<char> = (0..=char::MAX as u32)
        .filter_map(char::from_u32)
        .filter(|character| septets(*character).is_some())
        .collect();
    assert_eq!(known.len(), 127 + 10);
    for character in known {
        let written = septets(character).unwrap();
        assert_eq!(text(&written), character.to_string());
        assert!(written.iter().all(|septet| *septet < 128));
    }
}

#[test]
fn the_corners_are_where_the_specification_has_them() {
    for (character, written) in [
        ('@', vec![0x00]),
        ('\u{e0}', vec![0x7f]),
        ('\u{20ac}', vec![0x1b, 0x65]),
        ('\u{c}', vec![0x1b, 0x0a]),
        ('\u{394}', vec![0x10]),
    ] {
        assert_eq!(septets(character), Some(written));
    }
    assert_eq!(septets('\u{e7}'), None, "the alphabet has the capital only");
}

proptest! {
    #[test]
    fn any_octets_are_some_text(octets: Vec<u8>) {
        prop_assert!(text(&octets).chars().count() <= octets.len());
    }
}
