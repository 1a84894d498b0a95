//! A template carrier: no answer that its rule does not name is a success, and no text changes the shape of a request.
#![no_main]

use aldis_carrier::testing::{Answer, Bench, TestMessage};
use aldis_carrier::{Class, Step};
use aldis_carrier_http::Http;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|input: (u16, &[u8], &str)| {
    let (status, body, text) = input;
    let settings = json!({
        "base_url": "https://api.acme.example",
        "receipts": false,
        "template": {
            "request": { "url": "{{ base_url }}/sms", "json": { "text": "{{ text }}", "to": "{{ to.digits }}" } },
            "answer": {
                "accepted": { "when": { "at": { "json": "$.s" }, "is": ["planted"] } },
                "code": { "first_of": [{ "json": "$..code" }, { "regex": "(?i)error: (.*)" }] },
                "codes": { "E*": "blocked" },
            },
        },
    });
    let carrier = Bench::<Http>::new(&settings, &[]).expect("good settings");
    if !text.is_empty() {
        let message = TestMessage::new("+12025550100", text);
        let Ok(Step::Send(request)) = carrier.submit(&message) else {
            panic!("no request")
        };
        let sent: Value = serde_json::from_slice(&request.body).expect("JSON");
        assert_eq!(sent, json!({ "text": text, "to": "12025550100" }));
    }
    let message = TestMessage::new("+12025550100", "Hello");
    let attempt = carrier
        .attempt(&message, [Answer::new(status, body)])
        .expect("no fault");
    let planted = body.windows(7).any(|word| word == b"planted") || body.contains(&b'\\');
    assert!(planted || attempt.outcome.class != Class::Accepted);
});
