//! A text that only looks like a receipt changes nothing of anybody else's message, and is kept as what a person wrote;
//! where its addresses prove it, it is a receipt, also before the answer that has the id.

use super::a_receipt_finds_its_message::changed;
use super::*;
use crate::receipts::proof::SenderProof;
use aldis_message::{ReceiptState, Sender};

const RECIPIENT: &str = "+12025550100";
const SENDER: &str = "+12025550199";

fn written(from: &str, to: &str, state: ReceiptState) -> News {
    News::Unproven(Unproven {
        receipt: Receipt {
            carrier_id: "SM1".to_owned(),
            part: 0,
            state,
            is_final: true,
            class: None,
            code: None,
            carrier_time: None,
        },
        sender: SenderProof::Named,
        inbound: Inbound {
            carrier_id: String::new(),
            part: 0,
            sender: from.to_owned(),
            recipient: to.to_owned(),
            text: "id:SM1 stat:UNDELIV".to_owned(),
            attributes: std::collections::BTreeMap::new(),
            carrier_time: None,
            wish: Wish::None,
        },
    })
}

async fn keep(store: &Store, news: News) -> Heard {
    let kept = store
        .keep(&carrier("a"), vec![news], None, after(seconds(5)))
        .await;
    kept.unwrap().remove(0)
}

async fn begun(store: &Store) -> Lease {
    let message = NewMessage {
        sender: Some(Sender::parse(SENDER).unwrap()),
        ..message()
    };
    accept(store, arrival(1, message, send())).await.0
}

async fn taken(store: &Store, lease: &Lease) {
    let ended = Ended {
        carrier_ids: vec!["SM1".to_owned()],
        ..ended(1, OutcomeClass::Accepted)
    };
    store
        .record_attempt(lease, Some(ended), Next::Submitted, NOW)
        .await
        .unwrap();
}

#[tokio::test]
async fn about_a_message_that_is_not_theirs() {
    for (from, to) in [
        ("+12025550104", SENDER),
        (RECIPIENT, "40404"),
        (SENDER, RECIPIENT),
    ] {
        let fresh = Fresh::new();
        let lease = begun(&fresh).await;
        // Before the answer that has the id, and after it.
        for _ in 0..2 {
            assert_eq!(
                keep(&fresh, written(from, to, ReceiptState::Undelivered)).await,
                Heard::Doubted
            );
            taken(&fresh, &lease).await;
            let view = record(&fresh, 1).await.view;
            assert_eq!(view.status, DeliveryStatus::Submitted, "{from} {to}");
            assert!(view.attempts[0].receipts.is_empty());
        }
        let kept = "SELECT count(*) FROM inbound WHERE body = 'id:SM1 stat:UNDELIV' AND opt_out = 0";
        assert_eq!(fresh.ask::<u32>(kept), 2, "what somebody wrote is not lost");
    }
}

#[tokio::test]
async fn with_the_addresses_of_its_message_it_is_one() {
    let fresh = Fresh::new();
    let lease = begun(&fresh).await;
    taken(&fresh, &lease).await;
    let told = written(RECIPIENT, SENDER, ReceiptState::Delivered);
    let arrived = changed(DeliveryStatus::Submitted, DeliveryStatus::Delivered);
    assert_eq!(keep(&fresh, told.clone()).await, arrived);
    assert_eq!(keep(&fresh, told).await, Heard::Receipt(Kept::Repeated));
    assert_eq!(fresh.ask::<u32>("SELECT count(*) FROM inbound"), 0);
}

#[tokio::test]
async fn before_the_answer_it_waits_and_survives_a_restart() {
    let mut fresh = Fresh::new();
    let lease = begun(&fresh).await;
    let told = written(RECIPIENT, SENDER, ReceiptState::Delivered);
    assert_eq!(keep(&fresh, told).await, Heard::Doubted);
    assert_eq!(fresh.ask::<u32>("SELECT count(*) FROM inbound"), 1);
    fresh.crash("run-0").await;
    taken(&fresh, &lease).await;
    assert_eq!(record(&fresh, 1).await.view.status, DeliveryStatus::Delivered);
    assert_eq!(fresh.ask::<u32>("SELECT count(*) FROM inbound"), 0, "it was none");
}

#[tokio::test]
async fn it_does_not_stand_in_the_way_of_the_true_one() {
    let fresh = Fresh::new();
    let lease = begun(&fresh).await;
    let forged = written("+12025550104", SENDER, ReceiptState::Undelivered);
    assert_eq!(keep(&fresh, forged.clone()).await, Heard::Doubted);
    let News::Unproven(forged) = forged else {
        panic!("as made")
    };
    let true_one = News::Receipt(forged.receipt);
    assert_eq!(keep(&fresh, true_one).await, Heard::Receipt(Kept::Early));
    taken(&fresh, &lease).await;
    assert_eq!(record(&fresh, 1).await.view.status, DeliveryStatus::Undelivered);
}

/// A message or a waiting text that cannot be read keeps no other from being told.
#[tokio::test]
async fn beside_rows_that_cannot_be_read() {
    let spoil = |fresh: &Fresh, change: &str| {
        rusqlite::Connection::open(fresh.path())
            .unwrap()
            .execute_batch(&format!("PRAGMA foreign_keys = OFF; {change}"))
            .unwrap();
    };
    let fresh = Fresh::new();
    let lease = begun(&fresh).await;
    for _ in 0..2 {
        let told = written(RECIPIENT, SENDER, ReceiptState::Delivered);
        assert_eq!(keep(&fresh, told).await, Heard::Doubted);
    }
    spoil(&fresh, "UPDATE inbound SET sender = x'00ff' WHERE number = 1");
    taken(&fresh, &lease).await;
    assert_eq!(record(&fresh, 1).await.view.status, DeliveryStatus::Delivered);
    assert_eq!(fresh.ask::<u32>("SELECT count(*) FROM carrier_ids"), 1);
    assert_eq!(fresh.set_aside(), 1);

    for change in [
        "UPDATE messages SET recipient = x'00ff'",
        "UPDATE carrier_ids SET message = x'00ff'",
    ] {
        let fresh = Fresh::new();
        let lease = begun(&fresh).await;
        taken(&fresh, &lease).await;
        spoil(&fresh, change);
        let told = written(RECIPIENT, SENDER, ReceiptState::Delivered);
        assert_eq!(keep(&fresh, told).await, Heard::Doubted, "{change}");
        assert_eq!(fresh.ask::<u32>("SELECT count(*) FROM inbound"), 1, "{change}");
        assert_eq!(fresh.set_aside(), 1, "{change}");
    }
}
