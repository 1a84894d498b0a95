//! No number, text or key shows through `Debug` or `Display`, in success or in refusal.
#![allow(clippy::expect_used, reason = "a test fails loudly")]

use aldis_message::{
    AcceptMode, Attributes, Deadline, Idempotency, IdempotencyKey, MessageBody, MessageClass, NewMessage,
    PhoneNumber, Sender, UnixMillis,
};
use proptest::prelude::*;
use std::fmt::{Debug, Display};
use std::time::Duration;

/// Every way a value gets into a log line.
fn shown(value: &impl Debug) -> String {
    format!("{value:?} {value:#?}")
}

fn said<T: Debug, E: Debug + Display>(result: &Result<T, E>) -> String {
    match result {
        Ok(value) => shown(value),
        Err(error) => format!("{error} {error:?}"),
    }
}

#[test]
fn a_masked_number_keeps_its_country_and_its_end() {
    for (number, masked) in [
        ("+12025550100", "+1******0100"),
        ("+447911123456", "+44******3456"),
        ("+24740123", "+247***23"),
        ("+6837012", "+683**12"),
    ] {
        let parsed = PhoneNumber::parse(number, None).expect("a valid number");
        assert_eq!(parsed.masked(), masked);
        assert_eq!(format!("{parsed:?}"), format!("PhoneNumber({masked})"));
    }
}

#[test]
fn a_whole_message_shows_none_of_it() {
    let message = NewMessage {
        to: PhoneNumber::parse("+12025550123", None).expect("a number"),
        sender: Some(Sender::parse("+12025550199").expect("a sender")),
        body: MessageBody::parse("Your code is 835170".to_owned()).expect("a text"),
        tenant: None,
        class: MessageClass::Otp,
        accept: AcceptMode::Carrier,
        idempotency: Some(Idempotency {
            key: IdempotencyKey::parse("login-835170").expect("a key"),
            window: Duration::from_secs(10),
            former: Some(IdempotencyKey::parse("former-835170").expect("a key")),
            call: Some(IdempotencyKey::parse("call-835170").expect("a key")),
        }),
        deadline: Deadline::at(UnixMillis::from_millis(1)),
        attributes: Attributes::parse([("template", "835170")]).expect("attributes"),
    };
    let shown = shown(&message);
    for secret in ["2025550123", "5550123", "0199", "835170", "code", "login"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert!(shown.contains("template"), "the keys may show: {shown}");
}

proptest! {
    #[test]
    fn neither_a_number_nor_its_refusal(digits in "[1-9][0-9]{7,14}") {
        let shown = said(&PhoneNumber::parse(&format!("+{digits}"), None));
        prop_assert!(!shown.contains(&digits), "{shown}");
        // Five digits in a row are more than the mask leaves.
        prop_assert!(!shown.as_bytes().windows(5).any(|run| run.iter().all(u8::is_ascii_digit)), "{shown}");
    }

    #[test]
    fn neither_a_sender_nor_its_refusal(text in "[+]?[0-9QXZ!]{4,14}") {
        let shown = said(&Sender::parse(&text));
        prop_assert!(!shown.contains(&text), "{shown}");
    }

    #[test]
    fn neither_a_text_nor_its_refusal(text in "[0-9QXZ\u{1}]{5,200}") {
        let shown = said(&MessageBody::parse(text.clone()));
        prop_assert!(!shown.contains(&text), "{shown}");
    }

    #[test]
    fn neither_a_key_nor_its_refusal(text in "[0-9QXZ ]{4,140}") {
        let shown = said(&IdempotencyKey::parse(&text));
        prop_assert!(!shown.contains(&text), "{shown}");
    }

    #[test]
    fn neither_an_attribute_nor_its_refusal(value in "[0-9QXZ\u{1}]{4,600}") {
        let shown = said(&Attributes::parse([("key", value.clone())]));
        prop_assert!(!shown.contains(&value), "{shown}");
    }
}
