//! A text is encoded and split as handsets expect: no part too long, no character cut in two.
#![allow(clippy::expect_used, reason = "a test fails loudly")]

use aldis_message::{Encoding, MessageBody, MessageBodyError, Segments};
use proptest::prelude::*;

fn segments(text: &str) -> Segments {
    MessageBody::parse(text.to_owned())
        .expect("a text")
        .segments()
        .clone()
}

/// Encoding, segments, units.
fn shape(text: &str) -> (Encoding, u16, u32) {
    let segments = segments(text);
    (segments.encoding(), segments.count(), segments.units())
}

#[test]
fn the_default_alphabet_holds_160_then_153() {
    use Encoding::Gsm7;
    assert_eq!(shape("Your code is 123456"), (Gsm7, 1, 19));
    assert_eq!(shape(&"a".repeat(160)), (Gsm7, 1, 160));
    assert_eq!(shape(&"a".repeat(161)), (Gsm7, 2, 161));
    assert_eq!(shape(&"a".repeat(306)), (Gsm7, 2, 306));
    assert_eq!(shape(&"a".repeat(307)), (Gsm7, 3, 307));
    assert_eq!(shape(&"a".repeat(1600)), (Gsm7, 11, 1600));
    assert_eq!(shape("ñ@£\n\r"), (Gsm7, 1, 5));
}

#[test]
fn one_character_outside_makes_it_ucs2_with_70_then_67() {
    use Encoding::Ucs2;
    assert_eq!(shape("ç"), (Ucs2, 1, 1));
    assert_eq!(shape(&"ж".repeat(70)), (Ucs2, 1, 70));
    assert_eq!(shape(&"ж".repeat(71)), (Ucs2, 2, 71));
    assert_eq!(shape(&"ж".repeat(134)), (Ucs2, 2, 134));
    assert_eq!(shape(&"ж".repeat(135)), (Ucs2, 3, 135));
    assert_eq!(shape("a tab\there"), (Ucs2, 1, 10), "the alphabet has no tab");
    assert_eq!(shape("🙂"), (Ucs2, 1, 2));
    assert_eq!(
        shape(&"🙂".repeat(1600)),
        (Ucs2, 49, 3200),
        "33 pairs to a part, never 33 and a half"
    );
}

#[test]
fn extension_characters_cost_two() {
    assert_eq!(shape("€"), (Encoding::Gsm7, 1, 2));
    assert_eq!(
        shape("page\u{c}two"),
        (Encoding::Gsm7, 1, 9),
        "form feed is in the extension table"
    );
    assert_eq!(shape(&"€".repeat(80)), (Encoding::Gsm7, 1, 160));
    assert_eq!(shape(&"€".repeat(81)), (Encoding::Gsm7, 2, 162));
}

#[test]
fn an_escape_stays_with_its_septet() {
    // 152 septets, then one that takes two: the part is closed one septet early.
    let text = format!("{}€{}", "a".repeat(152), "b".repeat(20));
    assert_eq!(segments(&text).parts(), [0..152, 152..text.len()]);
    // Where it fits, it is not moved.
    let text = format!("{}€{}", "a".repeat(151), "b".repeat(20));
    assert_eq!(segments(&text).parts(), [0..154, 154..text.len()]);
}

#[test]
fn a_surrogate_pair_stays_together() {
    let text = format!("{}🙂{}", "ж".repeat(66), "ж".repeat(20));
    assert_eq!(segments(&text).parts(), [0..132, 132..text.len()]);
    let text = format!("{}🙂{}", "ж".repeat(65), "ж".repeat(20));
    assert_eq!(segments(&text).parts(), [0..134, 134..text.len()]);
}

#[test]
fn what_cannot_be_sent_is_refused() {
    use MessageBodyError::{ControlCharacter, Empty, TooLong};
    for (text, reason) in [
        (String::new(), Empty),
        (" \n\t ".to_owned(), Empty),
        ("a".repeat(1601), TooLong),
        ("🙂".repeat(1601), TooLong),
        ("a".repeat(10_000_000), TooLong),
        ("a\0b".to_owned(), ControlCharacter),
        ("a\u{1b}b".to_owned(), ControlCharacter),
        ("a\u{7f}b".to_owned(), ControlCharacter),
        ("a\u{85}b".to_owned(), ControlCharacter),
    ] {
        assert_eq!(MessageBody::parse(text), Err(reason));
    }
    assert!(MessageBody::parse("a\n\r\t\u{c}b".to_owned()).is_ok());
}

/// The units of a text, counted without the crate.
fn units(encoding: Encoding, text: &str) -> usize {
    match encoding {
        Encoding::Ucs2 => text.encode_utf16().count(),
        Encoding::Gsm7 => text
            .chars()
            .map(|each| 1 + usize::from("\u{c}^{}\\[~]|€".contains(each)))
            .sum(),
    }
}

/// Texts full of what is hard: pairs, escapes, and characters of one to four bytes.
fn text() -> impl Strategy<Value = String> {
    let gsm = proptest::string::string_regex("[a-z €{}\\[\\]~|^\\\\ñ@\n\u{c}]{1,1600}").expect("a regex");
    let any = proptest::string::string_regex("[aж€🙂𐍈ñ漢]{1,1600}").expect("a regex");
    let mixed = proptest::string::string_regex("[a€]{140,170}🙂?[a€ж]{0,200}").expect("a regex");
    prop_oneof![gsm, any, mixed].prop_filter("not blank", |text| !text.trim().is_empty())
}

proptest! {
    #[test]
    fn the_parts_are_the_text(text in text()) {
        let segments = segments(&text);
        let joined: String = segments.parts().iter().map(|part| &text[part.clone()]).collect();
        prop_assert_eq!(&joined, &text);
        prop_assert_eq!(usize::from(segments.count()), segments.parts().len());
        prop_assert!(segments.parts().iter().all(|part| !part.is_empty()));
    }

    #[test]
    fn no_part_is_too_long_and_the_units_add_up(text in text()) {
        let segments = segments(&text);
        let encoding = segments.encoding();
        let lengths: Vec<usize> = segments.parts().iter().map(|part| units(encoding, &text[part.clone()])).collect();
        let limit = if lengths.len() == 1 { encoding.single_limit() } else { encoding.part_limit() };
        prop_assert!(lengths.iter().all(|length| *length <= limit as usize), "{lengths:?}");
        prop_assert_eq!(lengths.iter().sum::<usize>(), segments.units() as usize);
        prop_assert_eq!(segments.units() as usize, units(encoding, &text));
    }

    /// A part is closed early only for a character of two units: one unit is the most that is wasted.
    #[test]
    fn no_part_is_wasted(text in text()) {
        let segments = segments(&text);
        let encoding = segments.encoding();
        if let [full @ .., _last] = segments.parts() {
            for part in full {
                prop_assert!(units(encoding, &text[part.clone()]) + 1 >= encoding.part_limit() as usize);
            }
        }
        if segments.count() > 1 {
            prop_assert!(segments.units() > encoding.single_limit(), "one would have done");
        }
    }

    #[test]
    fn any_text_at_all_is_answered(text in any::<String>()) {
        let _ = MessageBody::parse(text);
    }
}
