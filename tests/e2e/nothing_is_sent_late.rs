//! Promise 3: nothing is sent late. One absolute deadline travels to the carrier's validity, and
//! a newer code replaces a queued older one.

use aldis_message::{DeliveryStatus, Reason};
use aldis_tests::eventually::eventually;
use aldis_tests::setup::CarrierSetup;
use aldis_tests::{ALICE, Gateway, Setup, Tenant};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn the_deadline_reaches_the_carrier() {
    let gateway = Gateway::start(Setup::default()).await;
    assert_eq!(gateway.sms(ALICE, "314001").await.status, 200);
    let validity = gateway.inbox.messages()[0].validity_seconds.expect("a validity");
    assert!(
        (170..=180).contains(&validity),
        "code_lifetime is 3 minutes, the carrier was told {validity} s"
    );
}

fn stored(code_lifetime: &'static str) -> Setup {
    Setup {
        tenants: vec![Tenant {
            accept: "stored",
            code_lifetime,
            ..Tenant::named("acme")
        }],
        ..Setup::default()
    }
}

/// A carrier that is down until after the deadline never gets the message.
#[tokio::test(flavor = "multi_thread")]
async fn past_its_deadline_a_message_expires() {
    let gateway = Gateway::start(stored("3s")).await;

    let answer = gateway.sms("+12025550101", "314002").await; // 503 at every try
    assert_eq!(answer.status, 200, "stored: {answer:?}");

    let id = answer.message_id();
    let life = eventually("expired", || async {
        let life = gateway.life(&id).await;
        life.status.is_final().then_some(life)
    })
    .await;
    assert_eq!(life.status, DeliveryStatus::Expired, "{life:?}");
    assert_eq!(life.reason, Some(Reason::DeadlineExceeded));
    let last = life.attempts.last().expect("it was tried");
    assert!(
        last.started_at < life.deadline,
        "no attempt begins after the deadline"
    );
}

/// Auth0 kills the older code when it makes a new one; so do we.
#[tokio::test(flavor = "multi_thread")]
async fn a_newer_code_replaces_a_queued_older_one() {
    let gateway = Gateway::start(stored("3m")).await;
    let busy = "+12025550101";

    let older = gateway.sms(busy, "314003").await.message_id();
    eventually("the older one to wait for its next try", || async {
        (gateway.life(&older).await.status == DeliveryStatus::Queued).then_some(())
    })
    .await;
    assert_eq!(gateway.sms(busy, "314004").await.status, 200);

    let life = gateway.life(&older).await;
    assert_eq!(
        (life.status, life.reason),
        (DeliveryStatus::Cancelled, Some(Reason::Superseded))
    );
}

/// Delivery stands still, as in a live migration, while calls come in: whoever was answered meanwhile gets no code
/// afterwards, whatever 200 means to its tenant.
#[tokio::test(flavor = "multi_thread")]
async fn a_pause_of_delivery_sends_nothing_after_the_answer() {
    let mut setup = stored("3m");
    setup.tenants[0].answer_within = "1s";
    let gateway = Arc::new(Gateway::start(setup).await);
    let texts = || -> Vec<String> {
        let all = gateway.inbox.messages().into_iter();
        all.map(|sms| sms.text).collect()
    };
    let mut answered = BTreeMap::new();
    // On the wire before the pause, so before any answer of it.
    let mut before = Vec::new();
    for round in 0..3_u64 {
        let calls: Vec<_> = (0..60_u64)
            .map(|call| {
                let gateway = Arc::clone(&gateway);
                let code = format!("{:06}", 320_000 + round * 100 + call);
                // One each: a newer code would replace an older one.
                let recipient = format!("+120255501{}", 40 + call);
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(call * 2)).await;
                    let status = gateway.sms(&recipient, &code).await.status;
                    (code, status)
                })
            })
            .collect();
        // In the thick of it: some are answered, some are not.
        tokio::time::sleep(Duration::from_millis(30 + round * 20)).await;
        gateway.delivery.freeze();
        tokio::time::sleep(Duration::from_secs(2)).await;
        before.extend(texts());
        gateway.delivery.thaw();
        for call in calls {
            let (code, status) = call.await.expect("no panic");
            answered.insert(code, status);
        }
    }
    let tries = AtomicU64::new(0);
    // One writer, one order: one that is through now has all of them behind it.
    eventually("an answer after the pauses", || async {
        let code = format!("{:06}", 330_000 + tries.fetch_add(1, Ordering::Relaxed));
        (gateway.sms(ALICE, &code).await.status == 200).then_some(())
    })
    .await;
    eventually("everything that was promised", || async {
        let texts = texts();
        let mut promised = answered.iter().filter(|(_, status)| **status == 200);
        promised
            .all(|(code, _)| texts.iter().any(|text| text.contains(code.as_str())))
            .then_some(())
    })
    .await;
    let failed = answered.iter().filter(|(_, status)| **status != 200);
    let failed: Vec<_> = failed.map(|(code, _)| code).collect();
    assert!(!failed.is_empty(), "the pause was noticed");
    let texts = texts();
    let after = texts.iter().filter(|text| !before.contains(text));
    let after: Vec<_> = after.collect();
    let late: Vec<_> = failed
        .iter()
        .filter(|code| after.iter().any(|text| text.contains(code.as_str())))
        .collect();
    assert!(late.is_empty(), "sent after an error: {late:?}");
}

/// After a non-200 the message is fenced: the user has been told that no code will come.
#[tokio::test(flavor = "multi_thread")]
async fn after_an_error_nothing_more_is_tried() {
    let mut setup = Setup::default();
    setup.tenants[0].answer_within = "3s";
    setup.carriers = vec![CarrierSetup::sandbox("only")];
    let gateway = Gateway::start(setup).await;

    let answer = gateway.sms("+12025550122", "314005").await; // answers after 30 s
    assert_eq!(answer.status, 504, "{answer:?}");
    assert_eq!(answer.json["code"], "outcome_unknown");

    let life = gateway.life(&answer.message_id()).await;
    assert_eq!(life.status, DeliveryStatus::Unknown, "{life:?}");
    assert_eq!(gateway.inbox.messages().len(), 1);
}
