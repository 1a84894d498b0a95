//! Claiming: waiting messages that are due come into this process's hands.

use super::accept::millis;
use super::aside::{Aside, Key};
use super::record::{from_millis, maybe_word, moment, not_json, unreadable, word};
use super::{Held, Lease};
use crate::progress::Past;
use aldis_message::{
    Attributes, Deadline, MessageBody, MessageId, NewMessage, PhoneNumber, Sender, UnixMillis,
};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A message that was due, with what it has been through.
#[derive(Debug)]
pub struct Claimed {
    /// The message.
    pub held: Arc<Held>,
    /// The right to work on it.
    pub lease: Lease,
    /// Its attempts.
    pub past: Vec<Past>,
    /// The wait it has just had.
    pub backoff: Option<Duration>,
    /// When it was accepted.
    pub accepted_at: UnixMillis,
}

/// The predicate of the partial index is repeated, else `SQLite` does not use it.
pub(super) const DUE: &str = "SELECT id FROM messages
    WHERE next_at IS NOT NULL AND next_at <= ?1 ORDER BY next_at LIMIT ?2";

/// The end of the year 275760, where calendars end (ECMA-262, 21.4.1.1). What is no moment at all is sorted behind it.
const LAST_MOMENT: i64 = 8_640_000_000_000_000;

/// A row that would never be due is due now.
pub(super) const NO_MOMENT: &str = "SELECT id FROM messages
    WHERE next_at IS NOT NULL AND next_at > ?1 LIMIT ?2";

pub(super) const NEXT_DUE: &str = "SELECT next_at FROM messages
    WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 1";

pub(super) fn claim(
    connection: &Connection,
    owner: &Arc<str>,
    most: u32,
    now: UnixMillis,
    aside: &Aside,
) -> rusqlite::Result<Vec<Claimed>> {
    let mut due: Vec<Key> = connection
        .prepare_cached(DUE)?
        .query_map(params![millis(now), most], |row| Ok(Key::of(row.get_ref(0)?)))?
        .collect::<rusqlite::Result<_>>()?;
    if due.is_empty() {
        due = connection
            .prepare_cached(NO_MOMENT)?
            .query_map(params![LAST_MOMENT, most], |row| Ok(Key::of(row.get_ref(0)?)))?
            .collect::<rusqlite::Result<_>>()?;
    }
    let mut claimed = Vec::with_capacity(due.len());
    for key in due {
        let one = || claim_one(connection, owner, &key);
        match aside.one(connection, &key, "claimed", one)? {
            Some(one) => claimed.push(one),
            // It must not hold up the others for ever.
            None => aside.give_up(connection, &key, now)?,
        }
    }
    Ok(claimed)
}

fn claim_one(connection: &Connection, owner: &Arc<str>, key: &Key) -> rusqlite::Result<Claimed> {
    let (held, epoch, backoff, accepted_at) = connection
        .prepare_cached(
            "UPDATE messages SET owner = ?2, epoch = epoch + 1, next_at = NULL WHERE id = ?1
             RETURNING id, client, recipient, sender, body, tenant, class, accept, deadline, attributes, epoch, backoff,
                created_at",
        )?
        .query_row(params![key, &**owner], |row| {
            Ok((held(row)?, row.get::<_, i64>(10)?, row.get::<_, Option<i64>>(11)?, moment(row, 12)?))
        })?;
    let lease = Lease {
        id: held.id,
        owner: Arc::clone(owner),
        epoch,
    };
    let backoff = backoff.map(|millis| Duration::from_millis(u64::try_from(millis).unwrap_or(0)));
    Ok(Claimed {
        past: past(connection, key)?,
        held: Arc::new(held),
        lease,
        backoff,
        accepted_at,
    })
}

/// Everything was checked when it was accepted; it is checked again because the rules for numbers
/// may have changed with the program since.
fn held(row: &Row<'_>) -> rusqlite::Result<Held> {
    let to = PhoneNumber::parse(row.get_ref(2)?.as_str()?, None).map_err(|error| unreadable(2, error))?;
    let sender = row.get_ref(3)?.as_str_or_null()?.map(Sender::parse).transpose();
    let body = MessageBody::parse(row.get(4)?).map_err(|error| unreadable(4, error))?;
    let attributes: BTreeMap<String, String> = match row.get_ref(9)?.as_str_or_null()? {
        Some(json) => serde_json::from_str(json).map_err(|_| not_json(9))?,
        None => BTreeMap::new(),
    };
    Ok(Held {
        id: word::<MessageId>(row, 0)?,
        client: word(row, 1)?,
        message: NewMessage {
            to,
            sender: sender.map_err(|error| unreadable(3, error))?,
            body,
            tenant: maybe_word(row, 5)?,
            class: word(row, 6)?,
            accept: word(row, 7)?,
            idempotency: None,
            deadline: Deadline::at(moment(row, 8)?),
            attributes: Attributes::parse(attributes).map_err(|error| unreadable(9, error))?,
        },
    })
}

fn past(connection: &Connection, key: &Key) -> rusqlite::Result<Vec<Past>> {
    connection
        .prepare_cached(
            "SELECT carrier, outcome FROM attempts WHERE message = ?1 AND outcome IS NOT NULL ORDER BY number",
        )?
        .query_map([key], |row| Ok(Past { carrier: word(row, 0)?, class: word(row, 1)? }))?
        .collect()
}

/// Finds the earliest moment at which something is due. What is no moment is due now.
pub(super) fn next_due(connection: &Connection) -> rusqlite::Result<Option<UnixMillis>> {
    let mut statement = connection.prepare_cached(NEXT_DUE)?;
    let due = |row: &Row<'_>| match row.get_ref(0)? {
        ValueRef::Integer(moment) if moment <= LAST_MOMENT => Ok(from_millis(moment)),
        _ => Ok(UnixMillis::from_millis(0)),
    };
    statement.query_map([], due)?.next().transpose()
}
