//! Promise 7: overload is answered, not suffered; and a stop drains.

use aldis_tests::eventually::eventually;
use aldis_tests::{ALICE, Gateway, Setup};
use std::sync::Arc;

/// More than fits at once is told to come back, at once, and what fits is served.
#[tokio::test(flavor = "multi_thread")]
async fn more_than_fits_is_told_to_come_back() {
    let setup = Setup {
        delivery: "max_in_flight = 2".to_owned(),
        ..Setup::default()
    };
    let gateway = Arc::new(Gateway::start(setup).await);

    let slow: Vec<_> = (0..8)
        .map(|turn| {
            let gateway = Arc::clone(&gateway);
            tokio::spawn(async move { gateway.sms("+12025550120", &format!("16180{turn}")).await })
        })
        .collect();
    let mut served = 0;
    for answer in slow {
        let answer = answer.await.expect("no panic");
        if answer.status == 200 {
            served += 1;
        } else {
            assert_eq!(answer.status, 503, "{answer:?}");
            assert_eq!(answer.json["code"], "overloaded");
            assert!(answer.retry_after.is_some(), "{answer:?}");
        }
    }
    assert!((2..8).contains(&served), "{served} of 8 were served");
}

/// SIGTERM while a carrier is thinking: the answer still comes, then the process ends with 0.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_finishes_what_is_under_way() {
    let gateway = Gateway::start(Setup::default()).await;
    let (token, body) = (
        gateway.tenant().token(),
        aldis_tests::Tenant::body("+12025550120", "161890"),
    );
    let url = format!("http://{}/auth0/acme/sms", gateway.at.edge);
    let request = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client")
        .post(url)
        .bearer_auth(token)
        .json(&body);
    let under_way = tokio::spawn(request.send());
    eventually("the carrier to have it", || async {
        gateway.inbox.messages().pop()
    })
    .await;

    let delivery = gateway.delivery.terminate().await;
    let edge = gateway.edge.terminate().await;

    let answer = under_way.await.expect("no panic").expect("an answer");
    assert_eq!(answer.status(), 200);
    assert_eq!((delivery.code(), edge.code()), (Some(0), Some(0)));
}

/// Delivery away: the edge says so, and says that it may be tried again.
#[tokio::test(flavor = "multi_thread")]
async fn an_absent_delivery_is_said() {
    let mut gateway = Gateway::start(Setup::default()).await;
    gateway.delivery.kill_nine();

    let answer = gateway.sms(ALICE, "161891").await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.json["retryable"], true);
    eventually("the edge to be unready", || async {
        let page = reqwest::get(format!("http://{}/readyz", gateway.at.edge_admin))
            .await
            .ok()?;
        (page.status() == 503).then_some(())
    })
    .await;
    assert_eq!(
        gateway.page(gateway.at.edge_admin, "/livez").await.trim(),
        "alive"
    );

    gateway.restart_delivery().await;
    assert_eq!(gateway.sms(ALICE, "161892").await.status, 200);
}
