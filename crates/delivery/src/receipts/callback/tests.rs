//! Each verdict has a word of its own in the metrics.

use super::*;
use aldis_carrier_host::{CarrierEvent, EventKind, ReceiptState};

fn event() -> CarrierEvent {
    CarrierEvent {
        kind: EventKind::Receipt,
        state: ReceiptState::Delivered,
        class: None,
        is_final: true,
        carrier_id: "SM1".to_owned(),
        part: 0,
        from: String::new(),
        to: String::new(),
        text: String::new(),
        code: None,
        carrier_time_unix_ms: None,
        mccmnc: None,
        price: None,
        attributes: Vec::new(),
        proof: aldis_carrier_host::Proof::Carrier,
    }
}

#[test]
fn a_call_back_that_tells_nothing_is_not_counted_as_one_that_does() {
    let verified = |events| CallbackVerdict::Verified { events, reply: None };
    let words = [
        verified(Vec::new()),
        verified(vec![event()]),
        CallbackVerdict::Unverified,
        CallbackVerdict::Rejected,
        CallbackVerdict::Fault,
    ];
    assert_eq!(
        words.map(|verdict| word(&verdict)),
        ["empty", "verified", "unverified", "rejected", "fault"]
    );
}
