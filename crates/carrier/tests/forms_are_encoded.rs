//! Forms, queries, JSON and credentials arrive as they were meant, whatever they hold.

#![allow(missing_docs, clippy::expect_used, reason = "a test")]

use aldis_carrier::Request;
use aldis_carrier::serde_json::{self, Value, json};
use proptest::prelude::*;

fn body<const N: usize>(fields: [(&str, &str); N]) -> String {
    String::from_utf8(Request::post_form("https://x.example", fields).body).expect("ASCII")
}

#[test]
fn as_browsers_do() {
    assert_eq!(body([]), "");
    assert_eq!(
        body([("to", "+12025550100"), ("from", "Acme & Co")]),
        "to=%2B12025550100&from=Acme+%26+Co"
    );
    assert_eq!(body([("a", "1"), ("a", "2")]), "a=1&a=2");
    assert_eq!(
        body([("text", "*-._~=é€😀\r\n%")]),
        "text=*-._%7E%3D%C3%A9%E2%82%AC%F0%9F%98%80%0D%0A%25"
    );
}

#[test]
fn a_query_joins_the_url() {
    let url = |start: &str, fields: &[(&str, &str)]| Request::get(start).query(fields.iter().copied()).url;
    assert_eq!(url("https://x.example/a", &[]), "https://x.example/a");
    assert_eq!(
        url("https://x.example/a", &[("k", "v w")]),
        "https://x.example/a?k=v+w"
    );
    assert_eq!(
        url("https://x.example/a?b=c", &[("k", "&")]),
        "https://x.example/a?b=c&k=%26"
    );
}

#[test]
fn credentials_as_in_the_rfcs() {
    let value = |request: Request| request.headers[0].value.clone();
    // The example of RFC 7617.
    assert_eq!(
        value(Request::get("").basic_auth("Aladdin", "open sesame")),
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    );
    assert_eq!(
        value(Request::get("").bearer("mF_9.B5f-4.1JqM")),
        "Bearer mF_9.B5f-4.1JqM"
    );
}

#[test]
fn json_is_json() {
    let request = Request::post_json("https://x.example", &json!({ "text": "\"\n\u{7f}é" }));
    assert_eq!(request.headers[0].value, "application/json");
    let read: Value = serde_json::from_slice(&request.body).expect("JSON");
    assert_eq!(read["text"], "\"\n\u{7f}é");
}

/// As the WHATWG URL standard section 5.1 reads a form, written anew.
fn read_form(body: &str) -> Vec<(String, String)> {
    let text = |coded: &str| {
        let mut bytes = Vec::new();
        let mut rest = coded.bytes();
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let hex = [rest.next().expect("a digit"), rest.next().expect("a digit")];
                    u8::from_str_radix(std::str::from_utf8(&hex).expect("ASCII"), 16).expect("two digits")
                }
                plain => {
                    assert!(
                        plain.is_ascii_alphanumeric() || b"*-._".contains(&plain),
                        "{plain} is not coded"
                    );
                    plain
                }
            });
        }
        String::from_utf8(bytes).expect("UTF-8")
    };
    let fields = body.split('&').filter(|field| !field.is_empty());
    fields
        .filter_map(|field| field.split_once('='))
        .map(|(key, value)| (text(key), text(value)))
        .collect()
}

proptest! {
    #[test]
    fn any_text_comes_back(fields: Vec<(String, String)>) {
        let request = Request::post_form("https://x.example", fields.clone());
        let body = String::from_utf8(request.body).expect("ASCII");
        prop_assert_eq!(read_form(&body), fields);
    }
}
