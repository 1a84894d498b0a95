//! Promise 2: nothing is sent twice, except where a carrier's answer was lost, and then only
//! where the operator has said that a duplicate is cheaper than silence.

use aldis_message::{DeliveryStatus, OutcomeClass};
use aldis_tests::setup::CarrierSetup;
use aldis_tests::{ALICE, Gateway, Setup, Tenant};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

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

/// A carrier's API with a gateway before it that has given up: the carrier got the message all the same.
async fn behind_a_gateway(status: u16) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base_url = format!("http://{}", listener.local_addr().expect("bound"));
    let taken = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&taken);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 4096];
            if stream.read(&mut head).await.is_ok_and(|read| read > 0) {
                counted.fetch_add(1, Ordering::Relaxed);
            }
            let page = "<html><title>Gateway Time-out</title></html>";
            let answer = format!(
                "HTTP/1.1 {status} Gave Up\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{page}",
                page.len()
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (base_url, taken)
}

fn by_template(name: &str, base_url: &str) -> CarrierSetup {
    CarrierSetup {
        name: name.to_owned(),
        plugin: "http".to_owned(),
        settings: format!(
            "preset = \"kannel\"\nbase_url = \"{base_url}\"\nsender = \"+12025550199\"\nreceipts = false\n\
             values = {{ username = \"u\" }}\nsecrets = {{ password = {{ literal = \"planted-password\" }} }}"
        ),
        keys: String::new(),
    }
}

/// One Auth0 call had put five copies on the wire for each of these, and one more at the second carrier.
#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_gave_up_costs_no_second_sms() {
    for status in [502, 504, 520, 522, 524, 598, 599] {
        let (base_url, taken) = behind_a_gateway(status).await;
        let setup = Setup {
            carriers: vec![by_template("first", &base_url), CarrierSetup::sandbox("second")],
            ..Setup::default()
        };
        let gateway = Gateway::start(setup).await;
        let answer = gateway.sms(ALICE, "118438").await;
        assert_eq!(
            (answer.status, &answer.json["code"]),
            (504, &"outcome_unknown".into()),
            "{status}"
        );
        assert_eq!(answer.json["retryable"], false, "{status}");
        assert_eq!(
            (taken.load(Ordering::Relaxed), gateway.inbox.messages().len()),
            (1, 0),
            "{status}"
        );
        let life = gateway.life(&answer.message_id()).await;
        assert_eq!(life.status, DeliveryStatus::Unknown, "{status}");
    }
}

/// Cloudflare did not reach the carrier, or the server did not process it: nobody has it, and the next one may send it.
#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_was_not_reached_fails_over() {
    for status in [408, 425, 521, 523, 525, 526] {
        let (base_url, _) = behind_a_gateway(status).await;
        let setup = Setup {
            carriers: vec![by_template("first", &base_url), CarrierSetup::sandbox("second")],
            ..Setup::default()
        };
        let gateway = Gateway::start(setup).await;
        let answer = gateway.sms(ALICE, "118439").await;
        assert_eq!(
            (answer.status, gateway.inbox.messages().len()),
            (200, 1),
            "{status}: {answer:?}"
        );
    }
}

/// An answer that was a 2xx but cannot be read is as good as lost.
#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_yes_is_not_resent() {
    let gateway = Gateway::start(two_carriers("stop")).await;
    let answer = gateway.sms("+12025550123", "118437").await;
    assert_eq!(answer.status, 504, "{answer:?}");
    assert_eq!(gateway.inbox.messages().len(), 1);
}
