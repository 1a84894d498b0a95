//! A finish counts only under the lease it was begun with, and what is final stays.

use super::*;

fn requeue_all(leftovers: Vec<Leftover>) -> Vec<(Key, Verdict)> {
    leftovers
        .into_iter()
        .map(|leftover| (leftover.id, Verdict::Requeue))
        .collect()
}

/// The old run's outcome comes after the new run took over: it is kept, and decides nothing.
#[tokio::test]
async fn a_late_answer_is_kept_and_not_applied() {
    let mut fresh = Fresh::new();
    let (old, _) = accept(&fresh, arrival(1, message(), send())).await;
    fresh.crash("run-1").await;
    let leftovers = fresh.leftovers(None, 100).await.unwrap();
    assert_eq!(leftovers.len(), 1);
    fresh.settle(requeue_all(leftovers), NOW).await.unwrap();
    let claimed = fresh.claim(10, NOW).await.unwrap();
    assert_eq!(claimed.len(), 1);

    let late = fresh
        .record_attempt(&old, Some(ended(1, OutcomeClass::Accepted)), Next::Submitted, NOW)
        .await;
    assert_eq!(late.unwrap(), Recorded::Fenced);
    let view = record(&fresh, 1).await.view;
    assert_eq!(view.status, DeliveryStatus::Queued, "the new hand decides");
    assert_eq!(
        view.attempts[0].outcome,
        Some(OutcomeClass::Ambiguous),
        "what was decided stays"
    );
    assert_eq!(
        view.attempts[0].carrier_message_ids,
        ["SM1", "SM2"],
        "the ids still match a receipt"
    );
    assert_eq!(fresh.ask::<String>("SELECT late FROM attempts"), "accepted");
}

/// The same process may lose a message and take it again: the owner is the same, the epoch is not.
#[tokio::test]
async fn an_older_epoch_of_the_same_owner_is_stale_too() {
    let fresh = Fresh::new();
    let (old, _) = accept(&fresh, arrival(1, message(), send())).await;
    let leave = Next::Leave {
        next_at: NOW,
        backoff: Some(seconds(1)),
    };
    fresh
        .record_attempt(&old, Some(ended(1, OutcomeClass::Temporary)), leave, NOW)
        .await
        .unwrap();
    let claimed = fresh.claim(10, NOW).await.unwrap();
    assert_eq!(claimed[0].backoff, Some(seconds(1)));
    assert_eq!(claimed[0].past.len(), 1);

    let next = || Next::Send {
        carrier: carrier("b"),
        if_opted_out: (DeliveryStatus::Failed, Reason::OptedOut),
    };
    assert_eq!(
        fresh.record_attempt(&old, None, next(), NOW).await.unwrap(),
        Recorded::Fenced
    );
    let new = fresh
        .record_attempt(&claimed[0].lease, None, next(), NOW)
        .await
        .unwrap();
    assert_eq!(
        new,
        Recorded::Opened(Open {
            number: 2,
            carrier: carrier("b")
        }),
        "attempts go on counting"
    );
}

#[tokio::test]
async fn nothing_moves_a_final_state() {
    let fresh = Fresh::new();
    let (lease, _) = accept(&fresh, arrival(1, message(), send())).await;
    let end = Next::End {
        status: DeliveryStatus::Failed,
        reason: Reason::Blocked,
    };
    fresh
        .record_attempt(&lease, Some(ended(1, OutcomeClass::Blocked)), end.clone(), NOW)
        .await
        .unwrap();
    let again = fresh
        .record_attempt(
            &lease,
            Some(ended(1, OutcomeClass::Accepted)),
            Next::Submitted,
            NOW,
        )
        .await;
    assert_eq!(again.unwrap(), Recorded::Fenced);
    let by_hand = rusqlite::Connection::open(fresh.path())
        .unwrap()
        .execute("UPDATE messages SET state = 'delivered'", [])
        .unwrap_err();
    assert!(
        by_hand.to_string().contains("a final state never changes"),
        "{by_hand}"
    );
}

/// What is not over is in a hand or due: a row that is neither cannot be written.
#[tokio::test]
async fn nothing_can_be_stuck_out_of_sight() {
    let fresh = Fresh::new();
    accept_and_leave(&fresh, arrival(1, message(), First::Hold), NOW).await;
    let connection = rusqlite::Connection::open(fresh.path()).unwrap();
    for change in [
        "UPDATE messages SET next_at = NULL",
        "UPDATE messages SET next_at = deadline + 1",
        "UPDATE messages SET body = NULL, attributes = NULL",
        "UPDATE messages SET state = 'submitted', next_at = NULL",
        "UPDATE messages SET state = 'lost', next_at = NULL, body = NULL, attributes = NULL",
    ] {
        assert!(connection.execute(change, []).is_err(), "{change}");
    }
}

/// A row that cannot be read back is given up alone.
#[tokio::test]
async fn one_spoilt_row_does_not_hold_up_the_others() {
    let fresh = Fresh::new();
    for number in 1..=3 {
        accept_and_leave(&fresh, arrival(number, message(), First::Hold), NOW).await;
    }
    let spoil = format!("UPDATE messages SET recipient = 'nobody' WHERE id = '{}'", id(1));
    rusqlite::Connection::open(fresh.path())
        .unwrap()
        .execute(&spoil, [])
        .unwrap();
    let claimed = fresh.claim(10, NOW).await.unwrap();
    assert_eq!(
        claimed.iter().map(|one| one.held.id).collect::<Vec<_>>(),
        [id(2), id(3)]
    );
    assert_eq!(record(&fresh, 1).await.view.status, DeliveryStatus::Unknown);
}
