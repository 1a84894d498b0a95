//! Signatures as the makers of webhooks write them: in one header with their time, in a field, by either of two secrets.

use super::{BODY, KIND, URL, is_believed};
use crate::Http;
use crate::signing::sign;
use aldis_carrier::testing::{Bench, Callback};
use serde_json::{Value, json};

const NOW_MS: u64 = 1_700_000_000_000;

fn carrier(trust: &Value) -> Bench<Http> {
    super::carrier_with(
        trust,
        &[("secrets.key", "planted-key"), ("secrets.old", "planted-old")],
    )
}

fn signature(key: &str, over: &str) -> String {
    sign(KIND, key, over.as_bytes()).unwrap()
}

fn call(url: &str) -> Callback {
    let mut callback = Callback::post(url, BODY);
    callback.now_unix_ms = NOW_MS;
    callback
}

/// A signature in a header with its time, `t=..,v1=..`.
fn in_one_header(key: &str) -> Value {
    let part = |regex: &str| json!({ "part": { "of": { "header": "x-signature" }, "regex": regex } });
    let time = part(r"(?:^|,)t=([^,]*)");
    json!({ "hmac": {
        "key": key, "signature": part(r"(?:^|,)v1=([^,]*)"), "over": "{{ found.time }}.{{ body }}",
        "found": { "time": time }, "timestamp": time,
    } })
}

#[test]
fn time_and_signature_in_one_header_by_either_secret() {
    let either = json!([
        in_one_header("{{ secrets.key }}"),
        in_one_header("{{ secrets.old }}")
    ]);
    let carrier = carrier(&json!({ "any_of": either }));
    let signed = |key: &str, time: &str, more: &str| {
        let signature = signature(key, &format!("{time}.{BODY}"));
        call(URL).header("x-signature", &format!("t={time}{more},v1={signature}"))
    };
    for time in [
        "1700000000",
        "1700000000000",
        "1700000299",
        "2023-11-14T22:13:20Z",
        "2023-11-14T22:10:00+00:00",
    ] {
        for key in ["planted-key", "planted-old"] {
            assert!(is_believed(&carrier, &signed(key, time, "")), "{key} {time}");
            assert!(
                is_believed(&carrier, &signed(key, time, ",v1=0000,v0=1")),
                "one of several"
            );
        }
        assert!(!is_believed(&carrier, &signed("planted-kez", time, "")), "{time}");
    }
    for time in [
        "1700000301",
        "1700000301000",
        "2023-11-14T22:20:00Z",
        "2023-11-14T22:13:20",
        "now",
        "",
    ] {
        assert!(!is_believed(&carrier, &signed("planted-key", time, "")), "{time}");
    }
}

#[test]
fn a_signature_in_a_field() {
    let carrier = carrier(&json!({ "any_of": [
        { "hmac": { "key": "{{ secrets.key }}", "signature": { "query": "sig" } } },
        { "hmac": { "key": "{{ secrets.old }}", "signature": { "query": "sig" } } },
    ] }));
    let right = signature("planted-old", BODY);
    assert!(is_believed(&carrier, &call(&format!("{URL}?sig={right}"))));
    assert!(is_believed(&carrier, &call(&format!("{URL}?sig=00&sig={right}"))));
    for wrong in ["", "00", &right[1..]] {
        assert!(
            !is_believed(&carrier, &call(&format!("{URL}?sig={wrong}"))),
            "{wrong}"
        );
    }
}
