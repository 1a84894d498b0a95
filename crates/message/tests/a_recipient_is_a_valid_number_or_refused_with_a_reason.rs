//! A recipient is a valid number in E.164 form, or it is refused with a reason.
#![allow(clippy::expect_used, reason = "a test fails loudly")]

use aldis_message::{PhoneNumber, PhoneNumberError as Error, Region, RegionError};
use proptest::prelude::*;

fn parse(text: &str) -> Result<String, Error> {
    PhoneNumber::parse(text, None).map(|number| number.expose().to_owned())
}

fn parse_in(region: &str, text: &str) -> Result<String, Error> {
    let region = Region::parse(region).expect("a region");
    PhoneNumber::parse(text, Some(region)).map(|number| number.expose().to_owned())
}

#[test]
fn the_ways_people_write_international_numbers() {
    for text in [
        "+12025550100",
        "+1 202 555 0100",
        "+1-202-555-0100",
        "+1 (202) 555-0100",
        "+1.202.555.0100",
        "0012025550100",
        "00 1 202 555 0100",
        "  +12025550100\n",
        "+ 1 2025550100",
    ] {
        assert_eq!(parse(text).as_deref(), Ok("+12025550100"), "{text:?}");
    }
    assert_eq!(parse("+44 (0)20 7946 0018").as_deref(), Ok("+442079460018"));
    assert_eq!(
        parse("+39 06 6982").as_deref(),
        Ok("+39066982"),
        "Italy keeps its leading zero"
    );
}

#[test]
fn national_form_only_with_a_region() {
    assert_eq!(parse_in("US", "(202) 555-0100").as_deref(), Ok("+12025550100"));
    assert_eq!(parse_in("us", "1 202 555 0100").as_deref(), Ok("+12025550100"));
    assert_eq!(parse_in("GB", "07911 123456").as_deref(), Ok("+447911123456"));
    assert_eq!(
        parse_in("GB", "+1 202 555 0100").as_deref(),
        Ok("+12025550100"),
        "international form wins"
    );
    assert_eq!(parse_in("GB", "001 202 555 0100").as_deref(), Ok("+12025550100"));
    for text in ["2025550100", "12025550100", "07911 123456"] {
        assert_eq!(parse(text), Err(Error::MissingCountryCode), "{text:?}");
    }
}

#[test]
fn every_number_reserved_for_fiction_in_washington_is_valid() {
    for last in 100..=199 {
        let number = PhoneNumber::parse(&format!("+1 202 555 0{last}"), None).expect("a valid number");
        assert_eq!(number.expose(), format!("+12025550{last}"));
        assert_eq!(number.region(), Some("US"));
    }
}

#[test]
fn what_is_no_number_is_refused() {
    for (text, reason) in [
        ("", Error::Empty),
        ("   ", Error::Empty),
        ("+", Error::NotANumber),
        ("()", Error::NotANumber),
        ("hello", Error::NotANumber),
        ("+1 800 FLOWERS", Error::NotANumber),
        ("+1 202 555 0100 ext. 5", Error::NotANumber),
        ("+1 202 555 0100x5", Error::NotANumber),
        ("+1 202 555 0100;ext=5", Error::NotANumber),
        ("+1 202 555 0100#5", Error::NotANumber),
        ("tel:+1-202-555-0100", Error::NotANumber),
        ("tel:2025550100;phone-context=+1", Error::NotANumber),
        ("++12025550100", Error::NotANumber),
        ("1+2025550100", Error::NotANumber),
        ("+1 202\t555 0100", Error::NotANumber),
        ("+1/202/5550100", Error::NotANumber),
        ("+12025550100,+12025550101", Error::NotANumber),
        ("\u{ff0b}12025550100", Error::NotANumber),
        ("+\u{ff11}2025550100", Error::NotANumber),
        ("+\u{0661}\u{0662}025550100", Error::NotANumber),
        ("+1\u{a0}2025550100", Error::NotANumber),
        ("+1\u{2011}202\u{2011}5550100", Error::NotANumber),
        ("+12025550100\0", Error::NotANumber),
        ("+1202555010012345", Error::TooLong),
        ("+1234567890123456", Error::TooLong),
        ("001234567890123456", Error::TooLong),
        ("+120255501001", Error::TooLong),
        ("+1202555", Error::TooShort),
        ("+1", Error::TooShort),
        ("00", Error::TooShort),
        ("+9991234567", Error::UnknownCountryCode),
        ("+0012025550100", Error::UnknownCountryCode),
        ("+15550001111", Error::Invalid),
        ("+447700900123", Error::Invalid),
        ("+19002345678", Error::PremiumRate),
        ("+449090123456", Error::PremiumRate),
    ] {
        assert_eq!(parse(text), Err(reason), "{text:?}");
    }
}

#[test]
fn short_codes_are_senders_not_recipients() {
    for text in ["12345", "911", "40404"] {
        assert_eq!(parse(text), Err(Error::MissingCountryCode));
        assert!(parse_in("US", text).is_err(), "{text}");
    }
}

#[test]
fn world_wide_numbers_have_no_region() {
    let number = PhoneNumber::parse("+80012345678", None).expect("a valid freephone number");
    assert_eq!(number.region(), None);
}

#[test]
fn a_region_is_two_letters_with_a_numbering_plan() {
    assert_eq!(Region::parse("gb").expect("a region").as_str(), "GB");
    for text in ["", "U", "USA", "12", "Ü", "ß"] {
        assert_eq!(Region::parse(text), Err(RegionError::NotTwoLetters), "{text:?}");
    }
    for text in ["ZZ", "XX", "AQ"] {
        assert_eq!(Region::parse(text), Err(RegionError::Unknown), "{text:?}");
    }
}

#[test]
fn a_reason_has_a_code_of_its_own() {
    let all = [
        Error::Empty,
        Error::NotANumber,
        Error::MissingCountryCode,
        Error::UnknownCountryCode,
        Error::TooShort,
        Error::TooLong,
        Error::Invalid,
        Error::PremiumRate,
    ];
    let codes: std::collections::BTreeSet<_> = all.iter().map(|error| error.code()).collect();
    assert_eq!(codes.len(), all.len());
}

proptest! {
    /// A form that was accepted once is accepted again, as itself: stores rely on it.
    #[test]
    fn the_form_we_write_is_the_form_we_read(digits in "[1-9][0-9]{6,14}", region in "[A-Z]{2}") {
        let region = Region::parse(&region).ok();
        for text in [digits.clone(), format!("+{digits}"), format!("00{digits}")] {
            if let Ok(number) = PhoneNumber::parse(&text, region) {
                let again = PhoneNumber::parse(number.expose(), None);
                prop_assert_eq!(again.as_ref().map(PhoneNumber::expose), Ok(number.expose()));
                prop_assert_eq!(again, Ok(number));
            }
        }
    }

    #[test]
    fn what_is_accepted_is_a_plus_and_at_most_fifteen_digits(text in "[+0]{0,2}[0-9 ().-]{5,24}") {
        let us = Region::parse("US").expect("a region");
        if let Ok(number) = PhoneNumber::parse(&text, Some(us)) {
            let digits = number.expose().strip_prefix('+').expect("a plus");
            prop_assert!((7..=15).contains(&digits.len()));
            prop_assert!(digits.bytes().all(|byte| byte.is_ascii_digit()));
        }
    }

    #[test]
    fn any_text_at_all_is_answered(text in any::<String>()) {
        let _ = PhoneNumber::parse(&text, None);
    }
}
