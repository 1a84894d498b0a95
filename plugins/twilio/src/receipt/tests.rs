//! Only Twilio can tell us what became of a message: every vector holds, and no altered one does.

use super::signature::{Call, holds};
use super::{event, state_of};
use crate::Twilio;
use aldis_carrier::testing::{Bench, Callback};
use aldis_carrier::{Class, ReceiptState, Webhook};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::json;
use std::io::Write as _;

const TOKEN: &str = "planted-token";
const URL: &str = "https://sms.example.com/carriers/twilio-us/receipts";

fn receipt() -> Vec<(String, String)> {
    [
        ("MessageSid", "SM11111111111111111111111111111111"),
        ("MessageStatus", "delivered"),
        ("To", "+12025550100"),
        ("From", "+12025550199"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .to_vec()
}

/// Signatures made apart from this code, with Python's `hmac` over the documented string.
#[test]
fn signatures_made_elsewhere_hold() {
    let body = br#"{"MessageSid":"SM1"}"#;
    let hashed = format!("{URL}?bodySHA256=b4fd85f2ce8bfebc5cbc4a67ac690906953178daf04df41e183024cc01315de4");
    let with_port = URL.replace("example.com", "example.com:443");
    let mut parts = receipt();
    parts.extend(
        [("Part", "2"), ("Part", "1"), ("Part", "1")].map(|(key, part)| (key.to_owned(), part.to_owned())),
    );
    let form = receipt();
    let cases = [
        (URL, &form[..], &b""[..], "aGbb61wULAu47oCuN4s2jt+KpwQ="),
        (URL, &form, b"", "u078NvXtW5kGu+RxhqyfxnTVQaY="), // made with :443
        (&with_port, &form, b"", "u078NvXtW5kGu+RxhqyfxnTVQaY="),
        (&with_port, &form, b"", "aGbb61wULAu47oCuN4s2jt+KpwQ="), // made without
        (URL, &parts, b"", "mWr3WtkTLGINTeU6XMVG4O9c6DE="),
        (&hashed, &[], body, "VKyb7X1mJY1m+Siwyw1Zc68UaRM="),
    ];
    for (index, (url, form, body, signature)) in cases.into_iter().enumerate() {
        assert!(holds(TOKEN, &Call { url, form, body }, signature), "case {index}");
    }
}

#[test]
fn another_body_under_the_same_hash_does_not_hold() {
    let url = format!("{URL}?bodySHA256=b4fd85f2ce8bfebc5cbc4a67ac690906953178daf04df41e183024cc01315de4");
    let call = Call {
        url: &url,
        form: &[],
        body: br#"{"MessageSid":"SM2"}"#,
    };
    assert!(!holds(TOKEN, &call, "VKyb7X1mJY1m+Siwyw1Zc68UaRM="));
}

/// The signature of a URL alone says nothing of a body that no hash in the URL covers.
#[test]
fn a_body_that_nothing_covers_does_not_hold() {
    let call = |body| Call {
        url: URL,
        form: &[],
        body,
    };
    let signature = "EVUjNVVYLegToiT6mlKdA+pelvc="; // Python, over the URL
    assert!(holds(TOKEN, &call(b""), signature));
    assert!(!holds(TOKEN, &call(br#"{"MessageSid":"SM1"}"#), signature));
}

fn called_back(
    secrets: &[(&str, &str)],
    settings: &serde_json::Value,
    signature: &str,
    body: &str,
) -> Webhook {
    let mut all = json!({ "account_sid": "AC00000000000000000000000000000000", "from": "+12025550199" });
    all.as_object_mut()
        .unwrap()
        .extend(settings.as_object().unwrap().clone());
    let callback = Callback::post(URL, body)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .header("X-Twilio-Signature", signature);
    Bench::<Twilio>::new(&all, secrets)
        .unwrap()
        .webhook(&callback)
        .unwrap()
}

const BODY: &str = "MessageSid=SM11111111111111111111111111111111&MessageStatus=undelivered&ErrorCode=30005\
    &To=%2B12025550100&From=%2B12025550199";
/// Python's `hmac` again.
const SIGNATURE: &str = "RiFjGi8Wa3f+6ZgbteEXjCW4sl0=";

#[test]
fn a_signed_receipt_tells_what_became_of_the_message() {
    let token = [("auth_token", TOKEN)];
    let Webhook::Verified { events, .. } = called_back(&token, &json!({}), SIGNATURE, BODY) else {
        panic!("not verified")
    };
    let [event] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(event.carrier_id, "SM11111111111111111111111111111111");
    assert_eq!((event.state, event.is_final), (ReceiptState::Undelivered, true));
    assert_eq!(
        (event.class, event.code.as_str()),
        (Some(Class::InvalidNumber), "30005")
    );
    let forged = BODY.replace("undelivered", "delivered");
    let judged = called_back(&token, &json!({}), SIGNATURE, &forged);
    assert!(matches!(judged, Webhook::Rejected));
}

/// An API key signs nothing of Twilio's, so nothing can be proved without the auth token.
#[test]
fn without_the_auth_token_nothing_is_believed() {
    let key = [("api_key_secret", "planted-secret")];
    let settings = json!({ "api_key_sid": "SK00000000000000000000000000000000" });
    let judged = called_back(&key, &settings, SIGNATURE, BODY);
    assert!(matches!(judged, Webhook::Unverified));
}

/// The statuses of the API's `message_enum_status`, and which of them are the last word.
#[test]
fn each_status_is_a_state() {
    use ReceiptState::{Deleted, Delivered, EnRoute, Queued, Read, Rejected, Sent, Undelivered, Unknown};
    for (status, state, last) in [
        ("accepted", Queued, false),
        ("scheduled", Queued, false),
        ("queued", Queued, false),
        ("sending", EnRoute, false),
        ("sent", Sent, false),
        ("partially_delivered", Sent, false),
        ("delivered", Delivered, true),
        ("read", Read, true),
        ("undelivered", Undelivered, true),
        ("failed", Rejected, true),
        ("canceled", Deleted, true),
        ("a-status-of-tomorrow", Unknown, false),
    ] {
        let form = [("MessageSid", "SM1"), ("MessageStatus", status)]
            .map(|(key, value)| (key.to_owned(), value.to_owned()));
        let event = event(&form).expect(status);
        assert_eq!(state_of(status), state, "{status}");
        assert_eq!((event.state, event.is_final), (state, last), "{status}");
        assert_eq!(event.class, None, "{status}");
    }
}

/// Codes that come in receipts only, so that no recorded answer has them.
#[test]
fn each_code_of_a_receipt_means_its_class() {
    for (code, class) in [
        ("30001", Class::RateLimited),
        ("30002", Class::Unauthorized),
        ("30003", Class::Temporary),
        ("30004", Class::Blocked),
        ("30006", Class::InvalidNumber),
        ("30007", Class::Blocked),
        ("30008", Class::Temporary),
        ("30022", Class::RateLimited),
        ("30032", Class::SenderNotAllowed),
        ("30034", Class::SenderNotAllowed),
        ("30036", Class::Expired),
        ("39999", Class::Temporary), // not in the table
    ] {
        let form = [
            ("MessageSid", "SM1"),
            ("MessageStatus", "failed"),
            ("ErrorCode", code),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
        let event = event(&form).expect(code);
        assert_eq!((event.class, event.code.as_str()), (Some(class), code));
    }
}

/// Twilio's own vectors, where they lie beside the repository.
#[test]
fn twilios_own_vectors_hold() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/specs/twilio/signature-vectors.json"
    );
    let Ok(text) = std::fs::read_to_string(path) else {
        // Not `eprintln!`: the test runner hides that where a test passes.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: Twilio's own signature vectors are not on this machine"
        );
        return;
    };
    let vectors: Vec<serde_json::Value> = serde_json::from_str(&text).expect("vectors");
    assert!(vectors.len() >= 7, "only {} vectors", vectors.len());
    for vector in &vectors {
        let text = |name: &str| vector[name].as_str().unwrap_or_default().to_owned();
        let mut form: Vec<(String, String)> = Vec::new();
        for (key, value) in vector["params"].as_object().into_iter().flatten() {
            form.push((key.clone(), value.as_str().expect("text").to_owned()));
        }
        for pair in vector["params_list"].as_array().into_iter().flatten() {
            form.push((
                pair[0].as_str().expect("text").to_owned(),
                pair[1].as_str().expect("text").to_owned(),
            ));
        }
        let (url, body) = (text("url"), text("body"));
        let call = Call {
            url: &url,
            form: &form,
            body: body.as_bytes(),
        };
        assert!(
            holds(&text("token"), &call, &text("signature")),
            "{}",
            text("name")
        );
        assert!(
            !holds("another-token", &call, &text("signature")),
            "{}",
            text("name")
        );
    }
}

proptest! {
    /// One changed bit anywhere, and it is not Twilio's any more.
    #[test]
    fn no_altered_signature_holds(at in 0_usize..20, bit in 0_u8..8) {
        let form = receipt();
        let call = Call { url: URL, form: &form, body: b"" };
        let mut tag = STANDARD.decode("aGbb61wULAu47oCuN4s2jt+KpwQ=").expect("base64");
        tag[at] ^= 1 << bit;
        prop_assert!(!holds(TOKEN, &call, &STANDARD.encode(tag)));
    }

    #[test]
    fn no_altered_json_holds(at in 0_usize..20, bit in 0_u8..8) {
        let url = format!("{URL}?bodySHA256=b4fd85f2ce8bfebc5cbc4a67ac690906953178daf04df41e183024cc01315de4");
        let mut body = br#"{"MessageSid":"SM1"}"#.to_vec();
        body[at] ^= 1 << bit;
        let call = Call { url: &url, form: &[], body: &body };
        prop_assert!(!holds(TOKEN, &call, "VKyb7X1mJY1m+Siwyw1Zc68UaRM="));
    }

    #[test]
    fn no_altered_call_holds(which in 0_usize..4, at in 0_usize..200, bit in 0_u8..7) {
        let flip = |text: &str| -> Option<String> {
            let mut bytes = text.as_bytes().to_vec();
            let place = at % bytes.len();
            bytes[place] ^= 1 << bit;
            String::from_utf8(bytes).ok()
        };
        let (mut url, mut form, mut token) = (URL.to_owned(), receipt(), TOKEN.to_owned());
        let altered = match which {
            0 => flip(&url).map(|text| url = text),
            1 => flip(&form[at % 4].1).map(|text| form[at % 4].1 = text),
            2 => flip(&form[at % 4].0).map(|text| form[at % 4].0 = text),
            _ => flip(&token).map(|text| token = text),
        };
        prop_assume!(altered.is_some());
        let call = Call { url: &url, form: &form, body: b"" };
        prop_assert!(!holds(&token, &call, "aGbb61wULAu47oCuN4s2jt+KpwQ="));
    }

    /// Whatever comes, it is judged and never a panic.
    #[test]
    fn anything_is_judged(url in ".{0,80}", signature in ".{0,40}", key in ".{0,20}", value in ".{0,20}") {
        let form = [(key, value)];
        let call = Call { url: &url, form: &form, body: b"" };
        prop_assert!(!holds(TOKEN, &call, &signature));
    }
}
