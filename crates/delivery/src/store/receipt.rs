//! What carriers tell of messages they took: kept, matched with the attempt it is about, and turned into the message's
//! state. It may come twice, out of order, and before the answer that has the id.

use super::accept::millis;
use super::record::word;
use crate::receipts::fate::{Fate, Told, becomes, fate};
use aldis_message::{CarrierName, DeliveryStatus, MessageClass, MessageId, ReceiptState, UnixMillis};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::BTreeMap;
use std::time::Duration;

/// A message is over after 48 h at most, and a carrier that knows no more of it says so within a day.
const WAITS_FOR: Duration = Duration::from_hours(72);

/// Receipts that nobody came for, deleted with each new one that waits.
const SWEPT_AT_ONCE: u32 = 100;

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

pub(super) const ATTEMPT_OF_ID: &str =
    "SELECT message, attempt FROM carrier_ids WHERE carrier = ?1 AND id = ?2";

/// The attempt at that carrier that has no id, and never will: its answer was lost, or named none.
pub(super) const ATTEMPT_WITHOUT_ID: &str = "SELECT number FROM attempts
    WHERE message = ?1 AND carrier = ?2 AND carrier_ids IS NULL AND coalesce(late, outcome) IN ('ambiguous', 'accepted')
    ORDER BY number DESC LIMIT 1";

pub(super) const REPEATED: &str = "SELECT 1 FROM receipts
    WHERE carrier = ?1 AND carrier_id = ?2 AND part = ?3 AND state = ?4 AND final = ?5 AND message IS ?6";

pub(super) const OVERDUE: &str =
    "SELECT number FROM receipts WHERE message IS NULL AND received_at < ?1 LIMIT ?2";

pub(super) const WAITING_FOR_ID: &str = "UPDATE receipts SET message = ?3, attempt = ?4 WHERE message IS NULL AND carrier = ?1 AND carrier_id = ?2";

pub(super) const WAITING_FOR_MESSAGE: &str = "SELECT DISTINCT carrier_id FROM receipts WHERE message IS NULL AND hint IS NOT NULL AND hint = ?2 AND carrier = ?1";

pub(super) const TOLD: &str = "SELECT attempt, carrier_id, part, state, final FROM receipts
    WHERE message IS NOT NULL AND message = ?1 ORDER BY number";

/// Keeps one. `hint` is the message it is about, if the way it came says so.
pub(super) fn keep(
    connection: &Connection,
    carrier: &CarrierName,
    receipt: &Receipt,
    hint: Option<MessageId>,
    now: UnixMillis,
) -> rusqlite::Result<Kept> {
    let hint = hint.map(|id| id.to_string());
    let found = find(connection, carrier, receipt, hint.as_deref())?;
    let message = found.as_ref().map(|(message, _)| message.as_str());
    let repeated = connection.prepare_cached(REPEATED)?.exists(params![
        carrier.as_str(),
        receipt.carrier_id,
        receipt.part,
        receipt.state.as_str(),
        receipt.is_final,
        message
    ])?;
    if repeated {
        return Ok(Kept::Repeated);
    }
    connection
        .prepare_cached(
            "INSERT INTO receipts (carrier, carrier_id, part, state, final, code, carrier_time, received_at, message,
                attempt, hint)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            carrier.as_str(),
            receipt.carrier_id,
            receipt.part,
            receipt.state.as_str(),
            receipt.is_final,
            receipt.code,
            receipt.carrier_time.map(millis),
            millis(now),
            message,
            found.as_ref().map(|(_, attempt)| attempt),
            hint
        ])?;
    let Some((message, _)) = found else {
        sweep(connection, now)?;
        return Ok(Kept::Early);
    };
    Ok(apply(connection, &message, now)?.map_or(Kept::Noted, Kept::Changed))
}

/// The attempt a receipt is about.
fn find(
    connection: &Connection,
    carrier: &CarrierName,
    receipt: &Receipt,
    hint: Option<&str>,
) -> rusqlite::Result<Option<(String, u32)>> {
    let by_id = connection
        .prepare_cached(ATTEMPT_OF_ID)?
        .query_row(params![carrier.as_str(), receipt.carrier_id], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let (None, Some(hint)) = (&by_id, hint) else {
        return Ok(by_id);
    };
    let without_id: Option<u32> = connection
        .prepare_cached(ATTEMPT_WITHOUT_ID)?
        .query_row(params![hint, carrier.as_str()], |row| row.get(0))
        .optional()?;
    let Some(attempt) = without_id else {
        return Ok(None);
    };
    name(
        connection,
        hint,
        attempt,
        carrier,
        std::slice::from_ref(&receipt.carrier_id),
    )?;
    Ok(Some((hint.to_owned(), attempt)))
}

/// An attempt has these ids from now on.
fn name(
    connection: &Connection,
    message: &str,
    attempt: u32,
    carrier: &CarrierName,
    ids: &[String],
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE attempts SET carrier_ids = ?3 WHERE message = ?1 AND number = ?2")?
        .execute(params![
            message,
            attempt,
            serde_json::Value::from(ids.to_vec()).to_string()
        ])?;
    for id in ids {
        connection
            .prepare_cached(
                "INSERT INTO carrier_ids (carrier, id, message, attempt) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (carrier, id) DO UPDATE SET message = excluded.message, attempt = excluded.attempt",
            )?
            .execute(params![carrier.as_str(), id, message, attempt])?;
    }
    Ok(())
}

/// An attempt ended. Its ids are known from now on, and receipts that came before find it; one that has no id takes
/// those that name its message.
pub(super) fn learn(
    connection: &Connection,
    message: &str,
    attempt: u32,
    carrier: &CarrierName,
    ids: &[String],
) -> rusqlite::Result<()> {
    let hinted: Vec<String>;
    let ids = if ids.is_empty() {
        let nameless = connection
            .prepare_cached(ATTEMPT_WITHOUT_ID)?
            .query_row(params![message, carrier.as_str()], |row| row.get::<_, u32>(0))
            .optional()?;
        if nameless != Some(attempt) {
            return Ok(());
        }
        hinted = connection
            .prepare_cached(WAITING_FOR_MESSAGE)?
            .query_map(params![carrier.as_str(), message], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        if hinted.is_empty() {
            return Ok(());
        }
        hinted.as_slice()
    } else {
        ids
    };
    name(connection, message, attempt, carrier, ids)?;
    for id in ids {
        connection.prepare_cached(WAITING_FOR_ID)?.execute(params![
            carrier.as_str(),
            id,
            message,
            attempt
        ])?;
    }
    Ok(())
}

/// Brings a message's state up to what its receipts say.
pub(super) fn apply(
    connection: &Connection,
    message: &str,
    now: UnixMillis,
) -> rusqlite::Result<Option<Change>> {
    let told = told(connection, message)?;
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
pub(super) fn fate_of(connection: &Connection, message: &str, attempt: u32) -> rusqlite::Result<Fate> {
    let told = told(connection, message)?;
    if told.is_empty() {
        return Ok(Fate::Silent);
    }
    let segments = connection
        .prepare_cached("SELECT segments FROM messages WHERE id = ?1")?
        .query_row([message], |row| row.get(0))?;
    let fates = fates(connection, message, segments, &told)?;
    Ok(fates.get(&attempt).copied().unwrap_or(Fate::Silent))
}

fn told(connection: &Connection, message: &str) -> rusqlite::Result<Vec<Told>> {
    connection
        .prepare_cached(TOLD)?
        .query_map([message], |row| {
            Ok(Told {
                attempt: row.get(0)?,
                carrier_id: row.get(1)?,
                part: row.get(2)?,
                state: word(row, 3)?,
                is_final: row.get(4)?,
            })
        })?
        .collect()
}

/// Of each attempt, by its number.
fn fates(
    connection: &Connection,
    message: &str,
    segments: u32,
    told: &[Told],
) -> rusqlite::Result<BTreeMap<u32, Fate>> {
    let attempts: BTreeMap<u32, u32> = connection
        .prepare_cached(
            "SELECT number, coalesce(json_array_length(carrier_ids), 0) FROM attempts WHERE message = ?1",
        )?
        .query_map([message], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let of = |(attempt, ids): (u32, u32)| {
        let of_it = told.iter().filter(|told| told.attempt == attempt);
        (attempt, fate(ids, segments, of_it))
    };
    Ok(attempts.into_iter().map(of).collect())
}

/// Lets go of some that have waited for too long.
fn sweep(connection: &Connection, now: UnixMillis) -> rusqlite::Result<()> {
    let overdue = now
        .as_millis()
        .saturating_sub(u64::try_from(WAITS_FOR.as_millis()).unwrap_or(u64::MAX));
    let overdue = millis(UnixMillis::from_millis(overdue));
    connection
        .prepare_cached(&format!("DELETE FROM receipts WHERE number IN ({OVERDUE})"))?
        .execute(params![overdue, SWEPT_AT_ONCE])?;
    Ok(())
}
