//! Promise 2: nothing is sent twice, except where a carrier's answer was lost, and then only
//! where the operator has said that a duplicate is cheaper than silence.

use aldis_message::{DeliveryStatus, OutcomeClass};
use aldis_tests::setup::CarrierSetup;
use aldis_tests::{ALICE, Gateway, Setup, Tenant};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The sandbox takes the message and never says so (plugins/sandbox/README.md).
const LOST: &str = "+12025550121";

/// The same token and body within ten seconds is a replay: the first answer again, one SMS.
#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_request_gets_the_first_answer() {
    let gateway = Gateway::start(Setup::default()).await;
    let (token, body) = (gateway.tenant().token(), Tenant::body(ALICE, "118432"));

    let first = gateway.post(&token, &body).await;
    let second = gateway.post(&token, &body).await;

    assert_eq!((first.status, second.status), (200, 200));
    assert_eq!(first.message_id(), second.message_id());
    assert_eq!(gateway.inbox.messages().len(), 1);
}

/// Five at once attach to one running attempt.
#[tokio::test(flavor = "multi_thread")]
async fn replays_at_the_same_moment_share_one_attempt() {
    let gateway = Gateway::start(Setup::default()).await;
    let (token, body) = (gateway.tenant().token(), Tenant::body("+12025550120", "118433")); // answers after 2 s

    let gateway = Arc::new(gateway);
    let calls: Vec<_> = (0..5)
        .map(|_| {
            let (gateway, token, body) = (Arc::clone(&gateway), token.clone(), body.clone());
            tokio::spawn(async move { gateway.post(&token, &body).await })
        })
        .collect();
    let mut ids = BTreeSet::new();
    for call in calls {
        let answer = call.await.expect("no panic");
        assert_eq!(answer.status, 200, "{answer:?}");
        ids.insert(answer.message_id());
    }
    assert_eq!(ids.len(), 1);
    assert_eq!(gateway.inbox.messages().len(), 1);
}

/// A resend by the user has a new token: the same digits must go out again.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_text_with_a_new_token_is_a_new_sms() {
    let gateway = Gateway::start(Setup::default()).await;
    let body = Tenant::body(ALICE, "118434");

    let first = gateway.post(&gateway.tenant().token(), &body).await;
    let second = gateway.post(&gateway.tenant().token(), &body).await;

    assert_eq!((first.status, second.status), (200, 200));
    assert_ne!(first.message_id(), second.message_id());
    assert_eq!(gateway.inbox.messages().len(), 2);
}

fn two_carriers(lost_answer: &str) -> Setup {
    Setup {
        carriers: vec![CarrierSetup::sandbox("first"), CarrierSetup::sandbox("second")],
        routes: Some(format!(
            "[[routes]]\nto = [\"+\"]\ncarriers = [\"first\", \"second\"]\nlost_answer = \"{lost_answer}\"\n"
        )),
        ..Setup::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_unknown_and_not_resent() {
    let gateway = Gateway::start(two_carriers("stop")).await;

    let answer = gateway.sms(LOST, "118435").await;

    assert_eq!(answer.status, 504, "{answer:?}");
    assert_eq!(answer.json["code"], "outcome_unknown");
    assert_eq!(gateway.inbox.messages().len(), 1);
    let life = gateway.life(&answer.message_id()).await;
    assert_eq!(life.status, DeliveryStatus::Unknown);
    assert_eq!(life.attempts.len(), 1);
    assert_eq!(life.attempts[0].outcome, Some(OutcomeClass::Ambiguous));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_may_go_elsewhere_where_the_route_says_so() {
    let gateway = Gateway::start(two_carriers("next_carrier")).await;

    let answer = gateway.sms(LOST, "118436").await;

    // The second carrier loses it too; at most one extra copy.
    assert_eq!(answer.status, 504, "{answer:?}");
    assert_eq!(gateway.inbox.messages().len(), 2);
    assert_eq!(gateway.life(&answer.message_id()).await.attempts.len(), 2);
}

/// An answer that was a 2xx but cannot be read is as good as lost.
#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_yes_is_not_resent() {
    let gateway = Gateway::start(two_carriers("stop")).await;
    let answer = gateway.sms("+12025550123", "118437").await;
    assert_eq!(answer.status, 504, "{answer:?}");
    assert_eq!(gateway.inbox.messages().len(), 1);
}
