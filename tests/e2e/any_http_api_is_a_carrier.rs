//! A template is enough to speak to a gateway that we did not write: Debian's Kannel takes a message, refuses one, and
//! tells what became of it.

use aldis_message::{DeliveryStatus, OutcomeClass, ReceiptState};
use aldis_tests::eventually::eventually;
use aldis_tests::kannel::Kannel;
use aldis_tests::setup::CarrierSetup;
use aldis_tests::{Gateway, Setup};

fn setup(settings: String) -> Setup {
    let carrier = CarrierSetup {
        plugin: "http".to_owned(),
        settings,
        ..CarrierSetup::sandbox("kannel")
    };
    Setup {
        carriers: vec![carrier],
        ..Setup::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kannel_accepts_and_sends_receipts() {
    let Some(kannel) = Kannel::prepare().await else {
        return;
    };
    let gateway = Gateway::start(setup(kannel.settings("pa55word"))).await;
    let _running = kannel.start(gateway.at.edge).await;
    // The bind of Kannel to its SMSC takes a moment; what it took before that it sends then.
    for (recipient, state, receipt) in [
        ("+12025550100", DeliveryStatus::Delivered, ReceiptState::Delivered),
        (
            "+12025550103",
            DeliveryStatus::Undelivered,
            ReceiptState::Rejected,
        ),
    ] {
        let answer = gateway.sms(recipient, "271828").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let id = answer.message_id();
        let view = eventually(&format!("{recipient} is {state}"), || async {
            Some(gateway.life(&id).await).filter(|view| view.status == state)
        })
        .await;
        let attempt = &view.attempts[0];
        assert_eq!(attempt.outcome, Some(OutcomeClass::Accepted));
        assert!(
            attempt.receipts.iter().any(|told| told.state == receipt),
            "{recipient}"
        );
        // Kannel names no id: ours went there and came back.
        assert_eq!(attempt.carrier_message_ids, [id.as_str()]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kannel_refuses() {
    let Some(kannel) = Kannel::prepare().await else {
        return;
    };
    let gateway = Gateway::start(setup(kannel.settings("n0t-the-passw0rd"))).await;
    let _running = kannel.start(gateway.at.edge).await;
    let answer = gateway.sms("+12025550100", "271828").await;
    assert_eq!(answer.status, 502, "{answer:?}");
    let view = gateway.life(&answer.message_id()).await;
    assert_eq!(view.attempts[0].outcome, Some(OutcomeClass::Unauthorized));
    assert!(
        !gateway.printed().contains("n0t-the-passw0rd"),
        "a password was printed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_receipt_is_refused() {
    let Some(kannel) = Kannel::prepare().await else {
        return;
    };
    let gateway = Gateway::start(setup(kannel.settings("pa55word"))).await;
    let _running = kannel.start(gateway.at.edge).await;
    let forged = format!(
        "http://{}/carriers/kannel/receipts?id=msg_1&type=1&token=t0ken",
        gateway.at.edge
    );
    let answer = reqwest::get(&forged).await.expect("the edge");
    assert_eq!(answer.status().as_u16(), 403);
}
