//! A call-back reaches the library untouched, and only what the library vouches for comes back.

use crate::stage::{TOKEN, instance};
use aldis_carrier_host::{CallbackRequest, CallbackVerdict, EventKind, PriceKind, ReceiptState};

fn callback(body: &'static str) -> CallbackRequest {
    CallbackRequest {
        external_url: "https://sms.example.com/carriers/c/receipts?a=b".into(),
        method: "POST".into(),
        headers: vec![("X-Signature".into(), TOKEN.as_bytes().to_vec())],
        body: body.into(),
        remote_address: "10.0.0.1".into(),
        now_unix_ms: 5_000,
    }
}

#[tokio::test]
async fn a_verified_call_back_gives_its_events_and_answer() {
    let instance = instance("receipts", "http://127.0.0.1:9");
    let verdict = instance.webhook(&callback("good")).await;
    let CallbackVerdict::Verified {
        events,
        reply: Some(reply),
    } = verdict
    else {
        panic!("{verdict:?}")
    };
    assert_eq!((reply.status, &reply.body[..]), (202, &b"<Response/>"[..]));
    assert_eq!(reply.headers, [("content-type".to_owned(), b"text/xml".to_vec())]);
    let [event] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(
        (event.kind, event.state, event.is_final),
        (EventKind::Receipt, ReceiptState::Delivered, true)
    );
    assert_eq!(
        (event.carrier_id.as_str(), event.code.as_deref()),
        ("SM1", Some("0"))
    );
    assert_eq!(
        (event.to.as_str(), event.carrier_time_unix_ms, event.class),
        ("+12025550100", Some(4_999), None)
    );
    let price = event.price.clone().expect("a price");
    assert_eq!(
        (price.micros, price.currency.as_str(), price.kind),
        (7500, "USD", PriceKind::Actual)
    );
    assert_eq!(event.attributes, [("kind".to_owned(), "final".to_owned())]);
    assert!(!format!("{event:?}").contains("2025550100"));
}

#[tokio::test]
async fn an_answer_may_be_left_to_the_host() {
    let instance = instance("receipts", "http://127.0.0.1:9");
    assert!(matches!(
        instance.webhook(&callback("quiet")).await,
        CallbackVerdict::Verified { reply: None, .. }
    ));
}

#[tokio::test]
async fn what_is_not_proved_is_dropped() {
    let instance = instance("receipts", "http://127.0.0.1:9");
    assert!(matches!(
        instance.webhook(&callback("unsure")).await,
        CallbackVerdict::Unverified
    ));
    let mut forged = callback("good");
    forged.headers[0].1.push(b'x');
    assert!(matches!(
        instance.webhook(&forged).await,
        CallbackVerdict::Rejected
    ));
    assert_eq!(instance.metrics().faults, 0);
}

#[tokio::test]
async fn a_broken_reader_is_a_fault() {
    for body in ["odd", "null", "kind", "state", "class", "status", "twice"] {
        let instance = instance("receipts", "http://127.0.0.1:9");
        assert!(
            matches!(instance.webhook(&callback(body)).await, CallbackVerdict::Fault),
            "{body}"
        );
        assert_eq!(instance.metrics().faults, 1, "{body}");
    }
}

#[tokio::test]
async fn a_library_without_call_backs_rejects_them() {
    assert!(matches!(
        instance("plain", "http://127.0.0.1:9")
            .webhook(&callback("good"))
            .await,
        CallbackVerdict::Rejected
    ));
}
