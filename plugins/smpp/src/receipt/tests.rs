//! Receipts in every dialect that has been seen, and any that has not, say which message and what.

use super::*;
use crate::config::tests::profile;
use crate::delivered::Tlvs;
use aldis_carrier::EventKind;
use proptest::prelude::*;
use serde_json::json;

fn delivered(esm_class: u8, text: &str) -> Delivered {
    Delivered {
        source: "12025550100".into(),
        destination: "40404".into(),
        esm_class,
        user_data: text.as_bytes().to_vec(),
        ..Delivered::default()
    }
}

fn receipt(text: &str) -> Event {
    read(&delivered(0x04, text), &profile(&json!({}))).expect("a receipt")
}

#[test]
fn dialects() {
    use ReceiptState::{Delivered, EnRoute, Expired, Rejected, Undelivered, Unknown};
    for (text, id, state, code) in [
        // Appendix B.
        (
            "id:0123456789 sub:001 dlvrd:001 submit date:2601021504 done date:2601021505 stat:DELIVRD err:000 text:Hello id:9",
            "123456789",
            Delivered,
            "000",
        ),
        // Jasmin: without sub, dlvrd and text.
        (
            "id:7a1e submit date:2601021504 done date:2601021505 stat:UNDELIV err:010",
            "7a1e",
            Undelivered,
            "010",
        ),
        // 8x8: another case.
        (
            "id:abc sub:1 dlvrd:0 submit date:260102150405 done date:260102150406 stat:EXPIRED err:1 Text:x",
            "abc",
            Expired,
            "1",
        ),
        // Not seen: order, spaces, separators, words cut or long.
        ("stat: rejected , err: 45, ID: X-9", "X-9", Rejected, "45"),
        (
            "id:12 smsc:a stat:DELIVERY FAILED err:7 network:9",
            "12",
            Undelivered,
            "7",
        ),
        ("id=77;stat=DELIVERED", "77", Delivered, ""),
        ("id:12 stat:ENROUTE", "12", EnRoute, ""),
        ("id:12 stat:2", "12", Delivered, ""),
        ("id:12 stat:MARTIAN err:", "12", Unknown, ""),
        ("id:12 stat:DELIV", "12", Delivered, ""),
        ("id:12", "12", Unknown, ""),
        ("", "", Unknown, ""),
    ] {
        let event = receipt(text);
        assert_eq!(
            (event.carrier_id.as_str(), event.state, event.code.as_str()),
            (id, state, code),
            "{text}"
        );
        assert_eq!(event.kind, EventKind::Receipt);
        assert_eq!(event.is_final, !matches!(state, Unknown | EnRoute), "{text}");
        assert_eq!(
            event.class.is_some(),
            matches!(state, Undelivered | Expired | Rejected),
            "{text}"
        );
    }
}

#[test]
fn tlvs_are_believed_before_the_text() {
    let mut both = delivered(0x04, "id:1 stat:UNDELIV err:001");
    both.tlvs = Tlvs {
        receipted_message_id: Some("0x2".into()),
        message_state: Some(2),
        network_error_code: Some((3, 17)),
        ..Tlvs::default()
    };
    let event = read(&both, &profile(&json!({}))).expect("a receipt");
    assert_eq!(
        (event.carrier_id.as_str(), event.state, event.code.as_str()),
        ("2", ReceiptState::Delivered, "017")
    );
    both.tlvs.receipted_message_id = Some(String::new());
    both.tlvs.message_state = Some(99);
    let event = read(&both, &profile(&json!({}))).expect("a receipt");
    assert_eq!(
        (event.carrier_id.as_str(), event.state),
        ("1", ReceiptState::Undelivered)
    );
}

#[test]
fn an_unmarked_one_is_recognised_and_a_message_is_not() {
    let profile = profile(&json!({}));
    let is_receipt = |esm_class, text| read(&delivered(esm_class, text), &profile).is_some();
    assert!(is_receipt(0x00, "id:1 sub:001 dlvrd:001 stat:DELIVRD"));
    assert!(is_receipt(0x20, "id:1"));
    assert!(!is_receipt(0x00, "my id: 7 please"));
    assert!(!is_receipt(0x40, "covid:yes stat:bad"));
    assert!(!is_receipt(0x08, "manual acknowledgement"));
    let intermediate = read(&delivered(0x20, "id:1 stat:UNDELIV"), &profile).expect("a receipt");
    assert!(!intermediate.is_final && intermediate.class.is_none());
}

#[test]
fn a_ucs2_receipt_is_read() {
    let mut wide = delivered(0x04, "");
    wide.data_coding = 8;
    wide.user_data = "id:5 stat:DELIVRD"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let event = read(&wide, &profile(&json!({}))).expect("a receipt");
    assert_eq!(
        (event.carrier_id.as_str(), event.state),
        ("5", ReceiptState::Delivered)
    );
}

#[test]
fn it_is_read_as_ascii_whatever_is_said_of_it() {
    let all = profile(&json!({}));
    for data_coding in [0, 1, 2, 3, 4, 8, 0xf5] {
        let mut told = delivered(0x04, "id:msg_7@a stat:DELIVRD err:000\0");
        told.data_coding = data_coding;
        let event = read(&told, &all).expect("a receipt");
        assert_eq!(
            (event.carrier_id.as_str(), event.state, event.code.as_str()),
            ("msg_7@a", ReceiptState::Delivered, "000"),
            "{data_coding:#x}"
        );
    }
}

#[test]
fn ids_in_another_base_are_those_of_the_text_or_of_the_answer() {
    let in_hex = profile(&json!({"id_base": "hex_to_dec"}));
    let id = |tlv: Option<&str>, text| {
        let mut told = delivered(0x04, text);
        told.tlvs.receipted_message_id = tlv.map(str::to_owned);
        read(&told, &in_hex).expect("a receipt").carrier_id
    };
    // The answer was "ABCD".
    for (tlv, text) in [
        (None, "id:0000043981 stat:DELIVRD"),
        (Some("ABCD"), "id:43981 stat:DELIVRD"),
        (Some("abcd"), "stat:DELIVRD"),
        (Some("43981"), "id:43981 stat:DELIVRD"),
    ] {
        assert_eq!(id(tlv, text), "43981", "{tlv:?} {text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read(esm_class: u8, text in "(id|stat|err|done date|text|sub|[a-zA-Z0-9: \u{e9}\u{130}]){0,40}") {
        let _ = read(&delivered(esm_class, &text), &profile(&json!({"default_alphabet": "latin1"})));
        let mut wide = delivered(esm_class, "");
        wide.data_coding = 8;
        wide.user_data = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let _ = read(&wide, &profile(&json!({})));
    }
}

/// Returns what the event of an unmarked receipt needs to count, and the message it is otherwise.
fn unmarked(more: &serde_json::Value, told: &Delivered) -> Option<(Proof, String, String, String)> {
    let event = read(told, &profile(more))?;
    Some((event.proof, event.from, event.to, event.text))
}

#[test]
fn an_unmarked_one_counts_by_its_addresses() {
    let text = "id:11255809 stat:UNDELIV";
    let told = delivered(0x00, text);
    let with = |proof| {
        Some((
            proof,
            "12025550100".to_owned(),
            "40404".to_owned(),
            text.to_owned(),
        ))
    };
    for (more, proof) in [
        (json!({"sender": "Acme"}), SenderProof::Named),
        (json!({}), SenderProof::Default),
        (json!({"sender": "40404"}), SenderProof::Default),
        (json!({"sender": "+12025550199"}), SenderProof::Named),
        (
            json!({"sender": "+12025550199", "receipts_without_esm": "recipient"}),
            SenderProof::Any,
        ),
    ] {
        assert_eq!(unmarked(&more, &told), with(Proof::Addresses(proof)), "{more}");
    }
    let any = unmarked(&json!({"receipts_without_esm": "any"}), &told);
    assert_eq!(any.map(|(proof, ..)| proof), Some(Proof::Carrier));
    assert_eq!(unmarked(&json!({"receipts_without_esm": "never"}), &told), None);
    // A TLV is no mark either, nor what a handset acknowledges; a mark is one whatever the setting.
    let mut by_tlv = delivered(0x00, "");
    by_tlv.tlvs.receipted_message_id = Some("9".into());
    by_tlv.tlvs.message_state = Some(5);
    for told in [by_tlv, delivered(0x08, text), delivered(0x40, text)] {
        let proof = unmarked(&json!({}), &told).map(|(proof, ..)| proof);
        assert_eq!(proof, Some(Proof::Addresses(SenderProof::Default)));
    }
    // A request is heard, whatever id the SMSC sends along.
    let mut request = delivered(0x00, "STOP");
    request.tlvs.receipted_message_id = Some("9".into());
    assert_eq!(unmarked(&json!({}), &request), None);
    let marked = unmarked(&json!({"receipts_without_esm": "never"}), &delivered(0x04, text));
    assert_eq!(marked.map(|(proof, ..)| proof), Some(Proof::Carrier));
}

#[test]
fn the_addresses_of_an_unmarked_one_are_those_of_messages() {
    let mut told = delivered(0x00, "id:1 stat:DELIVRD");
    (told.source_ton, told.source) = (2, "2025550100".into());
    (told.destination_ton, told.destination) = (1, "0012025550199".into());
    let more = json!({"country_code": "1", "sender": "+12025550199"});
    let (proof, from, to, _) = unmarked(&more, &told).expect("a receipt");
    assert_eq!((from.as_str(), to.as_str()), ("12025550100", "12025550199"));
    assert_eq!(proof, Proof::Addresses(SenderProof::Default));
}

#[test]
fn a_name_that_looks_like_a_number_proves_nothing() {
    let tells = |more: &serde_json::Value, source_ton, destination_ton, destination: &str| {
        let mut told = delivered(0x00, "id:1 stat:UNDELIV");
        (told.source_ton, told.destination_ton) = (source_ton, destination_ton);
        told.destination = destination.into();
        unmarked(more, &told).is_some()
    };
    let matching = json!({"sender": "Acme"});
    let recipient = json!({"receipts_without_esm": "recipient"});
    let any = json!({"receipts_without_esm": "any"});
    for ton in 0..=7 {
        let is_number = ton <= 2;
        for destination_ton in [0, 1, 3, 6] {
            assert_eq!(
                tells(&matching, ton, destination_ton, "40404"),
                is_number,
                "{ton}"
            );
        }
        assert_eq!(tells(&recipient, ton, 5, "40404"), is_number, "{ton}");
        assert!(
            tells(&any, ton, 5, "40404"),
            "its operator believes whatever comes"
        );
    }
    assert!(tells(&matching, 1, 5, "Acme"));
    for number in ["40404", "+12025550199", ""] {
        assert!(!tells(&matching, 1, 5, number), "{number}");
    }
    // What is marked is the SMSC's own word, however it writes the addresses.
    let mut marked = delivered(0x04, "id:1 stat:UNDELIV");
    (marked.source_ton, marked.destination_ton) = (5, 5);
    assert_eq!(
        unmarked(&matching, &marked).map(|(proof, ..)| proof),
        Some(Proof::Carrier)
    );
}
