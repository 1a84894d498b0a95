//! A sender is a number, a short code, or 1 to 11 characters with a letter.
#![allow(clippy::expect_used, reason = "a test fails loudly")]

use aldis_message::{Sender, SenderError, SenderKind};
use proptest::prelude::*;

fn parse(text: &str) -> Result<(SenderKind, String), SenderError> {
    Sender::parse(text).map(|sender| (sender.kind(), sender.expose().to_owned()))
}

#[test]
fn the_three_kinds() {
    use SenderKind::{Alphanumeric, Number, ShortCode};
    for (text, kind, kept) in [
        ("+12025550199", Number, "+12025550199"),
        ("+1 (202) 555-0199", Number, "+12025550199"),
        ("12025550199", Number, "12025550199"),
        (" 2025550199 ", Number, "2025550199"),
        ("123456789", Number, "123456789"),
        ("123456789012345", Number, "123456789012345"),
        ("123", ShortCode, "123"),
        ("40404", ShortCode, "40404"),
        ("12345678", ShortCode, "12345678"),
        ("Aldis", Alphanumeric, "Aldis"),
        ("A", Alphanumeric, "A"),
        ("  ACME Bank  ", Alphanumeric, "ACME Bank"),
        ("A-1_b.c&d+", Alphanumeric, "A-1_b.c&d+"),
        ("ElevenChars", Alphanumeric, "ElevenChars"),
        ("1234567890a", Alphanumeric, "1234567890a"),
    ] {
        assert_eq!(parse(text), Ok((kind, kept.to_owned())), "{text:?}");
    }
}

#[test]
fn anything_else_is_refused() {
    for (text, reason) in [
        ("", SenderError::Empty),
        ("   ", SenderError::Empty),
        ("TwelveLetter", SenderError::TooLong),
        ("1234567890123456", SenderError::TooLong),
        ("+1234567890123456", SenderError::TooLong),
        ("12", SenderError::TooShort),
        ("+12345678", SenderError::TooShort),
        ("+40404", SenderError::TooShort),
        ("Bänk", SenderError::Character),
        ("ACME!", SenderError::Character),
        ("A\nB", SenderError::Character),
        ("АСМЕ", SenderError::Character),
        ("\u{ff11}\u{ff12}\u{ff13}", SenderError::Character),
        ("---", SenderError::NoLetter),
        ("+", SenderError::NoLetter),
        ("12.34", SenderError::NoLetter),
        ("1&2", SenderError::NoLetter),
    ] {
        assert_eq!(parse(text), Err(reason), "{text:?}");
    }
}

proptest! {
    #[test]
    fn the_form_we_write_is_the_form_we_read(text in "[ A-Za-z0-9+().&_-]{0,18}") {
        if let Ok(sender) = Sender::parse(&text) {
            prop_assert_eq!(Sender::parse(sender.expose()), Ok(sender));
        }
    }

    #[test]
    fn any_text_at_all_is_answered(text in any::<String>()) {
        let _ = Sender::parse(&text);
    }
}
