//! Authentication, class 20 of Auth0's contract: a repeated request is one SMS, a new one is a new SMS.
//!
//! Delivery makes one SMS of one idempotency key; here it is shown which requests share one.

use crate::harness::edge::{bearer, tenant};
use crate::harness::{BODY, Call, Edge, Token};

const OTHER_BODY: &str = r#"{"recipient":"+12025550100","body":"Your code is 271828"}"#;

/// The key delivery was given for this call, and for how many seconds it counts.
async fn key(edge: &Edge, call: &Call) -> (String, i64) {
    let answer = edge.hears(call).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let asked = edge.delivery.asked().pop().expect("one request");
    (
        asked.request.idempotency_key,
        asked.request.idempotency_window.expect("a window").seconds,
    )
}

#[tokio::test]
async fn class_20_same_token_and_body_are_one_request_for_ten_seconds() {
    let edge = Edge::start().await;
    let (first, window) = key(&edge, &Call::good()).await;
    assert_eq!(window, 10);
    assert_eq!(key(&edge, &Call::good()).await.0, first, "the same again");
    assert_eq!(
        key(&edge, &Call::good().chunked(7)).await.0,
        first,
        "however it travels"
    );
    assert_eq!(
        key(&edge, &Call::good().header("user-agent", "x")).await.0,
        first,
        "whoever carries it"
    );

    let new_body = Call::good().body(OTHER_BODY);
    assert_ne!(key(&edge, &new_body).await.0, first, "another body");
    assert_ne!(
        key(&edge, &Call::good().body(format!("{BODY} "))).await.0,
        first,
        "one byte more"
    );
    let new_token = Call::bare().header("authorization", Token::good().claim("jti", "2").bearer());
    assert_ne!(key(&edge, &new_token).await.0, first, "a resend has a new token");
}

#[tokio::test]
async fn class_20_every_edge_of_a_deployment_makes_the_same_keys() {
    let (one, two) = (Edge::start().await, Edge::start().await);
    let (first, _) = key(&one, &Call::good()).await;
    assert_eq!(key(&two, &Call::good()).await.0, first);
    assert!(!first.contains("314159") && !first.contains("2025550100"));
}

/// While the token towards delivery is being rotated some edges have the old one and some the new one.
#[tokio::test]
async fn class_20_the_token_towards_delivery_is_no_part_of_a_key() {
    let (old, new) = (
        Edge::start().await,
        Edge::with_token("the-next-edge-token-of-the-tests").await,
    );
    for call in [Call::good(), Call::good().header("idempotency-key", "order-66")] {
        assert_eq!(key(&old, &call).await, key(&new, &call).await);
    }
}

/// The keys that edges of earlier versions made are looked for, too: they used the token.
#[tokio::test]
async fn class_20_the_key_of_earlier_versions_goes_along() {
    let edge = Edge::start().await;
    edge.hears(&Call::good().header("idempotency-key", "order-66"))
        .await;
    let asked = edge.delivery.asked().remove(0).request;
    assert_eq!(
        asked.former_idempotency_key,
        "chosen-H86FjzgJqBE-cmNPF8wsPtQTm-ewUokgF44TfbKbmeM"
    );
    assert_ne!(asked.idempotency_key, asked.former_idempotency_key);
    edge.hears(&Call::good()).await;
    let asked = edge.delivery.asked().remove(0).request;
    assert!(asked.former_idempotency_key.starts_with("request-"));
}

#[tokio::test]
async fn class_20_without_authentication_the_body_alone_counts() {
    let open = "method = \"none\"\nallow_unauthenticated = true";
    let edge = Edge::with(&(tenant("acme", "", open) + &tenant("other", "", open))).await;
    let (first, window) = key(&edge, &Call::bare()).await;
    assert_eq!(window, 10);
    assert_eq!(
        key(&edge, &Call::good()).await.0,
        first,
        "a token nobody looks at changes nothing"
    );
    assert_ne!(key(&edge, &Call::bare().body(OTHER_BODY)).await.0, first);
    assert_ne!(
        key(&edge, &Call::bare().path("/auth0/other/sms")).await.0,
        first,
        "another tenant"
    );
}

#[tokio::test]
async fn class_20_a_key_the_caller_chose_wins_for_a_day() {
    let both =
        tenant("acme", "", &bearer("")) + &tenant("other", "", &bearer("").replace("urn:acme", "urn:other"));
    let edge = Edge::with(&both).await;
    let chosen = Call::good().header("idempotency-key", "order-66");
    let (first, window) = key(&edge, &chosen).await;
    assert_eq!(window, 24 * 60 * 60);
    assert_eq!(
        key(&edge, &chosen.clone().body(OTHER_BODY)).await.0,
        first,
        "whatever the body"
    );
    assert_ne!(
        key(&edge, &Call::good().header("idempotency-key", "order-67"))
            .await
            .0,
        first
    );
    assert_ne!(key(&edge, &Call::good()).await.0, first);
    let others = Call::bare()
        .path("/auth0/other/sms")
        .header("authorization", Token::good().claim("aud", "urn:other").bearer())
        .header("idempotency-key", "order-66");
    assert_ne!(key(&edge, &others).await.0, first, "each tenant has its own");

    let long = "k".repeat(129);
    for wrong in ["", "two words", "h\u{e9}", &long] {
        let answer = edge.hears(&Call::good().header("idempotency-key", wrong)).await;
        assert_eq!(
            (answer.status, answer.json()["field"].as_str()),
            (400, Some("idempotency-key")),
            "{wrong}"
        );
    }
    let twice = Call::good()
        .header("idempotency-key", "a")
        .header("idempotency-key", "a");
    assert_eq!(edge.hears(&twice).await.status, 400);
    assert_eq!(
        edge.hears(&twice.without("authorization")).await.status,
        401,
        "authentication comes first"
    );
}
