//! A life tells what happened, to eyes and machines, and neither number nor text.

use super::{record, timeline};
use crate::printer::Ink;
use aldis_delivery_api::{AttemptView, MessageView, ReceiptView};
use aldis_message::{
    CarrierName, DeliveryStatus, Encoding, MessageClass, MessageId, OutcomeClass, PhoneNumber, Reason,
    ReceiptState, TenantName, UnixMillis,
};
use proptest::prelude::*;

const ACCEPTED: u64 = 1_767_323_045_678; // 2026-01-02 03:04:05.678

fn attempt(number: u32, carrier: &str, outcome: OutcomeClass, code: Option<&str>) -> AttemptView {
    let began = ACCEPTED + 10 * u64::from(number);
    AttemptView {
        number,
        carrier: CarrierName::parse(carrier).expect("a name"),
        outcome: Some(outcome),
        code: code.map(str::to_owned),
        carrier_message_ids: Vec::new(),
        started_at: UnixMillis::from_millis(began),
        finished_at: Some(UnixMillis::from_millis(began + 5)),
        receipts: Vec::new(),
    }
}

fn life() -> MessageView {
    let number = PhoneNumber::parse("+12025550100", None).expect("a number");
    let mut second = attempt(2, "sandbox", OutcomeClass::Accepted, None);
    second.carrier_message_ids = vec!["sbx-1".to_owned()];
    second.receipts = vec![ReceiptView {
        carrier_message_id: "sbx-1".to_owned(),
        state: ReceiptState::EnRoute,
        is_final: false,
        class: None,
        code: Some("007".to_owned()),
        carrier_time: None,
        received_at: UnixMillis::from_millis(ACCEPTED + 40),
    }];
    MessageView {
        id: MessageId::from_parts(UnixMillis::from_millis(ACCEPTED), [7; 10]),
        to_masked: number.masked(),
        status: DeliveryStatus::Submitted,
        reason: None,
        attempts: vec![attempt(1, "first", OutcomeClass::Temporary, Some("503")), second],
        tenant: Some(TenantName::parse("acme").expect("a name")),
        class: MessageClass::Otp,
        encoding: Encoding::Gsm7,
        segments: 1,
        created_at: UnixMillis::from_millis(ACCEPTED),
        deadline: UnixMillis::from_millis(ACCEPTED + 180_000),
        updated_at: UnixMillis::from_millis(ACCEPTED + 26),
    }
}

#[test]
fn a_timeline_is_read_from_top_to_bottom() {
    let view = life();
    let expected = format!(
        "{}  submitted  2026-01-02
  otp to {}, tenant acme, GSM-7, 1 segment
  03:04:05.678      +0 ms  accepted; not sent after 03:07:05.678, 3 min later
  03:04:05.688     +10 ms  attempt 1 at first: temporary, code 503, took 5 ms
  03:04:05.698     +20 ms  attempt 2 at sandbox: accepted, took 5 ms, sbx-1
  03:04:05.718     +40 ms  receipt: en_route, code 007, sbx-1
  03:04:05.704     +26 ms  submitted",
        view.id, view.to_masked
    );
    assert_eq!(timeline(&view, Ink::PLAIN), expected);
}

#[test]
fn an_end_has_its_reason() {
    let ended = MessageView {
        status: DeliveryStatus::Failed,
        reason: Some(Reason::InvalidNumber),
        ..life()
    };
    assert!(timeline(&ended, Ink::PLAIN).ends_with("failed: invalid_number"));
    assert_eq!(record(&ended)["reason"], "invalid_number");
}

#[test]
fn an_attempt_under_way_has_no_end() {
    let mut running = life();
    running.attempts.truncate(1);
    running.attempts[0] = AttemptView {
        outcome: None,
        code: None,
        finished_at: None,
        ..running.attempts[0].clone()
    };
    assert!(timeline(&running, Ink::PLAIN).contains("attempt 1 at first: under way\n"));
    assert!(record(&running)["attempts"][0]["finished_at"].is_null());
}

#[test]
fn a_record_has_protos_names() {
    let record = record(&life());
    assert_eq!(record["state"], "submitted");
    assert_eq!(record["created_at"], "2026-01-02T03:04:05.678Z");
    assert_eq!(record["attempts"][1]["carrier_message_ids"][0], "sbx-1");
    assert_eq!(record["attempts"][0]["outcome"], "temporary");
    let receipt = &record["attempts"][1]["receipts"][0];
    assert_eq!(
        (&receipt["state"], &receipt["final"]),
        (&"en_route".into(), &false.into())
    );
}

#[test]
fn neither_shows_the_number() {
    let view = life();
    let said = timeline(&view, Ink::PLAIN) + &record(&view).to_string();
    assert!(!said.contains("2025550100") && said.contains("0100"), "{said}");
}

proptest! {
    /// A carrier may call its message what it likes; the operator's terminal stays the operator's.
    #[test]
    fn a_carrier_cannot_steer_the_terminal(words in "\\PC{0,20}[\u{0}-\u{1f}\u{7f}-\u{9f}]\\PC{0,20}") {
        let mut view = life();
        view.attempts[0].code = Some(words.clone());
        view.attempts[1].receipts[0].carrier_message_id = words.clone();
        view.attempts[1].receipts[0].code = Some(words.clone());
        view.attempts[1].carrier_message_ids = vec![words];
        let shown = timeline(&view, Ink::PLAIN);
        prop_assert!(shown.chars().all(|letter| letter == '\n' || !letter.is_control()));
        prop_assert_eq!(shown.lines().count(), 7);
    }
}
