//! After a crash every message is where its caller was told, or honestly unknown.

use super::*;
use crate::store::{Arrival, First, Held, Next, Store, Waits};

const CRASHED: &str = "run-that-crashed";

fn held(number: u8, message: NewMessage) -> Arc<Held> {
    let id = MessageId::from_parts(clock::now(), [number; 10]);
    Arc::new(Held {
        id,
        client: aldis_message::ClientName::parse("edge").unwrap(),
        message,
    })
}

/// Leaves a message behind the way a killed process does.
async fn leave(store: &Store, number: u8, message: NewMessage, first: First) -> MessageId {
    let held = held(number, message);
    let id = held.id;
    store
        .accept(Arrival {
            held,
            first,
            now: clock::now(),
            waits: Waits::default(),
        })
        .await
        .unwrap();
    id
}

/// The same, of one that was left to the scheduler.
async fn left(store: &Store, number: u8) -> MessageId {
    let held = held(number, stored());
    let (id, now) = (held.id, clock::now());
    let arrival = Arrival {
        held,
        first: First::Hold,
        now,
        waits: Waits::default(),
    };
    let crate::store::Accepted::New { lease, .. } = store.accept(arrival).await.unwrap() else {
        panic!()
    };
    let next = Next::Leave {
        next_at: now,
        backoff: None,
    };
    store.record_attempt(&lease, None, next, now).await.unwrap();
    id
}

/// Starts a service on what was left in the folder, with one carrier that takes everything.
async fn after(folder: tempfile::TempDir) -> (Service, Arc<AtomicUsize>) {
    let (script, calls) = answers(&[Class::Accepted]);
    let setup = Setup {
        folder: Some(folder),
        ..Setup::lanes(vec![script])
    };
    (setup.start().await, calls)
}

fn c0() -> First {
    First::Send(CarrierName::parse("c0").unwrap())
}

/// A message whose attempts cannot be recorded is given up: it would be taken up again at once, and without end.
#[tokio::test]
async fn what_cannot_be_recorded_is_given_up() {
    for damage in ["-1", "'x'", "4294967296"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("aldis.db");
        let store = Store::open(&path, CRASHED, |_| {}).unwrap();
        let (spoilt, sound) = (left(&store, 1).await, left(&store, 2).await);
        store.close().await;
        drop(store);
        let file = rusqlite::Connection::open(&path).unwrap();
        file.pragma_update(None, "ignore_check_constraints", true)
            .unwrap();
        let spoil = format!("UPDATE messages SET attempts = {damage} WHERE id = '{spoilt}'");
        file.execute(&spoil, []).unwrap();
        drop(file);

        let (service, calls) = after(folder).await;
        service.until(sound, &[DeliveryStatus::Submitted]).await;
        let state = format!("SELECT state FROM messages WHERE id = '{spoilt}'");
        eventually(|| async { (service.ask::<String>(&state) == "unknown").then_some(()) }).await;
        assert_eq!(calls.load(Ordering::SeqCst), 1, "{damage}");
        assert!(service.engine().store.set_aside() >= 1, "{damage}");
    }
}

#[tokio::test]
async fn each_kind_of_leftover_is_settled() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("aldis.db"), CRASHED, |_| {}).unwrap();
    let on_the_wire = leave(&store, 1, message(), c0()).await;
    let stored_on_the_wire = leave(&store, 2, stored(), c0()).await;
    let waited_with_caller = leave(&store, 3, message(), First::Hold).await;
    let waited = leave(&store, 4, stored(), First::Hold).await;
    let left = left(&store, 5).await;
    let soon = Deadline::at(clock::now().plus(Duration::from_millis(900)));
    let too_late = leave(
        &store,
        6,
        NewMessage {
            deadline: soon,
            ..stored()
        },
        First::Hold,
    )
    .await;
    store.close().await;
    drop(store);

    let (service, calls) = after(folder).await;
    let status = async |id, states: &[DeliveryStatus]| {
        let view = service.until(id, states).await;
        (view.status, view.reason)
    };
    let unknown = (DeliveryStatus::Unknown, Some(Reason::OutcomeUnknown));
    assert_eq!(status(on_the_wire, &[DeliveryStatus::Unknown]).await, unknown);
    assert_eq!(
        status(stored_on_the_wire, &[DeliveryStatus::Unknown]).await,
        unknown
    );
    let fenced = (DeliveryStatus::Cancelled, Some(Reason::Fenced));
    assert_eq!(
        status(waited_with_caller, &[DeliveryStatus::Cancelled]).await,
        fenced
    );
    let submitted = (DeliveryStatus::Submitted, None);
    assert_eq!(status(waited, &[DeliveryStatus::Submitted]).await, submitted);
    assert_eq!(status(left, &[DeliveryStatus::Submitted]).await, submitted);
    let expired = (DeliveryStatus::Expired, Some(Reason::DeadlineExceeded));
    assert_eq!(status(too_late, &[DeliveryStatus::Expired]).await, expired);
    assert_eq!(
        calls.load(Ordering::SeqCst),
        2,
        "only what certainly was not sent"
    );
    let life = service.client().message(&on_the_wire).await.unwrap();
    assert_eq!(outcomes(&life), [("c0", Some(OutcomeClass::Ambiguous))]);
    assert!(service.page("/metrics").await.contains("aldis_unknown_open 2"));
}

#[tokio::test]
async fn where_the_route_says_so_a_stored_one_is_sent_again_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("aldis.db"), CRASHED, |_| {}).unwrap();
    let id = leave(&store, 1, stored(), c0()).await;
    store.close().await;
    drop(store);

    let (first, asked_first) = answers(&[Class::Accepted]);
    let (second, _) = answers(&[Class::Accepted]);
    let lanes = Setup::lanes(vec![first, second]);
    let setup = Setup {
        folder: Some(folder),
        route: "lost_answer = \"next_carrier\"",
        ..lanes
    };
    let service = setup.start().await;
    let life = service.until(id, &[DeliveryStatus::Submitted]).await;
    let expected = [
        ("c0", Some(OutcomeClass::Ambiguous)),
        ("c1", Some(OutcomeClass::Accepted)),
    ];
    assert_eq!(outcomes(&life), expected);
    assert_eq!(
        asked_first.load(Ordering::SeqCst),
        0,
        "not the carrier that may have it"
    );
}

/// More leftovers than one page, one of them unreadable.
#[tokio::test]
async fn one_spoilt_row_does_not_stop_recovery() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aldis.db");
    let store = Store::open(&path, CRASHED, |_| {}).unwrap();
    let mut ids = Vec::new();
    for number in 0..=220 {
        ids.push(leave(&store, number, stored(), c0()).await);
    }
    store.close().await;
    drop(store);
    let spoil = format!(
        "UPDATE messages SET recipient = 'nobody', class = 'x' WHERE id = '{}'",
        ids[7]
    );
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute(&spoil, [])
        .unwrap();

    let (script, _) = answers(&[Class::Accepted]);
    let service = Setup {
        folder: Some(folder),
        ..Setup::lanes(vec![script])
    }
    .start()
    .await;
    service.until(ids[0], &[DeliveryStatus::Unknown]).await;
    assert_eq!(
        service.ask::<u32>("SELECT count(*) FROM messages WHERE state = 'unknown'"),
        221
    );
    assert_eq!(
        service.ask::<u32>("SELECT count(*) FROM messages WHERE owner IS NOT NULL"),
        0
    );
}

/// A finish of the dead run, should it come, decides nothing (the lease names its run).
#[tokio::test]
async fn the_lease_of_another_run_is_worth_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aldis.db");
    let store = Store::open(&path, CRASHED, |_| {}).unwrap();
    let arrival = Arrival {
        held: held(1, stored()),
        first: First::Hold,
        now: clock::now(),
        waits: Waits::default(),
    };
    let crate::store::Accepted::New { lease, .. } = store.accept(arrival).await.unwrap() else {
        panic!()
    };
    store.close().await;
    drop(store);
    let next = Store::open(&path, "next-run", |_| {}).unwrap();
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute("UPDATE messages SET owner = 'next-run'", [])
        .unwrap();
    let told = next
        .record_attempt(&lease, None, Next::Hold, clock::now())
        .await
        .unwrap();
    assert_eq!(told, crate::store::Recorded::Fenced);
}
