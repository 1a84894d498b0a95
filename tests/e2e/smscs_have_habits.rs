//! The habits of SMSCs that are busy, go down or forget something cost no message, send none twice, and let nobody write
//! somebody else's receipt.

use aldis_message::{DeliveryStatus, OutcomeClass};
use aldis_tests::eventually::eventually;
use aldis_tests::setup::CarrierSetup;
use aldis_tests::smsc::Smsc;
use aldis_tests::{Gateway, Setup};
use serde_json::{Value, json};

/// Starts a gateway whose first carrier is this SMSC, bound; more may follow it in the route.
async fn gateway(smsc: &Smsc, more: &str, change: impl FnOnce(&mut Setup)) -> Gateway {
    let mut setup = Setup {
        carriers: vec![CarrierSetup {
            plugin: "smpp".to_owned(),
            settings: smsc.settings(more),
            ..CarrierSetup::sandbox("smsc")
        }],
        ..Setup::default()
    };
    change(&mut setup);
    let gateway = Gateway::start(setup).await;
    eventually("the bind", || async {
        gateway.sms("+12025550190", "000000").await;
        submits(smsc, "12025550190").first().map(drop)
    })
    .await;
    gateway
}

fn submits(smsc: &Smsc, to: &str) -> Vec<Value> {
    smsc.told().into_iter().filter(|told| told["to"] == to).collect()
}

async fn comes_to(gateway: &Gateway, id: &str, state: DeliveryStatus) {
    eventually(&format!("{id} is {state}"), || async {
        (gateway.life(id).await.status == state).then_some(())
    })
    .await;
}

fn of_store(gateway: &Gateway, query: &str, id: &str) -> Option<String> {
    let store = rusqlite::Connection::open(gateway.store()).expect("the store");
    store.query_row(query, [id], |row| row.get(0)).expect("a row")
}

const LATE: &str = "SELECT late FROM attempts WHERE message = ?1 AND number = 1";

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_after_its_time_and_its_receipt_find_their_message() {
    let Some(smsc) = Smsc::node().await else { return };
    let gateway = gateway(&smsc, "answer_seconds = 1", |_| {}).await;
    // The receipt behind the answer, and before it; and a text of two parts.
    let long = "\u{436}".repeat(100);
    for (to, text) in [
        ("+12025550136", "Code 271828"),
        ("+12025550137", "Code 271828"),
        ("+12025550136", &long),
    ] {
        let body = json!({ "recipient": to, "body": text });
        let answer = gateway.post(&gateway.tenant().token(), &body).await;
        assert_eq!(answer.json["code"], "outcome_unknown", "{answer:?}");
        let id = answer.message_id();
        comes_to(&gateway, &id, DeliveryStatus::Delivered).await;
        assert_eq!(of_store(&gateway, LATE, &id).as_deref(), Some("accepted"));
        assert_eq!(gateway.life(&id).await.attempts.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_is_known_though_another_carrier_was_asked() {
    let Some(smsc) = Smsc::node().await else { return };
    let gateway = gateway(&smsc, "answer_seconds = 1", |setup| {
        setup.carriers.push(CarrierSetup::sandbox("second"));
        let route =
            "[[routes]]\nto = [\"+\"]\ncarriers = [\"smsc\", \"second\"]\nlost_answer = \"next_carrier\"\n";
        setup.routes = Some(route.to_owned());
    })
    .await;
    let answer = gateway.sms("+12025550136", "271828").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let id = answer.message_id();
    eventually("both copies are known", || async {
        (of_store(&gateway, LATE, &id).as_deref() == Some("accepted")).then_some(())
    })
    .await;
    eventually("the receipt of the first", || async {
        let life = gateway.life(&id).await;
        (life.attempts.len() == 2 && life.attempts[0].receipts.len() == 1).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_smsc_that_unbinds_is_heard_to_the_end() {
    let Some(smsc) = Smsc::node().await else { return };
    let gateway = gateway(&smsc, "", |_| {}).await;
    let answer = gateway.sms("+12025550166", "271828").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    comes_to(&gateway, &answer.message_id(), DeliveryStatus::Delivered).await;
    eventually("the bind is made anew", || async {
        let answer = gateway.sms("+12025550100", "271828").await;
        (answer.status == 200).then_some(())
    })
    .await;
    assert_eq!(submits(&smsc, "12025550166").len(), 1);
}

/// Returns the `udh` of each submit, and how often the first part was written.
fn parts(smsc: &Smsc, to: &str) -> (Vec<Value>, usize) {
    let all: Vec<Value> = submits(smsc, to)
        .into_iter()
        .map(|told| told["udh"].clone())
        .collect();
    let first = all.iter().filter(|udh| **udh == all[0]).count();
    (all, first)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_throttled_in_the_middle_is_finished() {
    let Some(smsc) = Smsc::node().await else { return };
    let gateway = gateway(&smsc, "", |_| {}).await;
    let text = "\u{436}".repeat(130);
    let body = json!({ "recipient": "+12025550150", "body": text });
    let answer = gateway.post(&gateway.tenant().token(), &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    comes_to(&gateway, &answer.message_id(), DeliveryStatus::Delivered).await;
    let (all, first) = parts(&smsc, "12025550150");
    assert!(first == 1 && (3..20).contains(&all.len()), "{all:?}");
}

/// A text may be throttled for longer than an attempt may take: nobody waits, and the deadline is far.
#[tokio::test(flavor = "multi_thread")]
async fn a_stored_text_is_finished_however_long_it_takes() {
    let Some(smsc) = Smsc::node().await else { return };
    let gateway = gateway(&smsc, "", |setup| {
        setup.tenants[0].accept = "stored";
        setup.carriers[0].keys = "timeout = \"5s\"".to_owned();
        setup.carriers.push(CarrierSetup::sandbox("second"));
        let route =
            "[[routes]]\nto = [\"+\"]\ncarriers = [\"smsc\", \"second\"]\nlost_answer = \"next_carrier\"\n";
        setup.routes = Some(route.to_owned());
    })
    .await;
    let body = json!({ "recipient": "+12025550151", "body": "\u{436}".repeat(130) });
    let answer = gateway.post(&gateway.tenant().token(), &body).await;
    // Fourteen seconds; a condition is awaited for less than that.
    let ends = tokio::time::Instant::now() + std::time::Duration::from_mins(1);
    while gateway.life(&answer.message_id()).await.status != DeliveryStatus::Delivered {
        assert!(
            tokio::time::Instant::now() < ends,
            "{:?}",
            gateway.life(&answer.message_id()).await
        );
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    let life = gateway.life(&answer.message_id()).await;
    assert_eq!(life.attempts.len(), 1);
    assert_eq!(life.attempts[0].outcome, Some(OutcomeClass::Accepted));
    assert_eq!(parts(&smsc, "12025550151").1, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_cannot_write_somebody_elses_receipt() {
    let Some(smsc) = Smsc::node().await else { return };
    let gateway = gateway(&smsc, "", |_| {}).await;
    let own = gateway.sms("+12025550170", "271828").await.message_id();
    comes_to(&gateway, &own, DeliveryStatus::Undelivered).await;
    let other = gateway.sms("+12025550171", "271828").await.message_id();
    eventually("it is kept as what somebody wrote", || async {
        let store = rusqlite::Connection::open(gateway.store()).expect("the store");
        let kept: i64 = store
            .query_row(
                "SELECT count(*) FROM inbound WHERE sender = '+12025550144' AND body LIKE 'id:% stat:UNDELIV%'",
                [],
                |row| row.get(0),
            )
            .expect("a count");
        (kept == 1).then_some(())
    })
    .await;
    assert_eq!(gateway.life(&other).await.status, DeliveryStatus::Submitted);
    gateway.delivery.prints("looks like a receipt").await;
}
