//! What a carrier tells is kept in our words, and cannot smuggle a number into a code.

use super::*;
use aldis_carrier_host::{Class, ReceiptState as Theirs};

fn event(kind: EventKind) -> CarrierEvent {
    CarrierEvent {
        kind,
        state: Theirs::Delivered,
        class: Some(Class::Temporary),
        is_final: true,
        carrier_id: "SM1".into(),
        part: 2,
        from: "12025550100".into(),
        to: "40404".into(),
        text: "Hello".into(),
        code: Some("30003".into()),
        carrier_time_unix_ms: Some(5),
        mccmnc: None,
        price: None,
        attributes: vec![("ref".into(), "7".into())],
        proof: Proof::Carrier,
    }
}

fn inbound(event: CarrierEvent) -> Inbound {
    match news(event) {
        News::Inbound(inbound) => inbound,
        News::Receipt(_) | News::Unproven(_) => panic!("not a receipt"),
    }
}

#[test]
fn each_state_is_the_same_on_both_sides() {
    for theirs in Theirs::ALL.iter().copied() {
        let told = CarrierEvent {
            state: theirs,
            ..event(EventKind::Receipt)
        };
        let News::Receipt(receipt) = news(told) else {
            panic!("a receipt")
        };
        assert_eq!(receipt.state as u32, theirs.number());
        assert_eq!(format!("{:?}", receipt.state), format!("{theirs:?}"));
    }
}

#[test]
fn a_reason_is_a_word_of_ours() {
    for class in Class::ALL.iter().copied() {
        let told = CarrierEvent {
            class: Some(class),
            ..event(EventKind::Receipt)
        };
        let News::Receipt(receipt) = news(told) else {
            panic!("a receipt")
        };
        let ours = receipt.class.map(OutcomeClass::number);
        assert_eq!(ours, Some(class.number()).filter(|number| *number != 0));
    }
}

#[test]
fn a_code_cannot_hold_a_number() {
    let told = CarrierEvent {
        code: Some("12025550100".into()),
        ..event(EventKind::Receipt)
    };
    let News::Receipt(receipt) = news(told) else {
        panic!("a receipt")
    };
    assert_eq!(receipt.code.as_deref(), Some("withheld"));
}

#[test]
fn numbers_are_kept_as_recipients_are() {
    let told = inbound(event(EventKind::Inbound));
    assert_eq!(
        (told.sender.as_str(), told.recipient.as_str()),
        ("+12025550100", "40404")
    );
    assert!(told.wish == Wish::None);
}

#[test]
fn stop_and_start_are_understood() {
    assert!(inbound(event(EventKind::OptOut)).wish == Wish::Stop);
    for text in ["START", " unstop\n"] {
        let told = CarrierEvent {
            text: text.into(),
            ..event(EventKind::Inbound)
        };
        assert!(inbound(told).wish == Wish::Start, "{text}");
    }
}

#[test]
fn an_endless_id_is_cut_at_a_character() {
    let told = CarrierEvent {
        carrier_id: "ж".repeat(500),
        ..event(EventKind::Receipt)
    };
    let News::Receipt(receipt) = news(told) else {
        panic!("a receipt")
    };
    assert_eq!(receipt.carrier_id, "ж".repeat(128));
}
