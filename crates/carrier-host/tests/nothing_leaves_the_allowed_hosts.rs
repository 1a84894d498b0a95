//! A library reaches the hosts it declares and the one its settings name, over TLS; plain http stays on loopback.

use crate::stage::{Carrier, library, listener, submission, try_instance};
use aldis_carrier_host::Class;
use serde_json::json;
use tokio::io::AsyncWriteExt;

#[tokio::test]
async fn a_host_that_is_not_allowed_hears_nothing() {
    let other = Carrier::answering(201, "").await;
    let (_closed, mine) = listener().await;
    let instance =
        try_instance(&library("wanderer"), json!({ "base_url": mine }), "token").expect("an instance");
    let port = other.base_url.rsplit(':').next().expect("a port").to_owned();
    for url in [
        format!("{}/x", other.base_url),
        format!("http://localhost:{port}/"),
        format!("http://[::1]:{port}/"),
        format!("http://api.example.com@127.0.0.1:{port}/"),
        format!("http://127.1:{port}/"),
        "http://api.example.com/".into(),
        "https://api.example.com:8443/".into(),
        "https://evil.example/".into(),
        "ftp://127.0.0.1/".into(),
    ] {
        let report = instance.submit(submission(&url)).await;
        assert_eq!(
            (report.class, report.code.as_deref()),
            (Class::Temporary, Some("7")),
            "{url}: {report:?}"
        );
        assert!(!report.request_written);
    }
    assert!(other.seen().is_empty(), "{:?}", other.seen());
}

/// What is checked is what is sent: nothing of an address is mended on the way.
#[tokio::test]
async fn what_is_no_address_is_not_guessed_at() {
    let carrier = Carrier::answering(201, "").await;
    for (rest, reason) in [
        ("/a b", "percent-encoded"),
        ("/\u{e9}", "percent-encoded"),
        ("/a\n", "percent-encoded"),
        ("/a%20b?c=(d)&e='f'~", ""),
    ] {
        let settings = json!({ "base_url": carrier.base_url });
        let instance = try_instance(&library("wanderer"), settings, "token").expect("an instance");
        let report = instance
            .submit(submission(&format!("{}{rest}", carrier.base_url)))
            .await;
        if reason.is_empty() {
            assert_eq!(report.class, Class::Accepted, "{report:?}");
        } else {
            let detail = report.detail.unwrap_or_default();
            assert_eq!(
                (report.class, detail.contains(reason)),
                (Class::PluginFault, true),
                "{detail}"
            );
        }
    }
    for none in ["file:///etc/passwd", "/relative", "messages", "*", "127.0.0.1:1"] {
        let settings = json!({ "base_url": carrier.base_url });
        let instance = try_instance(&library("wanderer"), settings, "token").expect("an instance");
        let report = instance.submit(submission(none)).await;
        assert_eq!(report.class, Class::PluginFault, "{none}");
        assert!(
            report
                .detail
                .is_some_and(|detail| detail.contains("a URL that is none")),
            "{none}"
        );
    }
    assert_eq!(carrier.seen().len(), 1);
}

#[tokio::test]
async fn the_host_of_the_settings_is_reached_on_its_port() {
    let carrier = Carrier::answering(201, "").await;
    let settings = json!({ "base_url": format!("{}/v1", carrier.base_url) });
    let instance = try_instance(&library("wanderer"), settings, "token").expect("an instance");
    let report = instance
        .submit(submission(&format!("{}/anywhere?q=1", carrier.base_url)))
        .await;
    assert_eq!(
        (report.class, report.code.as_deref()),
        (Class::Accepted, Some("0"))
    );
    assert_eq!(carrier.seen().len(), 1);
}

/// A redirect is an answer, not an order: the token must not follow it.
#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Carrier::answering(201, "").await;
    for status in [301, 302, 303, 307, 308] {
        let (listener, base_url) = listener().await;
        let to = elsewhere.base_url.clone();
        let server = tokio::spawn(async move {
            let (mut stream, _) = crate::stage::accept_request(&listener).await;
            let answer = format!("HTTP/1.1 {status} Go\r\nlocation: {to}/\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.expect("written");
        });
        let report = crate::stage::instance("plain", &base_url)
            .submit(submission("Hello"))
            .await;
        assert_eq!(report.code, Some(status.to_string()));
        server.await.expect("one request");
    }
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn a_base_url_off_loopback_must_be_https() {
    let library = library("plain");
    for base_url in [
        "http://sms.example.com",
        "http://10.0.0.1:80",
        "ftp://127.0.0.1",
        "nonsense",
        "https://u:p@x.test",
    ] {
        let error = try_instance(&library, json!({ "base_url": base_url }), "token").expect_err(base_url);
        assert_eq!(error.key.as_deref(), Some("base_url"), "{error}");
        assert!(!error.to_string().contains(base_url), "{error}");
    }
    for base_url in [
        "https://sms.example.com/v1",
        "http://127.0.0.1:1",
        "http://localhost",
    ] {
        try_instance(&library, json!({ "base_url": base_url }), "token").expect(base_url);
    }
    assert!(try_instance(&library, json!({ "base_url": 7 }), "token").is_err());
    assert!(try_instance(&library, json!([]), "token").is_err());
}
