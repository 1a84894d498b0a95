//! Only the carrier can tell us what became of a message, in whichever way it proves itself.

use crate::Http;
use crate::signing::{hex, sign};
use crate::template::{Algorithm, Encoding, HmacKind, KeyEncoding};
use aldis_carrier::testing::{Bench, Callback};
use aldis_carrier::{Class, ReceiptState, Webhook};
use proptest::prelude::*;
use serde_json::{Value, json};

const URL: &str = "https://sms.example.com/carriers/acme/receipts";
const BODY: &str = r#"{"results":[{"id":"m1","status":"DELIVERED"},{"id":"m2","status":"FAILED","error":"EC_BLOCKED_BY_X"}]}"#;

fn carrier(trust: &Value) -> Bench<Http> {
    let key = [("secrets.key", "planted-key")];
    let secrets = if trust.to_string().contains("secrets.key") {
        &key[..]
    } else {
        &[]
    };
    carrier_with(trust, secrets)
}

fn carrier_with(trust: &Value, secrets: &[(&str, &str)]) -> Bench<Http> {
    Bench::new(
        &json!({
            "base_url": "https://api.acme.example",
            "template": {
                "request": { "url": "{{ base_url }}/sms", "form": { "to": "{{ to.e164 }}" } },
                "answer": { "id": { "json": "$.id" }, "statuses": { "400": "bad_request" } },
                "receipt": {
                    "trust": [trust],
                    "each": "$.results[*]",
                    "id": { "json": "$.id" },
                    "state": { "json": "$.status" },
                    "states": { "DELIVERED": "delivered", "FAILED": "undelivered" },
                    "code": { "json": "$.error" },
                    "codes": { "EC_*": "temporary", "EC_BLOCKED*": "blocked" },
                },
            },
        }),
        secrets,
    )
    .unwrap_or_else(|error| panic!("{}: {}", error.key, error.reason))
}

fn is_believed(carrier: &Bench<Http>, callback: &Callback) -> bool {
    match carrier.webhook(callback).unwrap() {
        Webhook::Verified { events, .. } => {
            assert_eq!(events.len(), 2);
            assert_eq!(
                (events[0].carrier_id.as_str(), events[0].state),
                ("m1", ReceiptState::Delivered)
            );
            assert_eq!(
                (events[1].carrier_id.as_str(), events[1].state),
                ("m2", ReceiptState::Undelivered)
            );
            assert_eq!(
                (events[1].class, events[1].code.as_str()),
                (Some(Class::Blocked), "EC_BLOCKED_BY_X")
            );
            true
        }
        Webhook::Rejected => false,
        Webhook::Unverified => panic!("a template always knows"),
    }
}

#[test]
fn a_secret_in_the_url_in_a_header_or_as_a_login() {
    let call = || Callback::post(URL, BODY);
    let cases = [
        (
            json!({ "query": { "name": "token", "value": "{{ secrets.key }}" } }),
            Callback::post(&format!("{URL}?message=1&token=planted-key"), BODY),
            vec![
                call(),
                Callback::post(&format!("{URL}?token="), BODY),
                Callback::post(&format!("{URL}?token=planted-kez&token=planted-key"), BODY),
            ],
        ),
        (
            json!({ "header": { "name": "X-Key", "value": "{{ secrets.key }}" } }),
            call().header("x-key", "planted-key"),
            vec![
                call(),
                call().header("x-key", ""),
                call().header("x-key", "planted-key2"),
            ],
        ),
        (
            json!({ "basic": { "user": "acme", "password": "{{ secrets.key }}" } }),
            call().header("authorization", "Basic YWNtZTpwbGFudGVkLWtleQ=="),
            vec![
                call(),
                call().header("authorization", "Bearer YWNtZTpwbGFudGVkLWtleQ=="),
                call().header("authorization", "Basic YWNtZTo="),
            ],
        ),
    ];
    for (trust, right, wrong) in cases {
        let carrier = carrier(&trust);
        assert!(is_believed(&carrier, &right), "{trust}");
        for callback in wrong {
            assert!(
                !is_believed(&carrier, &callback),
                "{trust}: {}",
                callback.external_url
            );
        }
    }
}

#[test]
fn a_network_it_calls_from() {
    let carrier = carrier(&json!({ "sources": ["192.0.2.0/24", "2001:db8::1"] }));
    for (from, believed) in [
        ("192.0.2.7", true),
        ("::ffff:192.0.2.7", true),
        ("2001:db8::1", true),
        ("198.51.100.1", false),
        ("2001:db8::2", false),
        ("", false),
    ] {
        let mut callback = Callback::post(URL, BODY);
        callback.remote_address = from.to_owned();
        assert_eq!(is_believed(&carrier, &callback), believed, "{from}");
    }
}

const KIND: HmacKind = HmacKind {
    algorithm: Algorithm::Sha256,
    key_encoding: KeyEncoding::Text,
    encoding: Encoding::Hex,
};

fn signed(now_s: u64, over: &str) -> Callback {
    let signature = sign(KIND, "planted-key", over.as_bytes()).unwrap();
    let mut callback = Callback::post(URL, BODY)
        .header("x-signature", &format!("v1={signature}"))
        .header("x-time", "1700000000")
        .header("x-nonce", "n0nce");
    callback.now_unix_ms = now_s * 1_000;
    callback
}

#[test]
fn a_signature_over_what_is_described_that_is_not_stale() {
    let carrier = carrier(&json!({ "hmac": {
        "key": "{{ secrets.key }}",
        "signature": { "part": { "of": { "header": "x-signature" }, "regex": "^v1=(.*)$" } },
        "over": "{{ body }}.{{ found.nonce }}.{{ found.time }}",
        "found": { "nonce": { "header": "x-nonce" }, "time": { "header": "x-time" } },
        "timestamp": { "header": "x-time" }, "within_s": 60,
    } }));
    let right = format!("{BODY}.n0nce.1700000000");
    assert!(is_believed(&carrier, &signed(1_700_000_000, &right)));
    assert!(is_believed(&carrier, &signed(1_700_000_060, &right)));
    assert!(!is_believed(&carrier, &signed(1_700_000_061, &right)), "stale");
    assert!(
        !is_believed(&carrier, &signed(1_699_999_939, &right)),
        "from the future"
    );
    assert!(
        !is_believed(&carrier, &signed(1_700_000_000, BODY)),
        "over something else"
    );
    let mut binary = signed(1_700_000_000, &right);
    binary.body = vec![0xff];
    assert!(!is_believed(&carrier, &binary), "no text");
}

#[test]
fn the_wrong_method_is_no_receipt() {
    let carrier = carrier(&json!({ "sources": ["192.0.2.0/24"] }));
    let mut callback = Callback::post(URL, BODY);
    callback.remote_address = "192.0.2.7".to_owned();
    assert!(is_believed(&carrier, &callback));
    callback.method = "GET".to_owned();
    assert!(!is_believed(&carrier, &callback));
}

proptest! {
    #[test]
    fn a_body_signed_by_nobody_is_not_believed(body in proptest::collection::vec(any::<u8>(), 0..300), tag in any::<[u8; 32]>()) {
        let carrier = carrier(&json!({ "hmac": { "key": "{{ secrets.key }}", "signature": { "header": "x-signature" } } }));
        let forged = Callback::post(URL, body.clone()).header("x-signature", &hex(&tag));
        prop_assert!(matches!(carrier.webhook(&forged).unwrap(), Webhook::Rejected));
        // Signed, and whatever it is: no panic.
        let signature = sign(KIND, "planted-key", &body).unwrap();
        let signed = Callback::post(URL, body).header("x-signature", &signature);
        let verified = matches!(carrier.webhook(&signed).unwrap(), Webhook::Verified { .. });
        prop_assert!(verified);
    }
}

mod proving;
mod reading;
mod rotating;
