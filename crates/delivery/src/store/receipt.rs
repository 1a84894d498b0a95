//! What carriers tell of messages they took: kept, matched with the attempt it is about, and turned into the message's
//! state. It may come twice, out of order, and before the answer that has the id.

pub(super) mod matching;
pub(super) mod unproven;

use super::accept::millis;
use super::aside::Aside;
use super::inbound::suppress_for_now;
use super::record::{ids, word};
use crate::receipts::fate::{Fate, Parts, Told, becomes, fate};
use crate::receipts::proof::SenderProof;
use aldis_message::{
    CarrierName, DeliveryStatus, MessageClass, MessageId, OutcomeClass, ReceiptState, UnixMillis,
};
use rusqlite::{Connection, Row, params};
use std::collections::BTreeMap;
use std::time::Duration;

/// A message is over after 48 h at most, and a carrier that knows no more of it says so within a day.
const WAITS_FOR: Duration = Duration::from_hours(72);

/// Receipts that nobody came for, deleted with each new one that waits.
const SWEPT_AT_ONCE: u32 = 100;

/// The message that a receipt is about, by the way it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// The message came by a way that we know for its own.
    Proved(MessageId),
    /// The message came by a way that anybody could write: it counts only where the carrier's id agrees.
    Said(MessageId),
}

impl Hint {
    /// Returns the message that it names.
    pub fn message(self) -> MessageId {
        match self {
            Self::Proved(message) | Self::Said(message) => message,
        }
    }

    /// Tells whether it counts by itself.
    pub fn is_proved(self) -> bool {
        matches!(self, Self::Proved(_))
    }
}

/// A receipt (DLR).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The carrier's id it is about.
    pub carrier_id: String,
    /// Which part under that id.
    pub part: u32,
    /// What it says.
    pub state: ReceiptState,
    /// Nothing will follow.
    pub is_final: bool,
    /// Why it was not delivered, if the carrier says so.
    pub class: Option<OutcomeClass>,
    /// The carrier's own code.
    pub code: Option<String>,
    /// When, by the carrier's clock.
    pub carrier_time: Option<UnixMillis>,
}

/// A message's state changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whose.
    pub id: MessageId,
    /// Its kind.
    pub class: MessageClass,
    /// From this.
    pub from: DeliveryStatus,
    /// To this.
    pub to: DeliveryStatus,
}

/// What became of a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It changed its message's state.
    Changed(Change),
    /// It is part of its message's life, whose state stays.
    Noted,
    /// It had been told before.
    Repeated,
    /// No attempt has that id yet.
    Early,
}

/// Finds a receipt that was told before. One that waits is the same only if it names the same message; and what a
/// person may have written is none.
pub(super) const REPEATED: &str = "SELECT 1 FROM receipts
    WHERE carrier = ?1 AND carrier_id = ?2 AND part = ?3 AND state = ?4 AND final = ?5 AND message IS ?6
        AND (message IS NOT NULL OR hint IS ?7) AND inbound IS NULL";

pub(super) const OVERDUE: &str =
    "SELECT number FROM receipts WHERE message IS NULL AND received_at < ?1 LIMIT ?2";

pub(super) const TOLD: &str = "SELECT attempt, carrier_id, part, state, final FROM receipts
    WHERE message IS NOT NULL AND message = ?1 ORDER BY number";

/// Keeps one. `hint` is the message it is about, if the way it came says so.
pub(super) fn keep(
    connection: &Connection,
    carrier: &CarrierName,
    receipt: &Receipt,
    hint: Option<Hint>,
    now: UnixMillis,
    aside: &Aside,
) -> rusqlite::Result<Kept> {
    let find = || matching::find(connection, carrier, &receipt.carrier_id, hint);
    let found = aside
        .one(connection, carrier, "matched with a receipt", find)?
        .flatten();
    let message = found.as_ref().map(|found| found.message.as_str());
    // What is only said is kept where it agrees, and waits for nothing.
    let hint = hint.filter(|hint| hint.is_proved() || message == Some(hint.message().to_string().as_str()));
    let hint = hint.map(|hint| hint.message().to_string());
    let repeated = connection.prepare_cached(REPEATED)?.exists(params![
        carrier.as_str(),
        receipt.carrier_id,
        receipt.part,
        receipt.state.as_str(),
        receipt.is_final,
        message,
        hint
    ])?;
    if repeated {
        return Ok(Kept::Repeated);
    }
    let keep = |found| {
        let about = About {
            found,
            hint: hint.as_deref(),
            ..About::default()
        };
        insert(connection, carrier, receipt, &about, now)
    };
    let Some(found) = found else {
        return keep(None).map(|()| Kept::Early);
    };
    let matched = aside.one(connection, &found.message, "given a receipt", || {
        keep(Some(&found))
    })?;
    if matched.is_none() {
        return keep(None).map(|()| Kept::Early);
    }
    if receipt.class == Some(OutcomeClass::OptedOut) {
        suppress_for_now(connection, carrier, &found.message, now)?;
    }
    if found.learned {
        let learn = || {
            matching::remember(connection, carrier, &found, &receipt.carrier_id)?;
            matching::claim(connection, carrier, &found, &receipt.carrier_id, now, aside)
        };
        aside.one(connection, &found.message, "given an id", learn)?;
    }
    Ok(apply(connection, &found.message, now, aside)?.map_or(Kept::Noted, Kept::Changed))
}

/// The message that a receipt's row is about, as far as that is known.
#[derive(Default)]
struct About<'a> {
    found: Option<&'a matching::Found>,
    hint: Option<&'a str>,
    /// The row of `inbound` that it is otherwise, and which messages its destination may be the sender of.
    unproven: Option<(i64, SenderProof)>,
}

fn insert(
    connection: &Connection,
    carrier: &CarrierName,
    receipt: &Receipt,
    about: &About<'_>,
    now: UnixMillis,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO receipts (carrier, carrier_id, part, state, final, class, code, carrier_time, received_at,
                message, attempt, hint, inbound, sender_proof)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?
        .execute(params![
            carrier.as_str(),
            receipt.carrier_id,
            receipt.part,
            receipt.state.as_str(),
            receipt.is_final,
            receipt.class.map(OutcomeClass::as_str),
            receipt.code,
            receipt.carrier_time.map(millis),
            millis(now),
            about.found.map(|found| &found.message),
            about.found.map(|found| found.attempt),
            about.hint,
            about.unproven.map(|(inbound, _)| inbound),
            about.unproven.map(|(_, sender)| sender.as_str()),
        ])
        .map(drop)
}

/// Brings a message's state up to what its receipts say, if its rows can be read.
pub(super) fn apply(
    connection: &Connection,
    message: &str,
    now: UnixMillis,
    aside: &Aside,
) -> rusqlite::Result<Option<Change>> {
    let apply = || apply_told(connection, message, now, aside);
    Ok(aside
        .one(connection, &message, "brought up to its receipts", apply)?
        .flatten())
}

fn apply_told(
    connection: &Connection,
    message: &str,
    now: UnixMillis,
    aside: &Aside,
) -> rusqlite::Result<Option<Change>> {
    let told = told(connection, message, aside)?;
    if told.is_empty() {
        return Ok(None);
    }
    let (id, class, from, segments) = connection
        .prepare_cached("SELECT id, class, state, segments FROM messages WHERE id = ?1")?
        .query_row([message], |row| {
            Ok((
                word::<MessageId>(row, 0)?,
                word(row, 1)?,
                word::<DeliveryStatus>(row, 2)?,
                row.get::<_, u32>(3)?,
            ))
        })?;
    let mut fates = fates(connection, message, segments, &told)?;
    let Some((_, last)) = fates.pop_last() else {
        return Ok(None);
    };
    let Some(to) = becomes(from, last, fates.into_values()) else {
        return Ok(None);
    };
    settle(connection, message, to, now)?;
    Ok(Some(Change { id, class, from, to }))
}

/// Out of everybody's hand: a carrier has it.
pub(super) fn settle(
    connection: &Connection,
    message: &str,
    to: DeliveryStatus,
    now: UnixMillis,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE messages SET state = ?2, reason = NULL, updated_at = ?3, owner = NULL, next_at = NULL, body = NULL,
                attributes = NULL
             WHERE id = ?1",
        )?
        .execute(params![message, to.as_str(), millis(now)])?;
    Ok(())
}

/// What receipts say of one attempt.
pub(super) fn fate_of(
    connection: &Connection,
    message: &str,
    attempt: u32,
    aside: &Aside,
) -> rusqlite::Result<Fate> {
    let told = told(connection, message, aside)?;
    if told.is_empty() {
        return Ok(Fate::Silent);
    }
    let segments = connection
        .prepare_cached("SELECT segments FROM messages WHERE id = ?1")?
        .query_row([message], |row| row.get(0))?;
    let fates = fates(connection, message, segments, &told)?;
    Ok(fates.get(&attempt).copied().unwrap_or(Fate::Silent))
}

/// Returns what carriers told of a message, as far as it can be read.
fn told(connection: &Connection, message: &str, aside: &Aside) -> rusqlite::Result<Vec<Told>> {
    let mut statement = connection.prepare_cached(TOLD)?;
    aside.rows(
        &mut statement,
        [message],
        &message,
        "asked for its receipts",
        one_told,
    )
}

fn one_told(row: &Row<'_>) -> rusqlite::Result<Told> {
    Ok(Told {
        attempt: row.get(0)?,
        carrier_id: row.get(1)?,
        part: row.get(2)?,
        state: word(row, 3)?,
        is_final: row.get(4)?,
    })
}

/// Of each attempt, by its number.
fn fates(
    connection: &Connection,
    message: &str,
    segments: u32,
    told: &[Told],
) -> rusqlite::Result<BTreeMap<u32, Fate>> {
    connection
        .prepare_cached(
            "SELECT number, carrier_ids, coalesce(id_for_each, 0),
                coalesce(outcome = 'ambiguous' AND late IS NOT 'accepted', 0)
             FROM attempts LEFT JOIN habits USING (carrier) WHERE message = ?1",
        )?
        .query_map([message], |row| {
            let number = row.get(0)?;
            let parts = Parts {
                // Where they cannot be read, those that receipts name are all there are.
                ids: ids(row, 1).unwrap_or_default(),
                segments,
                id_for_each: row.get(2).unwrap_or_default(),
                of_some: row.get(3).unwrap_or_default(),
            };
            let of_it = told.iter().filter(|told| told.attempt == number);
            Ok((number, fate(&parts, of_it)))
        })?
        .collect()
}

/// Lets go of some that have waited for too long. Of which carriers they were, where that can be read.
pub(super) fn sweep(connection: &Connection, now: UnixMillis) -> rusqlite::Result<Vec<CarrierName>> {
    let overdue = now
        .as_millis()
        .saturating_sub(u64::try_from(WAITS_FOR.as_millis()).unwrap_or(u64::MAX));
    let overdue = millis(UnixMillis::from_millis(overdue));
    connection
        .prepare_cached(&format!(
            "DELETE FROM receipts WHERE number IN ({OVERDUE}) RETURNING carrier"
        ))?
        .query_map(params![overdue, SWEPT_AT_ONCE], |row| Ok(word(row, 0).ok()))?
        .filter_map(Result::transpose)
        .collect()
}
