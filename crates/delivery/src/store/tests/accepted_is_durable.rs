//! An `Ok` means a durable row in the promised state, with the intent of the attempt that may begin.

use super::*;
use std::os::unix::fs::PermissionsExt as _;

#[tokio::test]
async fn the_intent_is_there_before_the_wire_and_the_outcome_before_the_answer() {
    let mut fresh = Fresh::new();
    let (lease, open) = accept(&fresh, arrival(1, message(), send())).await;
    let open = open.unwrap();
    assert_eq!((open.number, open.carrier.as_str()), (1, "a"));
    assert_eq!(fresh.ask::<String>("SELECT state FROM messages"), "sending");
    assert_eq!(
        fresh.ask::<u32>("SELECT count(*) FROM attempts WHERE outcome IS NULL"),
        1
    );

    let done = fresh
        .record_attempt(
            &lease,
            Some(ended(1, OutcomeClass::Accepted)),
            Next::Submitted,
            NOW,
        )
        .await;
    assert_eq!(done.unwrap(), Recorded::Settled(DeliveryStatus::Submitted, None));

    fresh.crash("run-1").await;
    let view = record(&fresh, 1).await.view;
    assert_eq!(view.status, DeliveryStatus::Submitted);
    assert_eq!(view.attempts[0].outcome, Some(OutcomeClass::Accepted));
    assert_eq!(view.attempts[0].carrier_message_ids, ["SM1", "SM2"]);
    assert_eq!(view.to_masked, "+1******0100");
}

/// A message whose caller has had another answer is not in the store, in either mode; what came before is still found.
#[tokio::test]
async fn nothing_is_accepted_that_nobody_waits_for() {
    let fresh = Fresh::new();
    let key = keyed("k", seconds(60));
    accept(&fresh, arrival(1, key.clone(), send())).await;
    let (past, ahead) = (
        tokio::time::Instant::now(),
        tokio::time::Instant::now() + seconds(60),
    );
    let (here, gone) = (CancellationToken::new(), CancellationToken::new());
    gone.cancel();
    for waits in [Waits::until(past, here), Waits::until(ahead, gone)] {
        for accept in [AcceptMode::Carrier, AcceptMode::Stored] {
            let late = Arrival {
                waits: waits.clone(),
                ..arrival(2, NewMessage { accept, ..message() }, send())
            };
            let refused = fresh.accept(late).await.unwrap();
            assert!(matches!(refused, Accepted::Deserted), "{refused:?}");
        }
        let again = Arrival {
            waits,
            ..arrival(2, key.clone(), send())
        };
        let replay = fresh.accept(again).await.unwrap();
        assert!(matches!(replay, Accepted::Replayed(_)), "{replay:?}");
    }
    assert_eq!(fresh.ask::<u32>("SELECT count(*) FROM messages"), 1);
}

#[tokio::test]
async fn failing_over_is_one_commit() {
    let fresh = Fresh::new();
    let (lease, _) = accept(&fresh, arrival(1, message(), send())).await;
    let next = Next::Send {
        carrier: carrier("b"),
        if_opted_out: (DeliveryStatus::Failed, Reason::OptedOut),
    };
    let second = fresh
        .record_attempt(&lease, Some(ended(1, OutcomeClass::Temporary)), next, NOW)
        .await
        .unwrap();
    assert_eq!(
        second,
        Recorded::Opened(Open {
            number: 2,
            carrier: carrier("b")
        })
    );
    let view = record(&fresh, 1).await.view;
    assert_eq!(view.status, DeliveryStatus::Sending);
    assert_eq!(view.attempts.len(), 2);
    assert_eq!(view.attempts[1].outcome, None);
}

/// The text goes with the commit after which nothing more is sent, and leaves no trace in the file.
#[tokio::test]
async fn the_text_does_not_outlive_its_use() {
    let ends = [
        (OutcomeClass::Accepted, Next::Submitted),
        (
            OutcomeClass::Ambiguous,
            Next::End {
                status: DeliveryStatus::Unknown,
                reason: Reason::OutcomeUnknown,
            },
        ),
        (
            OutcomeClass::InvalidNumber,
            Next::End {
                status: DeliveryStatus::Failed,
                reason: Reason::InvalidNumber,
            },
        ),
    ];
    let mut fresh = Fresh::new();
    // All of them first: what is freed later is not written over by the next one.
    let mut leases = Vec::new();
    for number in 0..120 {
        leases.push(accept(&fresh, arrival(number, message(), send())).await.0);
    }
    for (lease, (class, next)) in leases.iter().zip(ends.into_iter().cycle()) {
        let ended = Some(ended(1, class));
        fresh.record_attempt(lease, ended, next, NOW).await.unwrap();
    }
    assert_eq!(
        fresh.ask::<u32>("SELECT count(*) FROM messages WHERE body IS NOT NULL OR attributes IS NOT NULL"),
        0
    );
    fresh.crash("run-1").await; // the last close folds the log into the file
    let bytes = std::fs::read(fresh.path()).unwrap();
    let found = bytes
        .windows(PLANTED.len())
        .any(|window| window == PLANTED.as_bytes());
    assert!(!found, "the text is still in the file");
}

#[tokio::test]
async fn one_commit_answers_everybody_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let (batches, seen) = std::sync::mpsc::channel();
    let observe = move |batch: Batch| batches.send(batch.jobs).unwrap_or(());
    let store = Arc::new(Store::open(&folder.path().join("aldis.db"), "run-0", observe).unwrap());
    let calls: Vec<_> = (0..200)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { accept(&store, arrival(number, message(), send())).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    store.close().await;
    let batches: Vec<usize> = seen.try_iter().collect();
    assert_eq!(
        batches.iter().sum::<usize>(),
        201,
        "every call and the end: {batches:?}"
    );
    let rows: u32 = rusqlite::Connection::open(folder.path().join("aldis.db"))
        .unwrap()
        .query_row("SELECT count(*) FROM messages", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 200);
}

#[tokio::test]
async fn a_refused_operation_takes_nobody_with_it() {
    let fresh = Fresh::new();
    let (first, same_id, other) = tokio::join!(
        fresh.accept(arrival(1, message(), send())),
        fresh.accept(arrival(1, message(), send())),
        fresh.accept(arrival(2, message(), send())),
    );
    assert!(first.is_ok() && other.is_ok());
    assert!(matches!(same_id, Err(StoreError::Refused(_))), "{same_id:?}");
    assert_eq!(fresh.ask::<u32>("SELECT count(*) FROM messages"), 2);
}

#[tokio::test]
async fn only_this_user_can_read_it() {
    let fresh = Fresh::new();
    accept(&fresh, arrival(1, message(), send())).await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = fresh.path().parent().unwrap().to_path_buf();
    assert_eq!(mode(&folder), 0o700);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[tokio::test]
async fn another_clients_message_is_not_there() {
    let fresh = Fresh::new();
    accept(&fresh, arrival(1, message(), send())).await;
    assert!(fresh.message(&client("other"), &id(1)).await.unwrap().is_none());
}

#[tokio::test]
async fn a_waiting_message_keeps_its_text_and_its_words() {
    let mut fresh = Fresh::new();
    accept_and_leave(&fresh, arrival(1, message(), First::Hold), after(seconds(5))).await;
    fresh.crash("run-1").await;
    assert!(fresh.claim(10, NOW).await.unwrap().is_empty(), "not due yet");
    assert_eq!(fresh.next_due().await.unwrap(), Some(after(seconds(5))));
    let claimed = fresh.claim(10, after(seconds(5))).await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].held.message, message());
    assert!(
        fresh.claim(10, after(seconds(5))).await.unwrap().is_empty(),
        "it is in one hand only"
    );
    assert_eq!(fresh.next_due().await.unwrap(), None);
}

/// A wait beyond the deadline ends at the deadline, so that the row is seen again.
#[tokio::test]
async fn nothing_waits_beyond_its_deadline() {
    let fresh = Fresh::new();
    accept_and_leave(&fresh, arrival(1, message(), First::Hold), after(seconds(900))).await;
    assert_eq!(fresh.next_due().await.unwrap(), Some(after(seconds(180))));
}
