//! Delivery goes away in the middle of a call: a caller is told to try again only if nothing was sent.

use aldis_message::DeliveryStatus;
use aldis_tests::eventually::eventually;
use aldis_tests::{ALICE, Gateway, Setup};
use std::sync::Arc;

/// The sandbox accepts these after 2 s, and after 30 s (plugins/sandbox/README.md).
const SLOW: &str = "+12025550120";
const HANGING: &str = "+12025550122";

async fn at_the_carrier(gateway: &Gateway) {
    eventually("the carrier to have it", || async {
        (!gateway.inbox.messages().is_empty()).then_some(())
    })
    .await;
}

/// A delivery that stays away, and one that is back while the edge still asks.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_after_the_carrier_took_it() {
    for comes_back in [false, true] {
        let gateway = Arc::new(Gateway::start(Setup::default()).await);
        let calling = Arc::clone(&gateway);
        let call = tokio::spawn(async move { calling.sms(SLOW, "518001").await });
        at_the_carrier(&gateway).await;
        gateway.delivery.kill_nine();
        let back = comes_back.then(|| gateway.delivery_again());
        let answer = call.await.expect("no panic");
        assert_eq!(answer.status, 504, "{answer:?}");
        assert_eq!(answer.json["code"], "outcome_unknown");
        assert_eq!(answer.json["retryable"], false);
        assert_eq!(gateway.inbox.messages().len(), 1);
        // On a busy machine it may be back only after the edge has answered.
        if back.is_some() && answer.json["message_id"].is_string() {
            let life = gateway.life(&answer.message_id()).await;
            assert_eq!(life.status, DeliveryStatus::Unknown);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_was_never_there() {
    let gateway = Gateway::start(Setup::default()).await;
    gateway.delivery.terminate().await;
    let answer = gateway.sms(ALICE, "518002").await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.json["code"], "delivery_unavailable");
    assert_eq!(answer.json["retryable"], true);
    assert!(gateway.inbox.messages().is_empty());
}

/// Delivery drains for as long as it may, and says what is true when it must go.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_while_a_carrier_hangs() {
    let mut setup = Setup::default();
    setup.tenants[0].answer_within = "29s";
    setup.carriers[0].keys = "timeout = \"28s\"".to_owned();
    let gateway = Arc::new(Gateway::start(setup).await);
    let calling = Arc::clone(&gateway);
    let call = tokio::spawn(async move { calling.sms(HANGING, "518003").await });
    at_the_carrier(&gateway).await;
    assert!(gateway.delivery.terminate().await.success());
    let answer = call.await.expect("no panic");
    assert_eq!(answer.status, 504, "{answer:?}");
    assert_eq!(answer.json["code"], "outcome_unknown");
    assert_eq!(answer.json["retryable"], false);
    assert!(answer.json["message_id"].is_string(), "{answer:?}");
}
