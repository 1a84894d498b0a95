//! What people write arrives whole, each part by itself, and STOP is understood.

use super::*;
use crate::config::tests::profile;
use aldis_carrier::EventKind;
use serde_json::json;

fn event(esm_class: u8, data_coding: u8, user_data: &[u8]) -> Event {
    let delivered = Delivered {
        source: "12025550100".into(),
        destination: "40404".into(),
        esm_class,
        data_coding,
        user_data: user_data.to_vec(),
        ..Delivered::default()
    };
    read(&delivered, &profile(&json!({})))
}

fn attribute<'a>(event: &'a Event, key: &str) -> Option<&'a str> {
    let found = event.attributes.iter().find(|(known, _)| known == key);
    found.map(|(_, value)| value.as_str())
}

#[test]
fn a_message_in_each_alphabet() {
    for (coding, octets, text) in [
        (0, b"Hi \x00".as_slice(), "Hi @"),
        (3, b"\xe7a", "\u{e7}a"),
        (8, b"\x04\x36\x04", "\u{436}\u{fffd}"),
        (0xf1, b"Hi", "Hi"),
    ] {
        let event = event(0, coding, octets);
        assert_eq!((event.kind, event.text.as_str()), (EventKind::Inbound, text));
        assert_eq!((event.from.as_str(), event.to.as_str()), ("12025550100", "40404"));
    }
}

#[test]
fn what_is_no_text_is_kept_as_octets() {
    let event = event(0, 4, b"\x01\xff");
    assert_eq!(
        (event.text.as_str(), attribute(&event, "data_hex")),
        ("", Some("01ff"))
    );
    assert_eq!(attribute(&event, "data_coding"), Some("4"));
}

#[test]
fn parts_say_what_they_are_parts_of() {
    for (header, reference) in [
        (b"\x05\x00\x03\x07\x02\x01".as_slice(), "7"),
        (b"\x06\x08\x04\x01\x00\x02\x01", "256"),
        // Behind another element.
        (b"\x09\x05\x02\x0b\x84\x00\x03\x07\x02\x01", "7"),
    ] {
        let event = event(0x40, 0, &[header, b"Hi"].concat());
        assert_eq!(event.text, "Hi");
        assert_eq!(attribute(&event, "concat_reference"), Some(reference));
        assert_eq!(
            (
                attribute(&event, "concat_total"),
                attribute(&event, "concat_part")
            ),
            (Some("2"), Some("1"))
        );
    }
    // A header that lies about its length is text.
    assert_eq!(event(0x40, 3, b"\x20Hi").text, " Hi");
}

#[test]
fn stop_is_a_wish() {
    for text in ["STOP", " stop. ", "Unsubscribe!"] {
        let event = event(0, 3, text.as_bytes());
        assert_eq!((event.kind, event.text.as_str()), (EventKind::OptOut, text));
    }
    for (coding, octets) in [
        (0, b"STOP\0".as_slice()),
        (2, b"stop"),
        (4, b"STOP"),
        (8, b"\0S\0T\0O\0P"),
        (0xf5, b"STOP"),
    ] {
        assert_eq!(event(0, coding, octets).kind, EventKind::OptOut, "{coding:#x}");
    }
    assert_eq!(event(0, 3, b"do not stop").kind, EventKind::Inbound);
}

#[test]
fn a_sender_is_named_as_messages_to_them_are() {
    let national = profile(&json!({"country_code": "1"}));
    for (ton, source, from) in [
        (1, "12025550100", "12025550100"),
        (1, "0012025550100", "12025550100"),
        (2, "2025550100", "12025550100"),
        (2, "0012025550100", "12025550100"),
        (3, "40404", "40404"),
        (5, "Acme", "Acme"),
        (0, "12025550100", "12025550100"),
    ] {
        let delivered = Delivered {
            source_ton: ton,
            source: source.into(),
            ..Delivered::default()
        };
        assert_eq!(read(&delivered, &national).from, from, "{ton} {source}");
    }
}
