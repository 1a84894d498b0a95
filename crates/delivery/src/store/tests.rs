//! What the store promises, on real files.

mod a_closed_call_is_never_sent;
mod a_damaged_page_ends_the_store;
mod a_key_means_one_message;
mod a_kill_while_migrating_harms_nothing;
mod a_late_answer_is_kept;
mod a_newer_code_replaces;
mod a_person_cannot_write_a_receipt;
mod a_receipt_finds_its_message;
mod a_receipt_names_its_message;
mod a_receipt_says_why;
mod a_stale_hand_changes_nothing;
mod accepted_is_durable;
mod any_history;
mod attempts_end;
mod old_rows_cost_nothing;
mod one_bad_row_stops_nobody;
mod one_process_one_file;
mod only_our_file_is_taken;
mod rotating_a_token_forgets_no_key;
mod statements_are_planned_once;
mod the_disk_is_looked_at;
mod the_file_stays_the_file;

use super::*;
use aldis_message::{
    AcceptMode, Attributes, Deadline, DeliveryStatus, Idempotency, IdempotencyKey, MessageBody, MessageClass,
    OutcomeClass, PhoneNumber, Reason, TenantName,
};
use std::path::PathBuf;
use std::time::Duration;

/// A store in a folder of its own.
struct Fresh {
    store: Option<Store>,
    folder: tempfile::TempDir,
}

impl Fresh {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("data/aldis.db"), "run-0", |_| {}).unwrap();
        Self {
            store: Some(store),
            folder,
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("data/aldis.db")
    }

    /// As after `kill -9`: another run opens the file.
    async fn crash(&mut self, owner: &str) {
        let store = self.store.take().unwrap();
        store.close().await;
        drop(store);
        self.store = Some(Store::open(&self.path(), owner, |_| {}).unwrap());
    }

    /// Looks into the file from outside.
    fn ask<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        rusqlite::Connection::open(self.path())
            .unwrap()
            .query_row(sql, [], |row| row.get(0))
            .unwrap()
    }
}

impl std::ops::Deref for Fresh {
    type Target = Store;
    fn deref(&self) -> &Store {
        self.store.as_ref().unwrap()
    }
}

const NOW: UnixMillis = UnixMillis::from_millis(1_800_000_000_000);
const PLANTED: &str = "Your code is 271828, planted";

fn after(time: Duration) -> UnixMillis {
    NOW.plus(time)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn carrier(name: &str) -> CarrierName {
    CarrierName::parse(name).unwrap()
}

fn client(name: &str) -> ClientName {
    ClientName::parse(name).unwrap()
}

fn id(number: u8) -> MessageId {
    MessageId::from_parts(NOW, [number; 10])
}

fn message() -> NewMessage {
    NewMessage {
        to: PhoneNumber::parse("+12025550100", None).unwrap(),
        sender: None,
        body: MessageBody::parse(PLANTED.to_owned()).unwrap(),
        tenant: Some(TenantName::parse("acme").unwrap()),
        class: MessageClass::Notification,
        accept: AcceptMode::Stored,
        idempotency: None,
        deadline: Deadline::at(after(seconds(180))),
        attributes: Attributes::parse([("dlt", "template-7")]).unwrap(),
    }
}

fn keyed(key: &str, window: Duration) -> NewMessage {
    let key = IdempotencyKey::parse(key).unwrap();
    NewMessage {
        idempotency: Some(Idempotency::new(key, window)),
        ..message()
    }
}

fn arrival(number: u8, message: NewMessage, first: First) -> Arrival {
    Arrival {
        held: Arc::new(Held {
            id: id(number),
            client: client("edge"),
            message,
        }),
        first,
        now: NOW,
        waits: Waits::default(),
    }
}

fn send() -> First {
    First::Send(carrier("a"))
}

fn ended(number: u32, class: OutcomeClass) -> Ended {
    Ended {
        attempt: Open {
            number,
            carrier: carrier("a"),
        },
        class,
        code: Some("20404".to_owned()),
        carrier_ids: vec!["SM1".to_owned(), "SM2".to_owned()],
    }
}

/// Accepts and expects a new row.
async fn accept(store: &Store, arrival: Arrival) -> (Lease, Option<Open>) {
    match store.accept(arrival).await.unwrap() {
        Accepted::New { lease, open, .. } => (lease, open),
        other => panic!("not new: {other:?}"),
    }
}

/// Accepts, and leaves it to the scheduler until then.
async fn accept_and_leave(store: &Store, arrival: Arrival, next_at: UnixMillis) {
    let now = arrival.now;
    let (lease, _) = accept(store, arrival).await;
    let next = Next::Leave {
        next_at,
        backoff: None,
    };
    let left = store.record_attempt(&lease, None, next, now).await.unwrap();
    assert_eq!(left, Recorded::Settled(DeliveryStatus::Queued, None));
}

async fn record(store: &Store, number: u8) -> Record {
    store
        .message(&client("edge"), &id(number))
        .await
        .unwrap()
        .unwrap()
}

/// The tables and indexes that a statement would go by.
fn plan(connection: &rusqlite::Connection, statement: &str) -> Vec<String> {
    let mut explained = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {statement}"))
        .unwrap();
    let unbound = vec![rusqlite::types::Null; explained.parameter_count()];
    explained
        .query_map(rusqlite::params_from_iter(unbound), |row| row.get("detail"))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}
