//! Only the inbox can tell us what became of a message.

use crate::Sandbox;
use aldis_carrier::testing::{Bench, Callback};
use aldis_carrier::{Class, ReceiptState, Webhook};
use serde_json::json;

const BODY: &str = r#"{"id":"sandbox-1","state":"delivered"}"#;
/// Python: `hmac.new(b"planted", body, "sha256").hexdigest()`.
const SIGNATURE: &str = "cddee65099454fad81267f576f0c42fec4ec2d97fa45e89acfefadb6022230c1";

fn called_back(secrets: &[(&str, &str)], body: &str, signature: &str) -> Webhook {
    let callback = Callback::post("https://sms.example.com/carriers/sandbox/receipts", body)
        .header("X-Sandbox-Signature", signature);
    Bench::<Sandbox>::new(&json!({ "base_url": "http://127.0.0.1:8026" }), secrets)
        .unwrap()
        .webhook(&callback)
        .unwrap()
}

#[test]
fn only_signed_receipts_are_believed() {
    let secret = [("receipt_secret", "planted")];
    let Webhook::Verified { events, .. } = called_back(&secret, BODY, SIGNATURE) else {
        panic!("not verified")
    };
    assert_eq!(
        (events[0].carrier_id.as_str(), events[0].state, events[0].is_final),
        ("sandbox-1", ReceiptState::Delivered, true)
    );
    let altered = SIGNATURE.replace('a', "b");
    for (body, signature) in [
        (BODY, altered.as_str()),
        (BODY, "zz"),
        (BODY, ""),
        (r#"{"id":"sandbox-2","state":"delivered"}"#, SIGNATURE),
    ] {
        let judged = called_back(&secret, body, signature);
        assert!(matches!(judged, Webhook::Rejected), "{body} {signature}");
    }
    assert!(matches!(called_back(&[], BODY, SIGNATURE), Webhook::Unverified));
}

#[test]
fn a_failed_message_says_so() {
    let body = r#"{"id":"sandbox-1","state":"undelivered"}"#;
    let signature = "7a6dca039d82e63f4613bf8a0a02f90c7136fe5f95116cb810dd42f8aad35e71"; // Python again
    let Webhook::Verified { events, .. } = called_back(&[("receipt_secret", "planted")], body, signature)
    else {
        panic!("not verified")
    };
    assert_eq!(
        (events[0].state, events[0].class, events[0].is_final),
        (ReceiptState::Undelivered, Some(Class::Temporary), true)
    );
}
