//! Exactly 200, or an error that means something: the whole table of docs/http.md.

use crate::harness::delivery::MESSAGE_ID;
use crate::harness::edge::{bearer, tenant};
use crate::harness::{Answer, Call, Delivery, Edge, Script};
use aldis_delivery_api::wire::MessageState;
use aldis_delivery_api::{DeliveryError, ErrorKind};
use std::time::Duration;

/// Delivery's code, our status, and the code outside.
const TABLE: [(&str, u16, &str); 27] = [
    ("invalid_argument", 400, "invalid_argument"),
    ("too_long", 400, "too_long"),
    ("blocked", 403, "blocked"),
    ("no_route", 403, "no_route"),
    ("idempotency_conflict", 409, "idempotency_conflict"),
    ("superseded", 409, "superseded"),
    ("cancelled_by_caller", 409, "cancelled_by_caller"),
    ("invalid_number", 422, "invalid_number"),
    ("opted_out", 422, "opted_out"),
    ("internal", 500, "internal"),
    ("not_found", 500, "internal"),
    ("settings_refused", 500, "internal"),
    ("carrier_failed", 502, "carrier_failed"),
    ("carrier_unauthorized", 502, "carrier_unauthorized"),
    ("carrier_no_funds", 502, "carrier_no_funds"),
    ("sender_not_allowed", 502, "sender_not_allowed"),
    ("carrier_rejected", 502, "carrier_rejected"),
    ("carrier_throttled", 503, "carrier_throttled"),
    ("overloaded", 503, "overloaded"),
    ("shutting_down", 503, "shutting_down"),
    ("delivery_unavailable", 503, "delivery_unavailable"),
    // Our token towards delivery, not Auth0's towards us.
    ("unauthenticated", 503, "delivery_unavailable"),
    ("permission_denied", 503, "delivery_unavailable"),
    ("deadline_exceeded", 504, "deadline_exceeded"),
    ("outcome_unknown", 504, "outcome_unknown"),
    ("fenced", 504, "fenced"),
    ("delivery_timeout", 504, "delivery_timeout"),
];

/// RFC 9457, and the members callers rely on.
fn assert_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{code}: {answer:?}");
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json"),
        "{code}"
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{code}");
    let json = answer.json();
    assert_eq!(json["status"], status, "{code}");
    assert_eq!(json["code"], code);
    assert_eq!(json["type"], format!("urn:aldis:problem:{code}"));
    assert!(
        json["title"].is_string() && json["retryable"].is_boolean(),
        "{json}"
    );
    assert_eq!(
        status == 503,
        answer.header("retry-after").is_some(),
        "{code}: 503 says when to come back"
    );
}

#[tokio::test]
async fn every_delivery_error_has_its_answer() {
    let edge = Edge::with(&tenant("acme", "answer_within = \"2s\"", &bearer(""))).await;
    for kind in ErrorKind::all() {
        let (_, status, code) = TABLE
            .into_iter()
            .find(|(inside, ..)| *inside == kind.code())
            .unwrap_or_else(|| panic!("{} is not in the table", kind.code()));
        let mut error = DeliveryError::new(kind, "delivery's own words");
        // One that has taken nothing has no message to name.
        let named = !matches!(kind, ErrorKind::ShuttingDown | ErrorKind::Unavailable);
        if named {
            error = error.about(MESSAGE_ID.parse().expect("an id"));
        }
        // A delivery that is away is asked again: three times.
        for _ in 0..3 {
            edge.delivery.then(Script::Fail(error.clone()));
        }
        let answer = edge.hears(&Call::good()).await;
        edge.delivery.forget();
        assert_problem(&answer, status, code);
        let about = answer.json()["message_id"].clone();
        assert_eq!(about == MESSAGE_ID, named, "{code}: {about}");
        let shown = answer.text.contains("delivery's own words");
        assert_eq!(
            shown,
            status < 500 || matches!(kind, ErrorKind::Refused(_)),
            "{code}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn what_asks_to_be_tried_again_says_so() {
    let edge = Edge::start().await;
    for (code, _, shown) in TABLE {
        let kind = ErrorKind::all().find(|kind| kind.code() == code).expect("a kind");
        let error = || DeliveryError::new(kind, "").retry_after(Duration::from_millis(6200));
        for _ in 0..3 {
            edge.delivery.then(Script::Fail(error()));
        }
        let answer = edge.hears(&Call::good()).await;
        edge.delivery.forget();
        assert_eq!(
            answer.header("retry-after"),
            Some("7"),
            "{code}: whole seconds, rounded up"
        );
        let expected = [
            "carrier_throttled",
            "carrier_failed",
            "deadline_exceeded",
            "overloaded",
            "shutting_down",
            "delivery_unavailable",
        ]
        .contains(&shown);
        assert_eq!(answer.json()["retryable"], expected, "{code}");
    }
    edge.delivery
        .then(Script::Fail(DeliveryError::invalid("text", "too odd")));
    let answer = edge.hears(&Call::good()).await;
    assert_eq!(
        (answer.status, answer.json()["field"].as_str()),
        (400, Some("text"))
    );
}

#[tokio::test]
async fn success_is_exactly_200_and_two_members() {
    let cases = [
        ("carrier", MessageState::Submitted, "submitted"),
        ("carrier", MessageState::Delivered, "submitted"),
        ("carrier", MessageState::Undelivered, "submitted"),
        ("stored", MessageState::Queued, "queued"),
        ("stored", MessageState::Sending, "sending"),
        ("stored", MessageState::Submitted, "submitted"),
    ];
    for (accept, state, shown) in cases {
        let edge = Edge::with(&tenant("acme", &format!("accept = \"{accept}\""), &bearer(""))).await;
        edge.delivery.then(Script::Say(state));
        let answer = edge.hears(&Call::good()).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("application/json")),
            "{answer:?}"
        );
        assert_eq!(
            answer.json(),
            serde_json::json!({"message_id": MESSAGE_ID, "state": shown})
        );
    }
}

#[tokio::test]
async fn no_200_without_a_carrier_that_took_it() {
    let edge = Edge::start().await;
    let untaken = [
        MessageState::Queued,
        MessageState::Sending,
        MessageState::Failed,
        MessageState::Expired,
        MessageState::Cancelled,
        MessageState::Unknown,
    ];
    for state in untaken {
        edge.delivery.then(Script::Say(state));
        let answer = edge.hears(&Call::good()).await;
        assert_problem(&answer, 500, "internal");
        assert_eq!(answer.json()["message_id"], MESSAGE_ID);
    }
}

#[tokio::test]
async fn every_401_is_the_same() {
    let edge = Edge::start().await;
    // The caller's own, so that nothing else tells two answers apart.
    let call = || Call::bare().header("x-request-id", "the-same");
    let first = edge.hears(&call()).await;
    assert_problem(&first, 401, "unauthorized");
    assert_eq!(first.header("www-authenticate"), Some("Bearer"));
    for value in [
        "",
        "Basic x",
        "Bearer x",
        "Bearer a.b.c",
        &crate::harness::Token::good().claim("exp", 5).bearer(),
    ] {
        let answer = edge.hears(&call().header("authorization", value)).await;
        assert_eq!(answer.text, first.text, "{value}");
        assert_eq!(answer.headers.len(), first.headers.len(), "{value}");
    }
}

#[tokio::test]
async fn a_delivery_that_is_away_or_silent() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("bound");
    let quick = tenant("acme", "answer_within = \"1s\"", &bearer(""));
    let edge = Edge::before(Delivery::start().await, &format!("http://{free}"), "", &quick).await;
    let answer = edge.hears(&Call::good()).await;
    assert_problem(&answer, 503, "delivery_unavailable");
    assert!(!answer.text.contains(&free.to_string()), "{answer:?}");
    assert_eq!(edge.page("/readyz").await.status, 503);
    assert_eq!(edge.page("/livez").await.status, 200);

    let edge = Edge::with(&quick).await;
    edge.delivery.then(Script::Wait);
    let answer = edge.hears(&Call::good()).await;
    assert_problem(&answer, 504, "outcome_unknown");
    assert_eq!(edge.page("/readyz").await.status, 200);
}

#[tokio::test]
async fn what_is_counted() {
    let edge = Edge::start().await;
    edge.hears(&Call::good()).await;
    edge.hears(&Call::bare()).await;
    edge.hears(&Call::bare().header(
        "authorization",
        crate::harness::Token::good().claim("exp", 5).bearer(),
    ))
    .await;
    edge.hears(&Call::good().path("/auth0/somebody-else/sms")).await;
    let page = edge.page("/metrics").await.text;
    let lines = [
        r#"aldis_edge_requests_total{tenant="acme",status="200"} 1"#,
        r#"aldis_edge_requests_total{tenant="acme",status="401"} 2"#,
        r#"aldis_edge_requests_total{tenant="none",status="404"} 1"#,
        r#"aldis_edge_auth_rejected_total{tenant="acme",cause="no_header"} 1"#,
        r#"aldis_edge_auth_rejected_total{tenant="acme",cause="expired"} 1"#,
        "aldis_edge_request_duration_seconds_count 4",
        "aldis_edge_in_flight 0",
    ];
    for line in lines {
        assert!(page.lines().any(|has| has == line), "{line} is not in\n{page}");
    }
    assert!(!page.contains("somebody-else"), "a caller cannot make labels");
}
