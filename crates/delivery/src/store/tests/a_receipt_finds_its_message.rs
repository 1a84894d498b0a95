//! What a carrier tells of a message becomes its state: once, in any order, also before the answer that has the id, and
//! after an answer that never came.

use super::*;
use aldis_message::ReceiptState;

pub(super) fn told(carrier_id: &str, state: ReceiptState) -> News {
    News::Receipt(Receipt {
        carrier_id: carrier_id.to_owned(),
        part: 0,
        state,
        is_final: state.is_arrival() || state == ReceiptState::Undelivered,
        class: None,
        code: Some("000".to_owned()),
        carrier_time: Some(NOW),
    })
}

pub(super) async fn keep_hinted(store: &Store, news: News, hint: Option<MessageId>) -> Heard {
    let kept = store
        .keep(
            &carrier("a"),
            vec![news],
            hint.map(Hint::Proved),
            after(seconds(5)),
        )
        .await;
    kept.unwrap().remove(0)
}

pub(super) async fn keep(store: &Store, carrier_id: &str, state: ReceiptState) -> Heard {
    keep_hinted(store, told(carrier_id, state), None).await
}

pub(super) fn changed(from: DeliveryStatus, to: DeliveryStatus) -> Heard {
    Heard::Receipt(Kept::Changed(Change {
        id: id(1),
        class: MessageClass::Notification,
        from,
        to,
    }))
}

/// One that the carrier took, with the ids `SM1` and `SM2`.
pub(super) async fn submitted(store: &Store) {
    let (lease, _) = accept(store, arrival(1, message(), send())).await;
    let ended = Some(ended(1, OutcomeClass::Accepted));
    let recorded = store
        .record_attempt(&lease, ended, Next::Submitted, NOW)
        .await
        .unwrap();
    assert_eq!(recorded, Recorded::Settled(DeliveryStatus::Submitted, None));
}

/// One whose answer was lost, so that it has no id.
pub(super) async fn lost(store: &Store) {
    let (lease, _) = accept(store, arrival(1, message(), send())).await;
    let ended = Ended {
        carrier_ids: Vec::new(),
        ..ended(1, OutcomeClass::Ambiguous)
    };
    let next = Next::End {
        status: DeliveryStatus::Unknown,
        reason: Reason::OutcomeUnknown,
    };
    store
        .record_attempt(&lease, Some(ended), next, NOW)
        .await
        .unwrap();
}

#[tokio::test]
async fn both_parts_arrive_and_a_repetition_is_one() {
    use ReceiptState::Delivered;
    let fresh = Fresh::new();
    submitted(&fresh).await;
    assert_eq!(keep(&fresh, "SM1", Delivered).await, Heard::Receipt(Kept::Noted));
    assert_eq!(
        keep(&fresh, "SM1", Delivered).await,
        Heard::Receipt(Kept::Repeated)
    );
    let arrived = changed(DeliveryStatus::Submitted, DeliveryStatus::Delivered);
    assert_eq!(keep(&fresh, "SM2", Delivered).await, arrived);
    assert_eq!(
        keep(&fresh, "SM2", ReceiptState::Undelivered).await,
        Heard::Receipt(Kept::Noted)
    );

    let view = record(&fresh, 1).await.view;
    assert_eq!((view.status, view.reason), (DeliveryStatus::Delivered, None));
    let receipts = &view.attempts[0].receipts;
    let ids: Vec<_> = receipts
        .iter()
        .map(|receipt| receipt.carrier_message_id.as_str())
        .collect();
    assert_eq!(ids, ["SM1", "SM2", "SM2"]);
    assert_eq!((receipts[0].state, receipts[0].is_final), (Delivered, true));
    assert_eq!(receipts[0].code.as_deref(), Some("000"));
    assert_eq!(
        (receipts[0].carrier_time, receipts[0].received_at),
        (Some(NOW), after(seconds(5)))
    );
}

#[tokio::test]
async fn one_part_that_fails_is_enough() {
    let fresh = Fresh::new();
    submitted(&fresh).await;
    let failed = changed(DeliveryStatus::Submitted, DeliveryStatus::Undelivered);
    assert_eq!(keep(&fresh, "SM2", ReceiptState::Undelivered).await, failed);
    assert_eq!(
        keep(&fresh, "SM1", ReceiptState::Delivered).await,
        Heard::Receipt(Kept::Noted)
    );
    assert_eq!(record(&fresh, 1).await.view.status, DeliveryStatus::Undelivered);
}

#[tokio::test]
async fn one_that_comes_before_the_answer_waits_for_it() {
    let mut fresh = Fresh::new();
    let (lease, _) = accept(&fresh, arrival(1, message(), send())).await;
    for carrier_id in ["SM1", "SM2"] {
        assert_eq!(
            keep(&fresh, carrier_id, ReceiptState::Delivered).await,
            Heard::Receipt(Kept::Early)
        );
    }
    assert_eq!(record(&fresh, 1).await.view.status, DeliveryStatus::Sending);
    let accepted = Some(ended(1, OutcomeClass::Accepted));
    let recorded = fresh
        .record_attempt(&lease, accepted, Next::Submitted, NOW)
        .await
        .unwrap();
    assert_eq!(recorded, Recorded::Settled(DeliveryStatus::Delivered, None));
    fresh.crash("run-1").await;
    let view = record(&fresh, 1).await.view;
    assert_eq!(
        (view.status, view.attempts[0].receipts.len()),
        (DeliveryStatus::Delivered, 2)
    );
}

/// A failure says nothing while the message is still being sent, and everything once it is not.
#[tokio::test]
async fn a_failure_that_comes_before_the_answer_waits_for_it_too() {
    let fresh = Fresh::new();
    let (lease, _) = accept(&fresh, arrival(1, message(), send())).await;
    let early = keep(&fresh, "SM2", ReceiptState::Undelivered).await;
    assert_eq!(early, Heard::Receipt(Kept::Early));
    let accepted = Some(ended(1, OutcomeClass::Accepted));
    let recorded = fresh
        .record_attempt(&lease, accepted, Next::Submitted, NOW)
        .await
        .unwrap();
    assert_eq!(recorded, Recorded::Settled(DeliveryStatus::Undelivered, None));
    assert_eq!(record(&fresh, 1).await.view.status, DeliveryStatus::Undelivered);
}

#[tokio::test]
async fn another_carriers_id_is_another_message() {
    let fresh = Fresh::new();
    submitted(&fresh).await;
    let news = vec![told("SM1", ReceiptState::Undelivered)];
    let kept = fresh.keep(&carrier("b"), news, None, NOW).await.unwrap();
    assert_eq!(kept, [Heard::Receipt(Kept::Early)]);
    assert_eq!(record(&fresh, 1).await.view.status, DeliveryStatus::Submitted);
}

#[tokio::test]
async fn a_lost_answer_is_found_again_by_the_messages_name() {
    let fresh = Fresh::new();
    lost(&fresh).await;
    assert_eq!(fresh.unknown().await.unwrap(), 1);
    // By an id that nobody knows, without and with the name.
    assert_eq!(
        keep(&fresh, "SM7", ReceiptState::Sent).await,
        Heard::Receipt(Kept::Early)
    );
    let hinted = |state| keep_hinted(&fresh, told("SM7", state), Some(id(1)));
    let taken = changed(DeliveryStatus::Unknown, DeliveryStatus::Submitted);
    assert_eq!(hinted(ReceiptState::EnRoute).await, taken);
    // From now on the id is known.
    let arrived = changed(DeliveryStatus::Submitted, DeliveryStatus::Delivered);
    assert_eq!(keep(&fresh, "SM7", ReceiptState::Delivered).await, arrived);
    let view = record(&fresh, 1).await.view;
    assert_eq!((view.status, view.reason), (DeliveryStatus::Delivered, None));
    assert_eq!(view.attempts[0].carrier_message_ids, ["SM7"]);
    assert_eq!(fresh.unknown().await.unwrap(), 0);
}

#[tokio::test]
async fn one_that_comes_before_a_crash_tells_what_the_crash_hid() {
    let mut fresh = Fresh::new();
    accept(&fresh, arrival(1, message(), send())).await;
    let early = keep_hinted(&fresh, told("SM7", ReceiptState::Delivered), Some(id(1))).await;
    assert_eq!(early, Heard::Receipt(Kept::Early));
    fresh.crash("run-1").await;
    let verdict = Verdict::End(DeliveryStatus::Unknown, Reason::OutcomeUnknown);
    fresh
        .settle(vec![(Key::from(id(1).to_string().as_str()), verdict)], NOW)
        .await
        .unwrap();
    assert_eq!(record(&fresh, 1).await.view.status, DeliveryStatus::Delivered);
}

#[tokio::test]
async fn an_arrival_ends_a_second_try() {
    let fresh = Fresh::new();
    let (lease, _) = accept(&fresh, arrival(1, message(), send())).await;
    let retry = Next::Leave {
        next_at: after(seconds(30)),
        backoff: None,
    };
    let ambiguous = Some(ended(1, OutcomeClass::Ambiguous));
    fresh.record_attempt(&lease, ambiguous, retry, NOW).await.unwrap();
    keep(&fresh, "SM1", ReceiptState::Delivered).await;
    let arrived = changed(DeliveryStatus::Queued, DeliveryStatus::Delivered);
    assert_eq!(keep(&fresh, "SM2", ReceiptState::Delivered).await, arrived);
    assert!(fresh.claim(10, after(seconds(60))).await.unwrap().is_empty());
}

#[tokio::test]
async fn one_that_nobody_comes_for_is_let_go_after_three_days() {
    let fresh = Fresh::new();
    keep(&fresh, "SM1", ReceiptState::Delivered).await;
    let later = after(Duration::from_hours(73));
    let news = vec![told("SM2", ReceiptState::Delivered)];
    let heard = fresh.keep(&carrier("a"), news, None, later).await.unwrap();
    assert_eq!(heard, [Heard::Receipt(Kept::Early), Heard::LetGo(carrier("a"))]);
    assert_eq!(
        fresh.ask::<String>("SELECT group_concat(carrier_id) FROM receipts"),
        "SM2"
    );
}

#[tokio::test]
async fn an_older_store_knows_the_ids_it_had() {
    let fresh = Fresh::new();
    submitted(&fresh).await;
    let path = fresh.path();
    drop(fresh.store);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "DROP TABLE receipts; DROP TABLE inbound; DROP TABLE carrier_ids; DROP TABLE habits;
             ALTER TABLE attempts DROP COLUMN told_ids;
             DROP TRIGGER keys_count_from_the_end; DROP TABLE closed_calls; DROP TABLE seal;
             ALTER TABLE messages DROP COLUMN call;
             DELETE FROM refinery_schema_history WHERE version >= 2;",
        )
        .unwrap();
    drop(connection);
    let store = Store::open(&path, "run-1", |_| {}).unwrap();
    keep(&store, "SM1", ReceiptState::Delivered).await;
    let arrived = changed(DeliveryStatus::Submitted, DeliveryStatus::Delivered);
    assert_eq!(keep(&store, "SM2", ReceiptState::Delivered).await, arrived);
}

fn inbound(text: &str, wish: Wish) -> News {
    News::Inbound(Inbound {
        carrier_id: text.to_owned(),
        part: 0,
        sender: "+12025550100".to_owned(),
        recipient: "40404".to_owned(),
        text: text.to_owned(),
        attributes: [("ref".to_owned(), "7".to_owned())].into(),
        carrier_time: None,
        wish,
    })
}

#[tokio::test]
async fn what_people_write_is_kept_once() {
    let fresh = Fresh::new();
    for new in [true, false] {
        assert_eq!(
            keep_hinted(&fresh, inbound("Hello", Wish::None), None).await,
            Heard::Inbound(new)
        );
    }
    assert_eq!(
        fresh.ask::<String>("SELECT sender || recipient || body || attributes FROM inbound"),
        r#"+1202555010040404Hello{"ref":"7"}"#
    );
}

#[tokio::test]
async fn stop_counts_until_start() {
    let fresh = Fresh::new();
    keep_hinted(&fresh, inbound("STOP", Wish::Stop), None).await;
    let (_, open) = accept(&fresh, arrival(1, message(), send())).await;
    assert_eq!(open, None, "not through the carrier they told to stop");
    assert_eq!(record(&fresh, 1).await.view.reason, Some(Reason::OptedOut));
    // A carrier's shorter word does not shorten it.
    keep_hinted(&fresh, inbound("START", Wish::Start), None).await;
    let (_, open) = accept(&fresh, arrival(2, message(), send())).await;
    assert!(open.is_some());
}
