//! What a receipt tells besides the state, and what happens to one that cannot be read.

use super::URL;
use crate::Http;
use aldis_carrier::testing::{Bench, Callback};
use aldis_carrier::{Event, Price, ReceiptState, Webhook};
use serde_json::{Value, json};

fn carrier(more: &Value) -> Bench<Http> {
    let mut receipt = json!({
        "trust": [{ "sources": ["192.0.2.0/24"] }],
        "each": "$.results[*]",
        "when": { "at": { "json": "$.type" }, "is": ["receipt"] },
        "id": { "json": "$.id" },
        "state": { "json": "$.status" },
        "states": { "D*": "delivered", "F*": "undelivered", "F_x*": "expired" },
        "reply": { "text": "OK" },
    });
    let receipt_table = receipt.as_object_mut().unwrap();
    receipt_table.extend(more.as_object().unwrap().clone());
    let settings = json!({
        "base_url": "https://api.acme.example",
        "template": {
            "request": { "url": "{{ base_url }}/sms", "form": { "to": "{{ to.e164 }}" } },
            "answer": { "id": { "json": "$.id" }, "statuses": { "400": "bad_request" } },
            "receipt": receipt,
        },
    });
    Bench::new(&settings, &[]).unwrap_or_else(|error| panic!("{}: {}", error.key, error.reason))
}

/// The events, and the status of the answer.
fn told(carrier: &Bench<Http>, body: impl Into<Vec<u8>>) -> (Vec<Event>, u16) {
    let mut callback = Callback::post(URL, body);
    callback.remote_address = "192.0.2.7".to_owned();
    match carrier.webhook(&callback).unwrap() {
        Webhook::Verified { events, reply } => (events, reply.map_or(200, |reply| reply.status)),
        other => panic!("{other:?}"),
    }
}

fn results(results: &Value) -> String {
    json!({ "results": results }).to_string()
}

#[test]
fn part_time_and_price() {
    let carrier = carrier(&json!({
        "part": { "json": "$.part" },
        "time": { "json": "$.at" },
        "price": { "amount": { "json": "$.price.amount" }, "currency": { "json": "$.price.currency" } },
    }));
    let body = results(&json!([
        { "type": "receipt", "id": "m1", "status": "D", "part": 2, "at": "2023-11-14T22:13:20Z",
          "price": { "amount": "0.0075", "currency": "EUR" } },
        { "type": "receipt", "id": "m2", "status": "D", "part": "x", "at": "soon",
          "price": { "amount": "1e3", "currency": "EUR" } },
        { "type": "receipt", "id": "m3", "status": "D", "at": 1_700_000_000_u64,
          "price": { "amount": -2, "currency": "euro" } },
    ]));
    let (events, _) = told(&carrier, body);
    let price = Price {
        micros: 7_500,
        currency: *b"EUR",
        charged: true,
    };
    let found: Vec<_> = events
        .iter()
        .map(|event| {
            (
                event.part,
                event.carrier_time_ms,
                event.price.map(|price| price.micros),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (1, Some(1_700_000_000_000), Some(price.micros)),
            (0, None, None),
            (0, Some(1_700_000_000_000), None)
        ]
    );
    assert_eq!(events[0].price.map(|price| price.currency), Some(price.currency));
}

#[test]
fn the_first_part_may_be_called_zero() {
    let carrier = carrier(&json!({ "part": { "json": "$.part" }, "first_part": 0 }));
    let body = results(&json!([{ "type": "receipt", "id": "m1", "status": "D", "part": 1 }]));
    assert_eq!(told(&carrier, body).0[0].part, 1);
}

#[test]
fn a_state_may_have_a_star_and_is_its_own_reason() {
    let carrier = carrier(&json!({}));
    let state = |word: &str| {
        let body = results(&json!([{ "type": "receipt", "id": "m1", "status": word }]));
        let event = told(&carrier, body).0.remove(0);
        (event.state, event.code)
    };
    assert_eq!(state("DELIVRD"), (ReceiptState::Delivered, String::new()));
    assert_eq!(state("F_17"), (ReceiptState::Undelivered, "F_17".to_owned()));
    assert_eq!(state("F_x7"), (ReceiptState::Expired, "F_x7".to_owned()));
    assert_eq!(
        state("Failed, as it was busy"),
        (ReceiptState::Undelivered, "F".to_owned())
    );
    assert_eq!(state("other"), (ReceiptState::Unknown, String::new()));
}

/// It must not look taken: the carrier calls again, or somebody sees it.
#[test]
fn a_receipt_that_cannot_be_read_is_not_taken() {
    let carrier = carrier(&json!({}));
    let good = json!({ "type": "receipt", "id": "m1", "status": "D" });
    let (events, status) = told(&carrier, results(&json!([good])));
    assert_eq!((events.len(), status), (1, 200));
    for bad in [
        json!({ "type": "receipt", "ID": "m1", "status": "D" }),
        json!({ "type": "receipt", "id": "m1", "state": "D" }),
        json!({ "type": "receipt", "id": "", "status": "D" }),
    ] {
        let (events, status) = told(&carrier, results(&json!([good, bad])));
        assert_eq!(
            (events.len(), status),
            (1, 422),
            "what can be read is kept: {bad}"
        );
        assert_eq!(told(&carrier, results(&json!([bad]))), (Vec::new(), 422));
    }
    for nothing in ["", "<html>", "{}", r#"{"results":[]}"#] {
        assert_eq!(told(&carrier, nothing), (Vec::new(), 422), "{nothing}");
    }
    let something_else = json!({ "type": "inbound", "text": "hi" });
    assert_eq!(
        told(&carrier, results(&json!([something_else]))),
        (Vec::new(), 200)
    );
}
