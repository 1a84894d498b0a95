//! A value stays where an address has it: it cannot become another path, another parameter or another host.

use super::{carrier, fields, request};
use aldis_carrier::testing::TestMessage;
use aldis_carrier::{Class, Step};
use proptest::prelude::*;
use serde_json::json;
use url::Url;

const ODD: &str = r"(\.|\.\.|%2e|[&=+%#?/\\.;:@~ \n\r\t]|\PC){1,12}";

/// Name and value of each field.
fn query(url: &Url) -> Vec<(String, String)> {
    fields(url.query().unwrap_or_default().as_bytes())
}

fn decoded(segment: &str) -> String {
    let mut pairs = fields(segment.as_bytes());
    assert_eq!(pairs.len(), 1, "{segment}");
    pairs.remove(0).0
}

proptest! {
    #[test]
    fn nothing_leaves_its_place(account in ODD, sender in ODD, text in ODD) {
        let carrier = carrier(&json!({
            "url": "{{ base_url }}/v1/{{ attributes.account }}/from-{{ sender }}?text={{ text }}&to={{ to.e164 }}",
            "query": { "more": "{{ text }}" },
            "form": { "link": "https://acme.example/a/{{ attributes.account }}?b={{ text }}" },
        }));
        let mut message = TestMessage::new("+12025550100", &text);
        message.from = Some(sender.clone());
        message.attributes = vec![("account".to_owned(), account.clone())];
        if [".", ".."].contains(&account.as_str()) {
            // No spelling of these is anything but a step up (RFC 3986 section 5.2.4).
            let step = carrier.submit(&message).unwrap();
            prop_assert!(matches!(step, Step::Done(outcome) if outcome.class == Class::BadRequest));
            return Ok(());
        }
        let request = request(&carrier, &message);
        let url = Url::parse(&request.url).unwrap();
        prop_assert_eq!((url.scheme(), url.host_str(), url.port()), ("https", Some("api.acme.example"), None));
        prop_assert_eq!((url.username(), url.password(), url.fragment()), ("", None, None));
        let path: Vec<_> = url.path_segments().unwrap().map(decoded).collect();
        prop_assert_eq!(path, ["v1".to_owned(), account.clone(), format!("from-{sender}")]);
        let expected = [("text", text.as_str()), ("to", "+12025550100"), ("more", &text)];
        prop_assert_eq!(query(&url), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));

        let link = fields(&request.body).remove(0).1;
        let link = Url::parse(&link).unwrap();
        prop_assert_eq!(link.path_segments().unwrap().map(decoded).collect::<Vec<_>>(), ["a".to_owned(), account]);
        prop_assert_eq!(query(&link), [("b".to_owned(), text)]);
    }

    /// So it is in the address that a carrier calls.
    #[test]
    fn nothing_leaves_its_place_in_a_callback(text in ODD) {
        let settings = json!({
            "base_url": "https://api.acme.example",
            "template": {
                "request": {
                    "url": "{{ base_url }}/sms",
                    "form": {
                        "a": "{{ callback_url }}&ref={{ text }}&type=%d",
                        "b": "{{ callback_url | with_login('u', secrets.key) }}&ref={{ text | urlencode }}",
                        "c": "{{ callback_url }}",
                    },
                },
                "answer": { "id": { "json": "$.id" }, "statuses": { "400": "bad_request" } },
                "receipt": {
                    "trust": [{ "basic": { "user": "u", "password": "{{ secrets.key }}" } }],
                    "id": { "form": "id" }, "state": { "form": "s" }, "states": { "D": "delivered" },
                },
            },
        });
        let carrier = aldis_carrier::testing::Bench::new(&settings, &[("secrets.key", "p@ss/w")]).unwrap();
        let mut message = TestMessage::new("+12025550100", &text);
        message.callback_url = Some("https://sms.example.com/carriers/acme/receipts?message=msg_1".to_owned());
        let form = fields(&request(&carrier, &message).body);
        let urls: Vec<_> = form.iter().map(|(_, url)| Url::parse(url).unwrap()).collect();
        for url in &urls {
            prop_assert_eq!((url.host_str(), url.path()), (Some("sms.example.com"), "/carriers/acme/receipts"));
        }
        let told = |more: &[(&str, &str)]| {
            let mut all = vec![("message".to_owned(), "msg_1".to_owned())];
            all.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
            all
        };
        prop_assert_eq!(query(&urls[0]), told(&[("ref", &text), ("type", "%d")]));
        prop_assert_eq!(query(&urls[1]), told(&[("ref", &text)]));
        prop_assert_eq!(query(&urls[2]), told(&[]));
        prop_assert_eq!(urls[1].password(), Some("p%40ss%2Fw"));
    }
}

/// That message is refused, and no other: the carrier has not broken the contract.
#[test]
fn a_value_that_no_header_can_hold_refuses_the_message() {
    let carrier = carrier(&json!({ "headers": { "x-ref": "{{ attributes.ref }}" } }));
    let mut message = TestMessage::new("+12025550100", "Hello");
    for value in ["a\r\nx-admin: 1", "a\nb", "\0", "\u{7f}"] {
        message.attributes = vec![("ref".to_owned(), value.to_owned())];
        let Step::Done(outcome) = carrier.submit(&message).unwrap() else {
            panic!("{value:?} was sent");
        };
        assert_eq!(outcome.class, Class::BadRequest);
        assert!(
            outcome.detail.contains("template.request.headers.x-ref"),
            "{}",
            outcome.detail
        );
    }
    message.attributes = vec![("ref".to_owned(), "a\tb é".to_owned())];
    assert_eq!(request(&carrier, &message).headers.len(), 1);
}

#[test]
fn the_kind_of_the_configured_sender_is_known() {
    for (sender, kind) in [
        ("ACME", "alphanumeric"),
        ("+12025550199", "long_number"),
        ("12025550199", "long_number"),
        ("40404", "short_code"),
    ] {
        let settings = json!({
            "base_url": "https://api.acme.example", "sender": sender, "receipts": false,
            "template": {
                "request": { "url": "{{ base_url }}/sms", "form": { "kind": "{{ sender_kind }}" } },
                "answer": { "id": { "json": "$.id" }, "statuses": { "400": "bad_request" } },
            },
        });
        let carrier = aldis_carrier::testing::Bench::new(&settings, &[]).unwrap();
        let sent = request(&carrier, &TestMessage::new("+12025550100", "Hello"));
        assert_eq!(
            fields(&sent.body),
            [("kind".to_owned(), kind.to_owned())],
            "{sender}"
        );
        let mut named = TestMessage::new("+12025550100", "Hello");
        named.from = Some("+18005550199".to_owned());
        named.from_kind = aldis_carrier::SenderKind::TollFree;
        let sent = request(&carrier, &named);
        assert_eq!(fields(&sent.body), [("kind".to_owned(), "toll_free".to_owned())]);
    }
}
