//! A call-back's URL is read where its parameters are wanted.

use super::*;

#[test]
fn parameters_are_read_in_their_order() {
    let query = |external_url: &str| {
        let request = WebhookRequest {
            external_url,
            method: "GET",
            headers: Headers::default(),
            body: b"",
            remote_address: "",
            now_unix_ms: 0,
        };
        let pairs = request.query();
        pairs
            .into_iter()
            .map(|(key, value)| format!("{key}:{value}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        query("https://sms.example.com/carriers/acme/receipts?id=a%2Bb&text=c+d&id="),
        ["id:a+b", "text:c d", "id:"]
    );
    assert!(query("https://sms.example.com/carriers/acme/receipts").is_empty());
}
