//! Only Twilio can tell us what became of a message: every vector holds, and no altered one does.

use super::signature::{Call, holds};
use proptest::prelude::*;
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
    /// One changed character anywhere, and it is not Twilio's any more.
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
