//! A statement is planned when it is prepared, and never again while the schema stays; and its plan is the one that
//! knowing the values would have given.

use super::*;
use crate::store::aside::Aside;
use crate::store::{accept, attempt, claim, leftover, receipt, record, schema};
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Connection, StatementStatus};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The life of one statement.
#[derive(Debug, Default)]
struct Ran {
    times: u32,
    planned_again: i32,
    /// The statement as it ran last, its values written out.
    with_values: String,
}

thread_local! {
    /// The statements that ran on this thread.
    static RAN: RefCell<BTreeMap<String, Ran>> = const { RefCell::new(BTreeMap::new()) };
}

fn note(event: TraceEvent<'_>) {
    if let TraceEvent::Profile(statement, _) = event {
        RAN.with_borrow_mut(|all| {
            let ran = all.entry(statement.sql().into_owned()).or_default();
            ran.times += 1;
            ran.planned_again = ran
                .planned_again
                .max(statement.get_status(StatementStatus::RePrepare));
            ran.with_values = statement.expanded_sql().unwrap_or_default();
        });
    }
}

fn traced(mut connection: Connection) -> Connection {
    connection
        .trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(note))
        .unwrap();
    connection
}

/// Takes one message through everything that a message usually meets, each time with other values.
fn live(writer: &Connection, reader: &Connection, number: u64) -> rusqlite::Result<()> {
    let (owner, seals, aside) = (Arc::from("run-0"), Seals::new(b"a key"), Aside::default());
    let mut random = [0; 10];
    random[..8].copy_from_slice(&number.to_be_bytes());
    let id = MessageId::from_parts(NOW, random);
    let now = after(Duration::from_millis(number));
    let waits = number.is_multiple_of(2);
    let arrival = Arrival {
        held: Arc::new(Held {
            id,
            client: client("edge"),
            message: NewMessage {
                class: MessageClass::Otp,
                ..keyed(&format!("key-{number}"), seconds(10))
            },
        }),
        first: if waits { First::Hold } else { send() },
        now,
        waits: Waits::default(),
    };
    let Accepted::New { lease, open, .. } = accept::accept(writer, &owner, &seals, &arrival)? else {
        panic!("not new");
    };
    let (lease, open) = if let Some(open) = open {
        (lease, open)
    } else {
        let left = Next::Leave {
            next_at: now,
            backoff: None,
        };
        attempt::record(writer, &lease, None, &left, now, &aside)?;
        let claimed = claim::claim(writer, &owner, 8, now, &aside)?.remove(0);
        let next = Next::Send {
            carrier: carrier("a"),
            if_opted_out: (DeliveryStatus::Failed, Reason::OptedOut),
        };
        match attempt::record(writer, &claimed.lease, None, &next, now, &aside)? {
            Recorded::Opened(open) => (claimed.lease, open),
            other => panic!("not opened: {other:?}"),
        }
    };
    let ended = Ended {
        attempt: open,
        class: OutcomeClass::Accepted,
        code: None,
        carrier_ids: vec![format!("SM{number}")],
    };
    attempt::record(writer, &lease, Some(&ended), &Next::Submitted, now, &aside)?;
    let told = delivered(format!("SM{number}"));
    receipt::keep(
        writer,
        &carrier("a"),
        &told,
        waits.then_some(Hint::Proved(id)),
        now,
        &aside,
    )?;
    receipt::sweep(writer, now)?;
    claim::next_due(reader)?;
    record::find(reader, &client("edge"), &id)?;
    record::count_unknown(reader)?;
    leftover::page(reader, None, 8, &aside)?;
    assert_eq!(aside.count(), 0);
    Ok(())
}

fn delivered(carrier_id: String) -> Receipt {
    Receipt {
        carrier_id,
        part: 0,
        state: aldis_message::ReceiptState::Delivered,
        is_final: true,
        class: None,
        code: None,
        carrier_time: None,
    }
}

#[test]
fn a_thousand_messages_plan_nothing_again() {
    let fresh = Fresh::new();
    let writer = traced(schema::open_writer(&fresh.path()).unwrap());
    let reader = traced(schema::open_reader(&fresh.path()).unwrap());
    for number in 0..1000 {
        live(&writer, &reader, number).unwrap();
    }
    let all = RAN.take();
    let hot: Vec<_> = all.iter().filter(|(_, ran)| ran.times >= 500).collect();
    assert!(hot.len() >= 20, "the hot path was not seen: {all:#?}");
    let again: Vec<_> = all.iter().filter(|(_, ran)| ran.planned_again > 0).collect();
    assert!(again.is_empty(), "planned again: {again:#?}");
    for (statement, ran) in hot {
        assert_eq!(
            plan(&writer, statement),
            plan(&writer, &ran.with_values),
            "{statement}"
        );
    }
}
