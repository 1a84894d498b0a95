//! Class 27 of Auth0's contract: methods, addresses, and the many labels of JSON.

use crate::harness::{BODY, Call, Edge};

#[tokio::test]
async fn class_27_only_post() {
    let edge = Edge::start().await;
    for method in [
        "GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW",
    ] {
        for call in [Call::good(), Call::bare()] {
            let answer = edge.hears(&call.method(method)).await;
            assert_eq!(
                (answer.status, answer.header("allow")),
                (405, Some("POST")),
                "{method}"
            );
            assert_eq!(
                answer.header("content-type"),
                Some("application/problem+json"),
                "{method}"
            );
            if method != "HEAD" {
                assert_eq!(answer.code(), "method_not_allowed");
            }
        }
    }
    assert_eq!(
        edge.hears(&Call::bare().method("GET").path("/auth0/nobody/sms"))
            .await
            .status,
        404,
        "the tenant first"
    );
}

#[tokio::test]
async fn class_27_one_address_and_no_other() {
    let edge = Edge::start().await;
    let elsewhere = [
        "/",
        "/auth0",
        "/auth0/acme",
        "/auth0/acme/sms/",
        "/auth0/acme/sms/x",
        "/auth0//sms",
        "//auth0/acme/sms",
        "/auth0/acme//sms",
        "/AUTH0/acme/sms",
        "/auth0/acme/SMS",
        "/auth0/acme/phone",
        "/auth0/./acme/sms",
        "/auth0/x/../acme/sms",
        "/carriers/twilio/receipts",
        "/livez",
        "/readyz",
        "/metrics",
        "/auth0/acme/sms%2F",
        "/auth0/acme%00/sms",
        "/auth0/acme%20/sms",
    ];
    for path in elsewhere {
        for method in ["POST", "GET"] {
            let answer = edge.hears(&Call::good().method(method).path(path)).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (404, "not_found"),
                "{method} {path}"
            );
        }
    }
    assert_eq!(
        edge.hears(&Call::good().path("/auth0/acme/sms?x=1&x=2"))
            .await
            .status,
        200,
        "a query is ignored"
    );
    assert_eq!(
        edge.hears(&Call::good().path("http://edge/auth0/acme/sms"))
            .await
            .status,
        200,
        "absolute form"
    );
}

#[tokio::test]
async fn class_27_json_under_any_label() {
    let edge = Edge::start().await;
    let labels = [
        "application/json; charset=utf-8",
        "application/json;charset=ISO-8859-1",
        "text/plain;charset=utf-8",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
        "nonsense",
        "",
        "application/vnd.api+json",
    ];
    for label in labels {
        let call = Call::good().without("content-type").header("content-type", label);
        assert_eq!(edge.hears(&call).await.status, 200, "{label}");
    }
    assert_eq!(
        edge.hears(&Call::good().without("content-type")).await.status,
        200,
        "no label"
    );
    let marked = [b"\xef\xbb\xbf".as_slice(), BODY.as_bytes()].concat();
    assert_eq!(
        edge.hears(&Call::good().body(marked)).await.status,
        200,
        "a byte order mark"
    );
}

#[tokio::test]
async fn class_27_other_encodings_are_no_json() {
    let edge = Edge::start().await;
    let wide = |order: fn(u16) -> [u8; 2]| BODY.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let gzip =
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00\x00".to_vec();
    let form = b"recipient=%2B12025550100&body=Your+code+is+314159".to_vec();
    let bodies = [
        ("UTF-16LE", wide(u16::to_le_bytes)),
        ("UTF-16BE", wide(u16::to_be_bytes)),
        (
            "UTF-16 with a mark",
            [b"\xff\xfe".to_vec(), wide(u16::to_le_bytes)].concat(),
        ),
        (
            "two marks",
            [b"\xef\xbb\xbf\xef\xbb\xbf", BODY.as_bytes()].concat(),
        ),
        ("gzip", gzip.clone()),
        ("a form", form),
    ];
    for (what, body) in bodies {
        let answer = edge.hears(&Call::good().body(body)).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_request"),
            "{what}"
        );
    }
    let labelled = Call::good().header("content-encoding", "gzip").body(gzip);
    assert_eq!(edge.hears(&labelled).await.status, 400, "gzip that says so");
    assert!(edge.delivery.asked().is_empty());
}
