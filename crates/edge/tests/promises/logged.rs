//! A line of the log can be found by what the caller was told, says who called, and cannot be caused without end.

use crate::harness::edge::{bearer, tenant};
use crate::harness::{Call, Edge, Printed};
use serde_json::Value;

async fn edge(keys: &str) -> Edge {
    let keys = format!("public_url = \"https://sms.example.com\"\n{keys}");
    Edge::with_keys(&keys, &tenant("acme", "", &bearer(""))).await
}

/// The lines with these words, each as it was written.
fn lines(printed: &Printed, words: &str) -> Vec<Value> {
    let text = printed.text();
    let lines = text.lines().filter(|line| line.contains(words));
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

#[tokio::test]
async fn what_anybody_may_cause_is_said_a_few_times_and_counted() {
    let (printed, _listening) = Printed::listening("info");
    let edge = edge("").await;
    let calls = [
        (Call::bare(), 401),
        (Call::bare().header("authorization", "Bearer x"), 401),
        (Call::bare().path("/nowhere"), 404),
        (Call::bare().path("/auth0/nobody/sms"), 404),
        (Call::bare().method("PUT"), 405),
        (Call::bare().method("PUT").path("/carriers/api/receipts"), 405),
        (Call::bare().path("/carriers/A%20B/receipts"), 404),
        (
            Call::bare().header("authorization", format!("Bearer {}", "x".repeat(9000))),
            431,
        ),
    ];
    for (call, status) in &calls {
        for _ in 0..30 {
            let answer = edge.hears(call).await;
            assert_eq!(answer.status, *status, "{answer:?}");
        }
    }
    let all = printed.text().lines().count();
    assert!(
        all < 80,
        "{} calls wrote {all} lines:\n{}",
        calls.len() * 30,
        printed.text()
    );
    assert_eq!(lines(&printed, "no_header").len(), 5);
    for line in lines(&printed, "token rejected") {
        assert_eq!(
            (line["address"].as_str(), line["tenant"].as_str()),
            (Some("127.0.0.1"), Some("acme"))
        );
    }
    // Whoever has authenticated is in the log each time.
    for _ in 0..30 {
        assert_eq!(edge.hears(&Call::good()).await.status, 200);
        assert_eq!(edge.hears(&Call::good().body("{")).await.status, 400);
    }
    assert_eq!(lines(&printed, "\"status\":200").len(), 30);
    assert_eq!(
        lines(&printed, "\"status\":400,\"code\":\"invalid_request\"").len(),
        30
    );
    let page = edge.page("/metrics").await.text;
    assert!(page.contains("cause=\"no_header\"} 30"), "{page}");
}

#[tokio::test]
async fn a_request_has_one_name_everywhere() {
    let (printed, _listening) = Printed::listening("warn");
    let edge = edge("").await;
    for (given, kept) in [
        (Some("req-1.2_3"), true),
        (Some(&*"x".repeat(64)), true),
        (Some(&*"x".repeat(65)), false),
        (Some("two words"), false),
        (Some(""), false),
        (None, false),
    ] {
        let named = |call: Call| match given {
            Some(name) => call.header("x-request-id", name),
            None => call,
        };
        let answer = edge.hears(&named(Call::good())).await;
        let name = answer.header("x-request-id").expect("a name").to_owned();
        assert_eq!(Some(&*name) == given, kept, "{name}");
        assert_eq!(edge.delivery.asked().pop().expect("asked").request_id, name);

        let answer = edge.hears(&named(Call::bare())).await;
        let name = answer.header("x-request-id").expect("a name").to_owned();
        assert_eq!(answer.json()["request_id"].as_str(), Some(&*name), "{answer:?}");
        assert_eq!(Some(&*name) == given, kept, "{name}");
    }
    let named = lines(&printed, "token rejected");
    assert_eq!(
        named[0]["span"]["request_id"].as_str(),
        Some("req-1.2_3"),
        "{named:?}"
    );
    let two = Call::bare()
        .header("x-request-id", "a")
        .header("x-request-id", "a");
    assert_ne!(edge.hears(&two).await.header("x-request-id"), Some("a"));
    for call in [
        Call::bare().path("/nowhere"),
        Call::bare().method("HEAD"),
        Call::bare().method("GET"),
        Call::good().body("{"),
    ] {
        let answer = edge.hears(&call.header("x-request-id", "abc")).await;
        assert_eq!(answer.header("x-request-id"), Some("abc"), "{answer:?}");
        assert!(
            answer.text.is_empty() || answer.json()["request_id"] == "abc",
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn an_address_is_shown_as_the_settings_say() {
    for (setting, shown) in [
        ("log_addresses = \"full\"", Some("203.0.113.9")),
        ("log_addresses = \"masked\"", Some("203.0.113.0/24")),
        ("log_addresses = \"none\"", None),
    ] {
        let (printed, _listening) = Printed::listening("info");
        let edge = edge(&format!("trusted_proxies = [\"127.0.0.1\"]\n{setting}")).await;
        edge.hears(&Call::bare().header("x-forwarded-for", "203.0.113.9"))
            .await;
        for words in ["token rejected", "request answered"] {
            let line = lines(&printed, words).pop().expect("a line");
            assert_eq!(line["address"].as_str(), shown, "{line}");
        }
    }
}
