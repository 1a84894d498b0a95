//! The sandbox never posts off the machine.

use crate::Sandbox;
use aldis_carrier::testing::Bench;
use serde_json::json;

#[test]
fn only_the_inbox_off_the_network_is_allowed() {
    let made = |url: &str| Bench::<Sandbox>::new(&json!({ "base_url": url }), &[]).map(|_| ());
    for url in [
        "https://api.example.com",
        "http://192.0.2.1",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://127.0.0.1:8026@example.com",
        "http://localhost:1@192.0.2.1/",
    ] {
        assert_eq!(made(url).unwrap_err().key, "base_url", "{url}");
    }
    for url in [
        "http://127.0.0.1:8026",
        "http://[::1]:8026/",
        "http://localhost/inbox",
    ] {
        assert_eq!(made(url), Ok(()), "{url}");
    }
}

#[test]
fn a_setting_nobody_knows_is_named() {
    let settings = json!({ "base_url": "http://127.0.0.1:8026", "senders": "Acme" });
    let error = Bench::<Sandbox>::new(&settings, &[]).map(|_| ()).unwrap_err();
    assert_eq!(error.key, "senders");
}
