//! Carriers' ids come round again, and are not always those of their answers. The message that a verified call-back's URL
//! names is the one it is about, and nothing that was told before an attempt began is about it.

use super::a_receipt_finds_its_message::{changed, keep, keep_hinted, lost, submitted, told};
use super::*;
use aldis_message::DeliveryStatus::{Queued, Submitted, Unknown};
use aldis_message::ReceiptState::{self, Delivered, EnRoute, Undelivered};

const NOTED: Heard = Heard::Receipt(Kept::Noted);
const EARLY: Heard = Heard::Receipt(Kept::Early);

fn later(number: u8, at: UnixMillis, message: NewMessage) -> Arrival {
    Arrival {
        now: at,
        ..arrival(number, message, send())
    }
}

fn long() -> NewMessage {
    NewMessage {
        body: MessageBody::parse("a".repeat(200)).unwrap(),
        ..message()
    }
}

/// Ends the attempt so, with these ids.
async fn ends(store: &Store, lease: &Lease, number: u32, class: OutcomeClass, ids: &[&str]) {
    let ended = Ended {
        carrier_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        ..ended(number, class)
    };
    let next = match class {
        OutcomeClass::Accepted => Next::Submitted,
        OutcomeClass::Ambiguous => Next::End {
            status: Unknown,
            reason: Reason::OutcomeUnknown,
        },
        _ => Next::Send {
            carrier: carrier("a"),
            if_opted_out: (DeliveryStatus::Failed, Reason::OptedOut),
        },
    };
    store
        .record_attempt(lease, Some(ended), next, after(seconds(70)))
        .await
        .unwrap();
}

async fn hinted(store: &Store, carrier_id: &str, state: ReceiptState, number: u8) -> Heard {
    keep_hinted(store, told(carrier_id, state), Some(id(number))).await
}

async fn status(store: &Store, number: u8) -> DeliveryStatus {
    record(store, number).await.view.status
}

#[tokio::test]
async fn what_was_told_before_an_attempt_is_not_about_it() {
    let fresh = Fresh::new();
    // At five seconds; the attempt begins at a minute and has the same id.
    assert_eq!(keep(&fresh, "SM1", Delivered).await, EARLY);
    let (lease, _) = accept(&fresh, later(1, after(seconds(60)), message())).await;
    ends(&fresh, &lease, 1, OutcomeClass::Accepted, &["SM1"]).await;
    assert_eq!(status(&fresh, 1).await, Submitted);
    // What is told from now on is.
    assert_eq!(
        keep(&fresh, "SM1", Undelivered).await,
        changed(Submitted, DeliveryStatus::Undelivered)
    );
}

#[tokio::test]
async fn not_even_if_it_names_the_message() {
    let fresh = Fresh::new();
    let (lease, _) = accept(&fresh, arrival(1, message(), send())).await;
    // Of the first attempt, which failed for certain, as it seemed.
    assert_eq!(hinted(&fresh, "SM7", Delivered, 1).await, EARLY);
    ends(&fresh, &lease, 1, OutcomeClass::Temporary, &[]).await;
    ends(&fresh, &lease, 2, OutcomeClass::Accepted, &["SM8"]).await;
    assert_eq!(status(&fresh, 1).await, Submitted);
    assert_eq!(
        record(&fresh, 1).await.view.attempts[1].carrier_message_ids,
        ["SM8"]
    );
}

/// An address without a seal can be written by anybody: the message it names counts only where the id agrees.
#[tokio::test]
async fn what_is_only_said_counts_where_the_id_agrees() {
    let fresh = Fresh::new();
    let (first, _) = accept(&fresh, arrival(1, message(), send())).await;
    ends(&fresh, &first, 1, OutcomeClass::Accepted, &["SM1"]).await;
    let (second, _) = accept(&fresh, later(2, after(seconds(60)), message())).await;
    ends(&fresh, &second, 1, OutcomeClass::Accepted, &["SM2"]).await;
    let said = async |carrier_id: &str, state, number| {
        let news = vec![told(carrier_id, state)];
        let hint = Some(Hint::Said(id(number)));
        let kept = fresh.keep(&carrier("a"), news, hint, after(seconds(90))).await;
        kept.unwrap().remove(0)
    };
    // The second one's receipt, pointed at the first: it is the second one's.
    assert!(matches!(
        said("SM2", Undelivered, 1).await,
        Heard::Receipt(Kept::Changed(_))
    ));
    assert_eq!(status(&fresh, 2).await, DeliveryStatus::Undelivered);
    assert_eq!(status(&fresh, 1).await, Submitted);
    // An id that nobody has: it waits for its own message, and never for the first.
    assert_eq!(said("SM9", Undelivered, 1).await, EARLY);
    assert_eq!(
        fresh.ask::<u32>("SELECT count(*) FROM receipts WHERE message IS NULL AND hint IS NULL"),
        1
    );
    assert_eq!(
        said("SM1", Delivered, 1).await,
        changed(Submitted, DeliveryStatus::Delivered)
    );
}

#[tokio::test]
async fn another_id_than_the_answers_is_taken_for_the_message_it_names() {
    let fresh = Fresh::new();
    let (lease, _) = accept(&fresh, arrival(1, message(), send())).await;
    ends(&fresh, &lease, 1, OutcomeClass::Accepted, &["SM1"]).await;
    assert_eq!(keep(&fresh, "0x7", EnRoute).await, EARLY);
    assert_eq!(
        hinted(&fresh, "0x7", Delivered, 1).await,
        changed(Submitted, DeliveryStatus::Delivered)
    );
    let view = record(&fresh, 1).await.view;
    assert_eq!(view.attempts[0].carrier_message_ids, ["SM1", "0x7"]);
    // The one that waited under that id came along.
    assert_eq!(view.attempts[0].receipts.len(), 2);
    assert_eq!(
        hinted(&fresh, "0x7", Delivered, 1).await,
        Heard::Receipt(Kept::Repeated)
    );
}

#[tokio::test]
async fn so_many_other_ids_as_parts() {
    let fresh = Fresh::new();
    submitted(&fresh).await;
    assert_eq!(hinted(&fresh, "X1", Delivered, 1).await, NOTED);
    assert_eq!(
        hinted(&fresh, "X2", Delivered, 1).await,
        changed(Submitted, DeliveryStatus::Delivered)
    );
}

#[tokio::test]
async fn one_with_another_id_may_come_before_the_answer() {
    let fresh = Fresh::new();
    let (lease, _) = accept(&fresh, arrival(1, message(), send())).await;
    assert_eq!(hinted(&fresh, "0x7", Delivered, 1).await, EARLY);
    ends(&fresh, &lease, 1, OutcomeClass::Accepted, &["SM1"]).await;
    assert_eq!(status(&fresh, 1).await, DeliveryStatus::Delivered);
}

#[tokio::test]
async fn the_message_it_names_is_stronger_than_its_id() {
    let fresh = Fresh::new();
    let (first, _) = accept(&fresh, arrival(1, message(), send())).await;
    ends(&fresh, &first, 1, OutcomeClass::Accepted, &["SM1"]).await;
    let (second, _) = accept(&fresh, arrival(2, message(), send())).await;
    // Under way: it waits, and nobody else gets it.
    assert_eq!(hinted(&fresh, "SM1", EnRoute, 2).await, EARLY);
    ends(&fresh, &second, 1, OutcomeClass::Ambiguous, &[]).await;
    assert_eq!(status(&fresh, 2).await, Submitted);
    assert_eq!(status(&fresh, 1).await, Submitted);
    // The newest message has the id, and the other is still found by its name.
    keep(&fresh, "SM1", Delivered).await;
    assert_eq!(status(&fresh, 2).await, DeliveryStatus::Delivered);
    assert_eq!(
        hinted(&fresh, "SM1", Undelivered, 1).await,
        changed(Submitted, DeliveryStatus::Undelivered)
    );
    assert_eq!(
        fresh.ask::<String>("SELECT message FROM carrier_ids"),
        id(2).to_string()
    );
}

#[tokio::test]
async fn an_older_message_does_not_take_the_id_back() {
    let fresh = Fresh::new();
    lost(&fresh).await;
    let (second, _) = accept(&fresh, arrival(2, message(), send())).await;
    ends(&fresh, &second, 1, OutcomeClass::Accepted, &["SM1"]).await;
    assert_eq!(
        hinted(&fresh, "SM1", EnRoute, 1).await,
        changed(Unknown, Submitted)
    );
    keep(&fresh, "SM1", Delivered).await;
    assert_eq!(status(&fresh, 2).await, DeliveryStatus::Delivered);
    assert_eq!(status(&fresh, 1).await, Submitted);
}

#[tokio::test]
async fn two_that_wait_and_name_two_messages_are_two() {
    let fresh = Fresh::new();
    for number in [1, 2] {
        accept(&fresh, arrival(number, message(), send())).await;
    }
    assert_eq!(hinted(&fresh, "SM1", Delivered, 1).await, EARLY);
    assert_eq!(hinted(&fresh, "SM1", Delivered, 2).await, EARLY);
    assert_eq!(
        hinted(&fresh, "SM1", Delivered, 2).await,
        Heard::Receipt(Kept::Repeated)
    );
    assert_eq!(fresh.ask::<u32>("SELECT count(*) FROM receipts"), 2);
}

/// The carrier gives each part its id: its answers said so before.
#[tokio::test]
async fn one_part_of_a_lost_message_is_not_the_message() {
    let fresh = Fresh::new();
    let (lease, _) = accept(&fresh, arrival(1, long(), send())).await;
    ends(&fresh, &lease, 1, OutcomeClass::Accepted, &["SM1", "SM2"]).await;
    let (lease, _) = accept(&fresh, arrival(2, long(), send())).await;
    ends(&fresh, &lease, 1, OutcomeClass::Ambiguous, &[]).await;
    hinted(&fresh, "SM3", Delivered, 2).await;
    assert_eq!(status(&fresh, 2).await, Submitted);
    hinted(&fresh, "SM4", Delivered, 2).await;
    assert_eq!(status(&fresh, 2).await, DeliveryStatus::Delivered);
}

/// A text of which some parts were taken, and others refused or not answered.
#[tokio::test]
async fn a_part_that_arrived_is_not_the_text() {
    let fresh = Fresh::new();
    for (number, id) in [(1, "SM1"), (2, "SM3")] {
        let (lease, _) = accept(&fresh, arrival(number, long(), send())).await;
        ends(&fresh, &lease, 1, OutcomeClass::Ambiguous, &[id]).await;
    }
    assert_eq!(keep(&fresh, "SM1", Delivered).await, NOTED);
    let view = record(&fresh, 1).await.view;
    assert_eq!((view.status, view.attempts[0].receipts.len()), (Unknown, 1));
    assert_eq!(view.attempts[0].carrier_message_ids, ["SM1"]);
    // How the carrier names whole texts is not known by it.
    assert_eq!(fresh.ask::<u32>("SELECT count(*) FROM habits"), 0);
    // A part that never arrives is a text that never does.
    keep(&fresh, "SM3", Undelivered).await;
    assert_eq!(status(&fresh, 2).await, DeliveryStatus::Undelivered);
    // The answer that was missing comes late: now all ids are known.
    let late = Ended {
        carrier_ids: vec!["SM1".to_owned(), "SM2".to_owned()],
        ..ended(1, OutcomeClass::Accepted)
    };
    fresh.keep_late(id(1), late, after(seconds(80))).await.unwrap();
    assert_eq!(status(&fresh, 1).await, Submitted);
    assert_eq!(
        keep(&fresh, "SM2", Delivered).await,
        changed(Submitted, DeliveryStatus::Delivered)
    );
}

/// A carrier that has one id for all parts, or is not known yet, may tell once.
#[tokio::test]
async fn one_receipt_of_a_lost_message_is_enough_where_there_is_one_id() {
    let fresh = Fresh::new();
    let (lease, _) = accept(&fresh, arrival(1, long(), send())).await;
    ends(&fresh, &lease, 1, OutcomeClass::Accepted, &["SM1"]).await;
    let (lease, _) = accept(&fresh, arrival(2, long(), send())).await;
    ends(&fresh, &lease, 1, OutcomeClass::Ambiguous, &[]).await;
    hinted(&fresh, "SM3", Delivered, 2).await;
    assert_eq!(status(&fresh, 2).await, DeliveryStatus::Delivered);
}

#[tokio::test]
async fn an_arrival_without_an_answer_ends_a_second_try_by_its_name_alone() {
    let fresh = Fresh::new();
    let (lease, _) = accept(&fresh, arrival(1, message(), send())).await;
    let retry = Next::Leave {
        next_at: after(seconds(30)),
        backoff: None,
    };
    let ambiguous = Ended {
        carrier_ids: Vec::new(),
        ..ended(1, OutcomeClass::Ambiguous)
    };
    fresh
        .record_attempt(&lease, Some(ambiguous), retry, NOW)
        .await
        .unwrap();
    assert_eq!(
        hinted(&fresh, "SM7", Delivered, 1).await,
        changed(Queued, DeliveryStatus::Delivered)
    );
}

#[tokio::test]
async fn one_id_for_every_part_is_told_of_once() {
    let fresh = Fresh::new();
    let (lease, _) = accept(&fresh, arrival(1, long(), send())).await;
    ends(&fresh, &lease, 1, OutcomeClass::Accepted, &["SM1", "SM1"]).await;
    assert_eq!(
        keep(&fresh, "SM1", Delivered).await,
        changed(Submitted, DeliveryStatus::Delivered)
    );
}
