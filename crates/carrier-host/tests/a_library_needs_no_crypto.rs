//! A carrier in C that links nothing signs and verifies: with `aldis.host.crypto/1` and the header's conveniences.

use crate::stage::{CLOCK, Carrier, compile_as, engine, libraries, submission};
use aldis_carrier_host::{
    CallbackRequest, CallbackVerdict, Class, Instance, InstanceOptions, Isolation, ReceiptState, Trust,
};
use aws_lc_rs::hmac;
use serde_json::json;
use std::fmt::Write as _;

const PASSWORD: &str = "pa55 of the house";

/// The guide's example.
fn instance(base_url: &str, isolation: Isolation) -> Instance {
    let source = "../../../carrier/tests/c_carrier/webhook";
    let (_dir, file) = compile_as("webhook", source, &[]);
    let library = libraries().load(&file, &Trust::Anything, Some(isolation));
    let options = InstanceOptions {
        name: "acme".into(),
        settings: json!({ "base_url": base_url, "user": "me" }),
        secrets: vec![("password".into(), PASSWORD.into())],
        callback_base_url: None,
        clock: || CLOCK,
        worker_threads: aldis_carrier_host::worker::THREADS,
    };
    Instance::create(&library.expect("a library"), options, engine()).expect("an instance")
}

fn callback(body: &str, signature: Option<&str>) -> CallbackRequest {
    let signature = signature.map(|signature| ("X-Signature".to_owned(), signature.as_bytes().to_vec()));
    CallbackRequest {
        external_url: "https://sms.example.com/carriers/acme/receipts".into(),
        method: "POST".into(),
        headers: signature.into_iter().collect(),
        body: body.to_owned().into(),
        remote_address: "10.0.0.1".into(),
        now_unix_ms: CLOCK,
    }
}

fn signed(body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, PASSWORD.as_bytes());
    let mac = hmac::sign(&key, body.as_bytes());
    mac.as_ref().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string");
        hex
    })
}

#[tokio::test]
async fn a_receipt_is_believed_by_its_signature() {
    let instance = instance("http://127.0.0.1:9", Isolation::InProcess);
    let body = json!({ "id": "m-1", "state": "delivered", "time": CLOCK / 1000 }).to_string();
    let good = instance.webhook(&callback(&body, Some(&signed(&body)))).await;
    let CallbackVerdict::Verified { events, .. } = good else {
        panic!("{good:?}")
    };
    assert_eq!(
        (events[0].carrier_id.as_str(), events[0].state, events[0].is_final),
        ("m-1", ReceiptState::Delivered, true)
    );
    let stale = json!({ "id": "m-1", "state": "delivered", "time": CLOCK / 1000 - 301 }).to_string();
    let other = signed(&body).replace(|digit: char| digit.is_ascii_digit(), "a");
    for (body, signature) in [(&stale, signed(&stale)), (&body, other), (&body, "short".into())] {
        let verdict = instance.webhook(&callback(body, Some(&signature))).await;
        assert!(matches!(verdict, CallbackVerdict::Rejected), "{verdict:?}");
    }
    let unsigned = instance.webhook(&callback(&body, None)).await;
    assert!(matches!(unsigned, CallbackVerdict::Unverified), "{unsigned:?}");
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn it_does_so_in_a_worker_too() {
    let carrier = Carrier::answering(201, r#"{"id": "2024\/01"}"#).await;
    let instance = instance(&carrier.base_url, Isolation::Worker);
    let body = json!({ "id": "m-1", "state": "failed", "time": CLOCK / 1000 }).to_string();
    let verdict = instance.webhook(&callback(&body, Some(&signed(&body)))).await;
    assert!(matches!(verdict, CallbackVerdict::Verified { .. }), "{verdict:?}");
    let report = instance.submit(submission("say \"a\\b\"")).await;
    assert_eq!(
        (report.class, report.carrier_ids),
        (Class::Accepted, vec!["2024/01".to_owned()])
    );
    // base64 of "me:pa55 of the house"
    let sent = r#"POST /messages [Basic bWU6cGE1NSBvZiB0aGUgaG91c2U=] {"to":"+12025550100","text":"say \"a\\b\"","from":"Acme"}"#;
    assert_eq!(carrier.seen(), [sent]);
}
