//! A carrier's call is handed on as it came, with the address of whoever made it: the proxy's word for it counts only
//! where the settings trust the proxy.

use crate::harness::edge::bearer;
use crate::harness::{Call, Edge, tenant};

async fn edge(keys: &str) -> Edge {
    let keys = format!("public_url = \"https://sms.example.com/aldis\"\n{keys}");
    Edge::with_keys(&keys, &tenant("acme", "", &bearer(""))).await
}

fn call() -> Call {
    Call::bare()
        .path("/carriers/twilio-us/receipts?message=msg_1&odd=%2b%2B~a+b")
        .header("x-forwarded-for", "198.51.100.1")
        .header("x-forwarded-for", "203.0.113.9, 10.0.0.8")
        .header("x-twilio-signature", "abc=")
        .body("MessageSid=SM1&a=%20+")
}

#[tokio::test]
async fn the_call_is_handed_on_unread() {
    let edge = edge("").await;
    assert_eq!(edge.hears(&call()).await.status, 200);
    let [handed] = edge.delivery.called_back().try_into().expect("one");
    assert_eq!(
        handed.external_url,
        "https://sms.example.com/aldis/carriers/twilio-us/receipts?message=msg_1&odd=%2b%2B~a+b"
    );
    assert_eq!(
        (handed.carrier.as_str(), handed.method.as_str()),
        ("twilio-us", "POST")
    );
    assert_eq!(handed.body, b"MessageSid=SM1&a=%20+");
    let signature = handed
        .headers
        .iter()
        .find(|header| header.name == "x-twilio-signature");
    assert_eq!(
        signature.map(|header| header.value.as_slice()),
        Some(&b"abc="[..])
    );
}

#[tokio::test]
async fn nobody_is_believed_by_default() {
    let edge = edge("").await;
    edge.hears(&call()).await;
    assert_eq!(edge.delivery.called_back()[0].remote_address, "127.0.0.1");
}

#[tokio::test]
async fn a_trusted_proxy_says_who_called() {
    let edge = edge("trusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]").await;
    edge.hears(&call()).await;
    edge.hears(&call().without("x-forwarded-for")).await;
    let callers: Vec<String> = edge
        .delivery
        .called_back()
        .into_iter()
        .map(|handed| handed.remote_address)
        .collect();
    assert_eq!(callers, ["203.0.113.9", "127.0.0.1"]);
}
