//! A row that cannot be read, or breaks a rule of its table, is set aside: recovery, claiming, receipts and reading go on
//! for all others, whichever column of whichever table it is, and whatever stands in it.

use super::*;
use aldis_message::ReceiptState;
use rusqlite::Connection;

/// The values that no column is meant to hold: wrong types, bytes that are no text, words and JSON that mean nothing,
/// numbers out of range.
const DAMAGES: [&str; 9] = [
    "x'00ff'",
    "'garbage'",
    "CAST(x'ff41' AS TEXT)",
    "''",
    "'[7]'",
    "-1",
    "9223372036854775807",
    "1.5",
    "NULL",
];

/// The one group of messages that nothing happens to.
const SOUND: usize = DAMAGES.len();

/// A group: one on the wire, one that is due, and one that a carrier took.
#[derive(Clone, Copy)]
struct Group(u8);

impl Group {
    fn of(number: usize) -> Self {
        Self(u8::try_from(number).unwrap() * 3 + 1)
    }

    fn sending(self) -> MessageId {
        id(self.0)
    }

    fn due(self) -> MessageId {
        id(self.0 + 1)
    }

    fn taken(self) -> MessageId {
        id(self.0 + 2)
    }

    fn all(self) -> [MessageId; 3] {
        [self.sending(), self.due(), self.taken()]
    }
}

fn delivered(carrier_id: &str) -> News {
    News::Receipt(Receipt {
        carrier_id: carrier_id.to_owned(),
        part: 0,
        state: ReceiptState::Delivered,
        is_final: true,
        class: None,
        code: None,
        carrier_time: None,
    })
}

fn answered(number: u32, id: &str) -> Ended {
    Ended {
        carrier_ids: vec![id.to_owned()],
        ..ended(number, OutcomeClass::Accepted)
    }
}

/// Makes all groups, as a killed process leaves them.
async fn lives() -> Fresh {
    let mut fresh = Fresh::new();
    for number in 0..=SOUND {
        let group = Group::of(number);
        accept(&fresh, arrival(group.0, message(), send())).await;
        accept_and_leave(&fresh, arrival(group.0 + 1, message(), First::Hold), NOW).await;
        let (lease, _) = accept(&fresh, arrival(group.0 + 2, message(), send())).await;
        let ended = answered(1, &format!("SM-{}", group.taken()));
        fresh
            .record_attempt(&lease, Some(ended), Next::Submitted, NOW)
            .await
            .unwrap();
        for waits in [group.sending(), group.due()] {
            let early = delivered(&format!("early-{waits}"));
            let heard = fresh
                .keep(
                    &carrier("a"),
                    vec![early],
                    Some(Hint::Proved(waits)),
                    after(seconds(1)),
                )
                .await
                .unwrap();
            assert_eq!(heard, [Heard::Receipt(Kept::Early)]);
        }
        let enroute = News::Receipt(Receipt {
            carrier_id: format!("SM-{}", group.taken()),
            part: 0,
            state: ReceiptState::EnRoute,
            is_final: false,
            class: None,
            code: None,
            carrier_time: None,
        });
        fresh.keep(&carrier("a"), vec![enroute], None, NOW).await.unwrap();
    }
    fresh.store.take().unwrap().close().await;
    fresh
}

/// Lists the tables with their columns.
fn columns(connection: &Connection) -> Vec<(String, String)> {
    let all = "SELECT tables.name, columns.name FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
        WHERE tables.type = 'table' AND tables.name NOT LIKE 'refinery%' ORDER BY 1, 2";
    let mut all = connection.prepare(all).unwrap();
    all.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

/// Gives each group its own damage. The rules of the table do not hold whoever damages.
fn damage(connection: &Connection, table: &str, column: &str) -> usize {
    connection
        .execute_batch("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF")
        .unwrap();
    let trigger = "SELECT sql FROM sqlite_schema WHERE name = 'final_states_stay'";
    let trigger: String = connection.query_row(trigger, [], |row| row.get(0)).unwrap();
    connection
        .execute_batch("DROP TRIGGER final_states_stay")
        .unwrap();
    let mut damaged = 0;
    for (number, value) in DAMAGES.iter().enumerate() {
        for message in Group::of(number).all() {
            let whose = match table {
                "messages" => format!("id = '{message}'"),
                "receipts" => format!("message = '{message}' OR hint = '{message}'"),
                "attempts" | "carrier_ids" => format!("message = '{message}'"),
                _ => "TRUE".to_owned(),
            };
            let change = format!("UPDATE OR IGNORE {table} SET {column} = {value} WHERE {whose}");
            damaged += connection.execute(&change, []).unwrap_or(0);
        }
    }
    connection.execute_batch(&trigger).unwrap();
    damaged
}

/// Does what a start does, as `recovery` does it.
async fn recover(store: &Store) {
    let mut after = None;
    loop {
        let page = store.leftovers(after.take(), 4).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        let unknown = Verdict::End(DeliveryStatus::Unknown, Reason::OutcomeUnknown);
        let verdicts = page.into_iter().map(|left| (left.id, unknown)).collect();
        store.settle(verdicts, NOW).await.unwrap();
    }
    let mut after = None;
    loop {
        let ended = store.end_attempts(after.take(), 4, NOW).await.unwrap();
        let Some(last) = ended.last() else { break };
        after = Some(last.clone());
    }
}

/// Sends everything that is due; what cannot be recorded is settled, as the engine does it.
async fn send_all(store: &Store) -> Vec<MessageId> {
    let now = after(seconds(2));
    let mut sent = Vec::new();
    loop {
        let claimed = store.claim(4, now).await.unwrap();
        if claimed.is_empty() && store.next_due().await.unwrap().is_none_or(|due| due > now) {
            return sent;
        }
        for one in claimed {
            let id = one.lease.id();
            let next = Next::Send {
                carrier: carrier("a"),
                if_opted_out: (DeliveryStatus::Failed, Reason::OptedOut),
            };
            let ended = match store.record_attempt(&one.lease, None, next, now).await {
                Ok(Recorded::Opened(open)) => {
                    let ended = answered(open.number, &format!("SM-{id}"));
                    let recorded = store.record_attempt(&one.lease, Some(ended), Next::Submitted, now);
                    recorded.await.map(drop)
                }
                other => other.map(drop),
            };
            match ended {
                Ok(()) => sent.push(id),
                Err(StoreError::Refused(_)) => {
                    let left = store.leftover(&id).await.unwrap();
                    let unknown = Verdict::End(DeliveryStatus::Unknown, Reason::OutcomeUnknown);
                    let verdicts = left.into_iter().map(|left| (left.id, unknown)).collect();
                    store.settle(verdicts, now).await.unwrap();
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

async fn goes_on(fresh: &Fresh, what: &str) {
    let store: &Store = fresh;
    recover(store).await;
    let sent = send_all(store).await;
    for number in 0..=SOUND {
        let group = Group::of(number);
        let told = delivered(&format!("SM-{}", group.taken()));
        let heard = store
            .keep(&carrier("a"), vec![told], None, after(seconds(3)))
            .await;
        assert!(heard.is_ok(), "{what}: {heard:?}");
        let late = answered(1, &format!("late-{}", group.sending()));
        let kept = store.keep_late(group.sending(), late, after(seconds(4))).await;
        assert!(kept.is_ok(), "{what}: {kept:?}");
        for id in group.all() {
            let read = store.message(&client("edge"), &id).await;
            assert!(
                matches!(read, Ok(_) | Err(StoreError::Refused(_))),
                "{what}: {read:?}"
            );
        }
    }
    let sound = Group::of(SOUND);
    assert!(sent.contains(&sound.due()), "{what}: not sent");
    for (id, state) in [
        (sound.sending(), DeliveryStatus::Delivered),
        // What waited for it was there before its attempt began, so it is about another message.
        (sound.due(), DeliveryStatus::Submitted),
        (sound.taken(), DeliveryStatus::Delivered),
    ] {
        let record = store.message(&client("edge"), &id).await.unwrap().unwrap();
        assert_eq!(record.view.status, state, "{what}");
    }
    for stuck in [
        "SELECT count(*) FROM messages WHERE owner IS NOT NULL",
        "SELECT count(*) FROM messages WHERE next_at IS NOT NULL",
    ] {
        assert_eq!(fresh.ask::<u32>(stuck), 0, "{what}: {stuck}");
    }
}

#[tokio::test]
async fn whatever_stands_in_whichever_column() {
    let sound = lives().await;
    let all = columns(&Connection::open(sound.path()).unwrap());
    assert!(all.len() > 50, "{all:?}");
    let mut set_aside = 0;
    for (table, column) in all {
        // One that belongs to no message says nothing of any.
        if matches!(table.as_str(), "inbound" | "suppressions") {
            continue;
        }
        let mut fresh = Fresh::new();
        fresh.store.take().unwrap().close().await;
        std::fs::copy(sound.path(), fresh.path()).unwrap();
        let damaged = damage(&Connection::open(fresh.path()).unwrap(), &table, &column);
        fresh.store = Some(Store::open(&fresh.path(), "run-1", |_| {}).unwrap());
        goes_on(&fresh, &format!("{table}.{column}, {damaged} rows")).await;
        set_aside += fresh.set_aside();
    }
    assert!(set_aside > 100, "{set_aside}");
}

/// A row that is set aside is counted, and its message ends as what it may be.
#[tokio::test]
async fn what_is_set_aside_is_counted_and_unknown() {
    let mut fresh = Fresh::new();
    for number in 1..=3 {
        accept_and_leave(&fresh, arrival(number, message(), First::Hold), NOW).await;
    }
    let spoil = |change: &str| {
        let connection = Connection::open(fresh.path()).unwrap();
        connection
            .execute_batch("PRAGMA ignore_check_constraints = ON")
            .unwrap();
        connection.execute(change, []).unwrap();
    };
    spoil(&format!(
        "UPDATE messages SET body = x'ff' WHERE id = '{}'",
        id(1)
    ));
    spoil(&format!(
        "UPDATE messages SET attributes = '7' WHERE id = '{}'",
        id(2)
    ));
    let claimed = fresh.claim(10, NOW).await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!(fresh.set_aside(), 2);
    for number in [1, 2] {
        let view = record(&fresh, number).await.view;
        assert_eq!(
            (view.status, view.reason),
            (DeliveryStatus::Unknown, Some(Reason::OutcomeUnknown))
        );
    }
    fresh.crash("run-1").await;
    assert_eq!(
        fresh.ask::<u32>("SELECT count(*) FROM messages WHERE body IS NOT NULL"),
        1
    );
}

/// An old receipt whose carrier cannot be read must not keep new ones out.
#[tokio::test]
async fn a_sweep_passes_what_it_cannot_read() {
    let fresh = Fresh::new();
    let tell = |id: &str, at| {
        let told = vec![delivered(id)];
        let store: &Store = &fresh;
        async move { store.keep(&carrier("a"), told, None, at).await.unwrap() }
    };
    tell("old", NOW).await;
    let spoil = "UPDATE receipts SET carrier = 'NOT A NAME'";
    Connection::open(fresh.path())
        .unwrap()
        .execute(spoil, [])
        .unwrap();
    let heard = tell("new", after(Duration::from_hours(73))).await;
    assert_eq!(heard, [Heard::Receipt(Kept::Early)]);
    assert_eq!(fresh.ask::<u32>("SELECT count(*) FROM receipts"), 1);
}

/// The clock of lives begins with the newest rows: those that say nonsense neither stop a start nor set it wrong.
#[tokio::test]
async fn the_newest_rows_may_be_the_bad_ones() {
    for (table, column) in [("messages", "updated_at"), ("receipts", "received_at")] {
        // The last is the year 2100.
        for value in DAMAGES.into_iter().chain(["4102444800000"]) {
            let mut fresh = Fresh::new();
            accept(&fresh, arrival(1, message(), send())).await;
            let told = vec![delivered("early")];
            fresh.keep(&carrier("a"), told, None, NOW).await.unwrap();
            fresh.store.take().unwrap().close().await;
            let spoil = format!("UPDATE OR IGNORE {table} SET {column} = {value}");
            Connection::open(fresh.path())
                .unwrap()
                .execute(&spoil, [])
                .unwrap();
            fresh.store = Some(Store::open(&fresh.path(), "run-1", |_| {}).unwrap());
            let latest = fresh.latest();
            assert!(
                latest.is_none_or(|latest| latest.at <= NOW),
                "{spoil}: {latest:?}"
            );
        }
    }
}

/// A row that was in a dead hand and cannot be read is counted as every other.
#[tokio::test]
async fn what_recovery_cannot_read_is_counted() {
    let mut fresh = Fresh::new();
    accept(&fresh, arrival(1, message(), send())).await;
    let spoil = "UPDATE messages SET recipient = x'00ff'";
    Connection::open(fresh.path())
        .unwrap()
        .execute(spoil, [])
        .unwrap();
    fresh.crash("run-1").await;
    recover(&fresh).await;
    assert_eq!(fresh.set_aside(), 1);
    assert_eq!(
        fresh.ask::<String>("SELECT state FROM messages"),
        DeliveryStatus::Unknown.as_str()
    );
}
