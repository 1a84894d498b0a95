//! A call-back reaches the library untouched, and only what the library vouches for comes back.

use crate::stage::{TOKEN, instance, library_in, submission, try_instance};
use aldis_carrier_host::{
    CallbackRequest, CallbackVerdict, Class, EventKind, Isolation, PriceKind, ReceiptState,
};
use futures_util::future::join_all;
use serde_json::json;

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

/// Anybody may call back: what that breaks must not stop what is sent.
#[tokio::test]
async fn too_many_broken_ones_are_left_alone_and_messages_go_on() {
    let instance = instance("receipts", "http://127.0.0.1:9");
    for _ in 0..3 {
        let verdict = instance.webhook(&callback("odd")).await;
        assert!(matches!(verdict, CallbackVerdict::Fault), "{verdict:?}");
    }
    // The carrier is asked to try again later.
    let verdict = instance.webhook(&callback("good")).await;
    assert!(matches!(verdict, CallbackVerdict::Fault), "{verdict:?}");
    let metrics = instance.metrics();
    assert_eq!(
        (metrics.faults, metrics.deaf, metrics.quarantined),
        (3, true, false)
    );
    assert_eq!(instance.rest(), None);
    let report = instance.submit(submission("Hello")).await;
    assert_eq!(
        report.class,
        Class::BadRequest,
        "the library's own word: {report:?}"
    );
}

/// A crowd of them ends a few workers, and is left alone before the carrier is.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_that_crashes_the_worker_does_not_stop_it() {
    let library = library_in("receipts", Isolation::Worker);
    let instance = try_instance(&library, json!({ "base_url": "http://127.0.0.1:9" }), TOKEN);
    let instance = instance.expect("an instance");
    let crowd: Vec<_> = (0..100)
        .map(|number| CallbackRequest {
            external_url: format!("https://sms.example.com/carriers/c/receipts?a={number}"),
            ..callback("crash")
        })
        .collect();
    let verdicts = join_all(crowd.iter().map(|crash| instance.webhook(crash))).await;
    assert!(
        verdicts
            .iter()
            .all(|verdict| matches!(verdict, CallbackVerdict::Fault))
    );
    let worker = instance.metrics().worker.expect("a worker");
    assert!(worker.ends <= 6 && !worker.safe_mode, "{worker:?}");
    assert!(instance.metrics().deaf);
    let report = instance.submit(submission("Hello")).await;
    assert_eq!(
        report.class,
        Class::BadRequest,
        "the library's own word: {report:?}"
    );
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
