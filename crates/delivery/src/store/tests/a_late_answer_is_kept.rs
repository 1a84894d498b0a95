//! An answer that comes after its attempt was given up as lost is kept once, and sets right what it can.

use super::*;
use aldis_message::ReceiptState;

fn late(class: OutcomeClass, ids: &[&str]) -> Ended {
    Ended {
        code: Some("0x00000000".to_owned()),
        carrier_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        ..ended(1, class)
    }
}

async fn keep_late(store: &Store, ended: Ended) -> Option<(DeliveryStatus, DeliveryStatus)> {
    let change = store.keep_late(id(1), ended, after(seconds(20))).await.unwrap();
    change.map(|change| (change.from, change.to))
}

/// Its answer was lost; it ends like this.
async fn lost(store: &Store, next: Next) -> Lease {
    let (lease, _) = accept(store, arrival(1, message(), send())).await;
    let ended = Ended {
        carrier_ids: Vec::new(),
        code: None,
        ..ended(1, OutcomeClass::Ambiguous)
    };
    store
        .record_attempt(&lease, Some(ended), next, NOW)
        .await
        .unwrap();
    lease
}

fn unknown() -> Next {
    Next::End {
        status: DeliveryStatus::Unknown,
        reason: Reason::OutcomeUnknown,
    }
}

async fn tell(store: &Store, carrier_id: &str, state: ReceiptState, hint: Option<MessageId>) {
    let news = News::Receipt(Receipt {
        carrier_id: carrier_id.to_owned(),
        part: 0,
        state,
        is_final: state.is_arrival(),
        class: None,
        code: None,
        carrier_time: None,
    });
    store
        .keep(
            &carrier("a"),
            vec![news],
            hint.map(Hint::Proved),
            after(seconds(5)),
        )
        .await
        .unwrap();
}

fn kept(fresh: &Fresh) -> String {
    fresh.ask("SELECT coalesce(late, '') || ' ' || coalesce(code, '') FROM attempts")
}

#[tokio::test]
async fn a_yes_makes_an_unknown_message_a_submitted_one_once() {
    let fresh = Fresh::new();
    lost(&fresh, unknown()).await;
    let change = keep_late(&fresh, late(OutcomeClass::Accepted, &["SM1"])).await;
    assert_eq!(change, Some((DeliveryStatus::Unknown, DeliveryStatus::Submitted)));
    let view = record(&fresh, 1).await.view;
    assert_eq!((view.status, view.reason), (DeliveryStatus::Submitted, None));
    assert_eq!(view.attempts[0].carrier_message_ids, ["SM1"]);
    assert_eq!(kept(&fresh), "accepted 0x00000000");
    // Again, and a contradiction.
    assert_eq!(
        keep_late(&fresh, late(OutcomeClass::Accepted, &["SM1"])).await,
        None
    );
    assert_eq!(keep_late(&fresh, late(OutcomeClass::Temporary, &[])).await, None);
    assert_eq!(kept(&fresh), "accepted 0x00000000");
}

#[tokio::test]
async fn a_receipt_that_came_first_is_found_by_the_id() {
    let fresh = Fresh::new();
    lost(&fresh, unknown()).await;
    tell(&fresh, "SM1", ReceiptState::Delivered, None).await;
    let change = keep_late(&fresh, late(OutcomeClass::Accepted, &["SM1"])).await;
    assert_eq!(change, Some((DeliveryStatus::Unknown, DeliveryStatus::Delivered)));
}

#[tokio::test]
async fn a_yes_ends_the_wait_for_a_second_try() {
    let fresh = Fresh::new();
    let retry = Next::Leave {
        next_at: after(seconds(30)),
        backoff: None,
    };
    lost(&fresh, retry).await;
    let change = keep_late(&fresh, late(OutcomeClass::Accepted, &["SM1"])).await;
    assert_eq!(change, Some((DeliveryStatus::Queued, DeliveryStatus::Submitted)));
    assert!(fresh.claim(10, after(seconds(60))).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_yes_is_stronger_than_a_hand_that_waits() {
    let fresh = Fresh::new();
    let lease = lost(&fresh, Next::Hold).await;
    let change = keep_late(&fresh, late(OutcomeClass::Accepted, &["SM1"])).await;
    assert_eq!(change, Some((DeliveryStatus::Queued, DeliveryStatus::Submitted)));
    let next = Next::Send {
        carrier: carrier("b"),
        if_opted_out: (DeliveryStatus::Failed, Reason::OptedOut),
    };
    let recorded = fresh.record_attempt(&lease, None, next, after(seconds(21))).await;
    assert_eq!(recorded.unwrap(), Recorded::Fenced);
}

#[tokio::test]
async fn a_no_is_written_down_and_an_opt_out_counts() {
    let fresh = Fresh::new();
    lost(&fresh, unknown()).await;
    assert_eq!(keep_late(&fresh, late(OutcomeClass::OptedOut, &[])).await, None);
    assert_eq!(record(&fresh, 1).await.view.status, DeliveryStatus::Unknown);
    assert_eq!(kept(&fresh), "opted_out 0x00000000");
    let (_, open) = accept(&fresh, arrival(2, message(), send())).await;
    assert_eq!(open, None, "not through the carrier they told to stop");
}

#[tokio::test]
async fn a_no_is_not_believed_of_what_arrived() {
    let fresh = Fresh::new();
    lost(&fresh, unknown()).await;
    tell(&fresh, "SM1", ReceiptState::Delivered, Some(id(1))).await;
    assert_eq!(keep_late(&fresh, late(OutcomeClass::Temporary, &[])).await, None);
    assert_eq!(kept(&fresh), " ");
    assert_eq!(record(&fresh, 1).await.view.status, DeliveryStatus::Delivered);
}

#[tokio::test]
async fn only_a_lost_answer_turns_up_late() {
    let fresh = Fresh::new();
    // Nobody knows the message; the attempt is under way; it had its answer; it was another carrier's.
    assert_eq!(
        keep_late(&fresh, late(OutcomeClass::Accepted, &["SM9"])).await,
        None
    );
    let (lease, _) = accept(&fresh, arrival(1, message(), send())).await;
    assert_eq!(
        keep_late(&fresh, late(OutcomeClass::Accepted, &["SM9"])).await,
        None
    );
    let accepted = Some(ended(1, OutcomeClass::Accepted));
    fresh
        .record_attempt(&lease, accepted, Next::Submitted, NOW)
        .await
        .unwrap();
    assert_eq!(
        keep_late(&fresh, late(OutcomeClass::Accepted, &["SM9"])).await,
        None
    );
    let fresh = Fresh::new();
    lost(&fresh, unknown()).await;
    let mut elsewhere = late(OutcomeClass::Accepted, &["SM9"]);
    elsewhere.attempt.carrier = carrier("b");
    assert_eq!(keep_late(&fresh, elsewhere).await, None);
    // Nothing new is said by these.
    for class in [OutcomeClass::Ambiguous, OutcomeClass::PluginFault] {
        assert_eq!(keep_late(&fresh, late(class, &[])).await, None);
    }
    assert_eq!(kept(&fresh), " ");
}

#[tokio::test]
async fn what_is_over_stays_over_and_the_truth_is_kept() {
    let fresh = Fresh::new();
    let end = Next::End {
        status: DeliveryStatus::Expired,
        reason: Reason::DeadlineExceeded,
    };
    lost(&fresh, end).await;
    assert_eq!(
        keep_late(&fresh, late(OutcomeClass::Accepted, &["SM1"])).await,
        None
    );
    assert_eq!(record(&fresh, 1).await.view.status, DeliveryStatus::Expired);
    assert_eq!(kept(&fresh), "accepted 0x00000000");
}
