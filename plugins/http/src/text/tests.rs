//! A message's words arrive as they are, whatever is in them; a placeholder keeps its type, and what is absent is left out.

use crate::Http;
use aldis_carrier::testing::{Bench, TestMessage};
use aldis_carrier::{Encoding, Request, Step};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A carrier with this request; its answers do not matter here.
fn carrier(request: &Value) -> Bench<Http> {
    let mut whole = json!({ "url": "{{ base_url }}/sms" });
    whole
        .as_object_mut()
        .unwrap()
        .extend(request.as_object().unwrap().clone());
    Bench::new(
        &json!({
            "base_url": "https://api.acme.example",
            "sender": "ACME",
            "receipts": false,
            "template": {
                "request": whole,
                "answer": { "id": { "json": "$.id" }, "statuses": { "400": "bad_request" } },
            },
        }),
        &[],
    )
    .unwrap_or_else(|error| panic!("{}: {}", error.key, error.reason))
}

fn request(carrier: &Bench<Http>, message: &TestMessage) -> Request {
    match carrier.submit(message).unwrap() {
        Step::Send(request) => request,
        other => panic!("{other:?}"),
    }
}

fn fields(form: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(form).into_owned().collect()
}

#[test]
fn a_placeholder_alone_keeps_its_type() {
    let carrier = carrier(&json!({ "json": {
        "parts": "{{ parts }}", "unicode": "{{ is_unicode }}", "digits": "{{ to.digits }}",
        "words": "{{ parts }} part(s)", "type": "{{ 'unicode' if is_unicode else 'text' }}", "fixed": [1, true, null],
    } }));
    let mut message = TestMessage::new("+12025550100", "Привет");
    message.encoding = Encoding::Ucs2;
    message.segments = 3;
    let body: Value = serde_json::from_slice(&request(&carrier, &message).body).unwrap();
    assert_eq!(
        body,
        json!({ "parts": 3, "unicode": true, "digits": "12025550100", "words": "3 part(s)", "type": "unicode",
                "fixed": [1, true, null] })
    );
}

#[test]
fn what_is_absent_is_left_out() {
    let carrier = carrier(&json!({
        "query": { "template": "{{ attributes.template_id }}", "n": [1, "{{ parts }}"] },
        "headers": { "x-callback": "{{ callback_url }}" },
        "form": { "validity": "{{ (validity_s + 59) // 60 if validity_s }}", "ref": "x-{{ attributes.ref }}", "from": "{{ sender }}" },
    }));
    let mut message = TestMessage::new("+12025550100", "Hello");
    message.segments = 2;
    let bare = request(&carrier, &message);
    assert_eq!(bare.url, "https://api.acme.example/sms?n=1&n=2");
    assert_eq!(fields(&bare.body), [("from".to_owned(), "ACME".to_owned())]);
    assert!(bare.headers.iter().all(|header| header.name != "x-callback"));

    message.attributes = vec![
        ("template_id".to_owned(), "t 1".to_owned()),
        ("ref".to_owned(), "7".to_owned()),
    ];
    message.validity = Some(std::time::Duration::from_secs(61));
    message.from = Some("12345".to_owned());
    let full = request(&carrier, &message);
    assert_eq!(full.url, "https://api.acme.example/sms?n=1&n=2&template=t+1");
    let expected = [("from", "12345"), ("ref", "x-7"), ("validity", "2")];
    assert_eq!(
        fields(&full.body),
        expected.map(|(key, value)| (key.to_owned(), value.to_owned()))
    );
}

proptest! {
    /// Braces, quotes, ampersands and line ends in a text are text.
    #[test]
    fn nothing_in_a_text_is_more_than_text(text in r#"([{}%"'&=+\\#\n\r\t$]|\PC){1,80}"#) {
        let message = TestMessage::new("+12025550100", &text);
        let as_json = carrier(&json!({ "json": { "text": "{{ text }}", "quoted": "<{{ text }}>" } }));
        let body: Value = serde_json::from_slice(&request(&as_json, &message).body).unwrap();
        prop_assert_eq!(&body, &json!({ "text": text, "quoted": format!("<{text}>") }));
        let as_form = carrier(&json!({ "form": { "text": "{{ text }}" } }));
        prop_assert_eq!(fields(&request(&as_form, &message).body), [("text".to_owned(), text.clone())]);
        let as_query = carrier(&json!({ "method": "GET", "query": { "text": "{{ text }}" } }));
        let url = request(&as_query, &message).url;
        prop_assert_eq!(fields(url.split_once('?').unwrap().1.as_bytes()), [("text".to_owned(), text)]);
    }
}

mod addresses;
