//! Each code of the inbox means its class, and what is not understood is never taken for a yes.

use super::CODES;
use crate::Sandbox;
use aldis_carrier::testing::{Answer, Bench, Callback, TestMessage};
use aldis_carrier::{Class, ReceiptState, Webhook};
use serde_json::json;

fn bench() -> Bench<Sandbox> {
    Bench::new(
        &json!({ "base_url": "http://127.0.0.1:8026" }),
        &[("receipt_secret", "planted")],
    )
    .unwrap()
}

#[test]
fn each_code_means_its_class() {
    let message = TestMessage::new("+12025550100", "Hello");
    for (code, class) in CODES {
        let answer = Answer::json(422, &json!({ "error": code }));
        let outcome = bench().attempt(&message, [answer]).unwrap().outcome;
        assert_eq!((outcome.class, outcome.code.as_str()), (class, code));
    }
    let yes = bench()
        .attempt(
            &message,
            [Answer::json(201, &json!({ "id": "sandbox-1", "segments": 2 }))],
        )
        .unwrap();
    assert_eq!(yes.outcome.class, Class::Accepted);
    assert_eq!(yes.outcome.carrier_ids, ["sandbox-1"]);
    let odd = bench().attempt(&message, [Answer::new(200, "<html>")]).unwrap();
    assert_eq!(odd.outcome.class, Class::Ambiguous);
}

#[test]
fn only_the_inbox_off_the_network_is_allowed() {
    for url in [
        "https://api.example.com",
        "http://192.0.2.1",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
    ] {
        let error = Bench::<Sandbox>::new(&json!({ "base_url": url }), &[])
            .map(|_| ())
            .unwrap_err();
        assert_eq!(error.key, "base_url", "{url}");
    }
}

/// Python: `hmac.new(b"planted", body, "sha256").hexdigest()`.
#[test]
fn only_signed_receipts_are_believed() {
    let body = r#"{"id":"sandbox-1","state":"delivered"}"#;
    let signed = |signature: &str| {
        let callback = Callback::post("https://sms.example.com/carriers/sandbox/receipts", body);
        bench()
            .webhook(&callback.header("X-Sandbox-Signature", signature))
            .unwrap()
    };
    let good = "cddee65099454fad81267f576f0c42fec4ec2d97fa45e89acfefadb6022230c1";
    let Webhook::Verified { events, .. } = signed(good) else {
        panic!("not verified")
    };
    assert_eq!(
        (events[0].carrier_id.as_str(), events[0].state),
        ("sandbox-1", ReceiptState::Delivered)
    );
    assert!(matches!(signed(&good.replace('a', "b")), Webhook::Rejected));
    assert!(matches!(signed("zz"), Webhook::Rejected));
    let unsigned = Callback::post("https://sms.example.com/carriers/sandbox/receipts", body);
    assert!(matches!(bench().webhook(&unsigned).unwrap(), Webhook::Unverified));
}
