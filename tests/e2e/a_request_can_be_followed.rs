//! A request has one name, which its caller is told and which stands in the lines of edge, delivery and attempt.

use aldis_tests::eventually::eventually;
use aldis_tests::{ALICE, Gateway, Setup, Tenant};

#[tokio::test(flavor = "multi_thread")]
async fn one_name_runs_through_edge_delivery_and_attempt() {
    let gateway = Gateway::start(Setup::default()).await;
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let answer = client
        .post(format!("http://{}/auth0/acme/sms", gateway.at.edge))
        .bearer_auth(gateway.tenant().token())
        .header("x-request-id", "followed-161803")
        .json(&Tenant::body(ALICE, "271801"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["x-request-id"], "followed-161803");
    for (process, words) in [
        (&gateway.edge, "request answered"),
        (&gateway.delivery, "message accepted"),
        (&gateway.delivery, "attempt ended"),
        (&gateway.delivery, "message settled"),
    ] {
        eventually(words, || async {
            let printed = process.printed();
            let mut lines = printed.lines().filter(|line| line.contains(words));
            lines.any(|line| line.contains("followed-161803")).then_some(())
        })
        .await;
    }
}

/// A client of delivery whose token is nobody's is named in the log a few times, and not without end.
#[tokio::test(flavor = "multi_thread")]
async fn refused_calls_are_said_a_few_times() {
    let gateway = Gateway::start(Setup::default()).await;
    let stranger = aldis_delivery_api::DeliveryClient::connect_lazy(&aldis_delivery_api::Endpoint {
        uri: format!("http://{}", gateway.at.delivery),
        token: aldis_delivery_api::ClientToken::new("nobody-has-this-token-0123456789abcdef"),
        tls: None,
        allow_plaintext: false,
    })
    .expect("an endpoint")
    .naming("stranger-1");
    for _ in 0..50 {
        assert!(stranger.carriers().await.is_err());
    }
    gateway.delivery.prints("a call was refused").await;
    let printed = gateway.delivery.printed();
    let lines: Vec<&str> = printed
        .lines()
        .filter(|line| line.contains("a call was refused"))
        .collect();
    assert!(lines.len() <= 5, "{printed}");
    assert!(
        lines
            .iter()
            .all(|line| line.contains("stranger-1") && line.contains("127.0.0.1")),
        "{lines:?}"
    );
}
