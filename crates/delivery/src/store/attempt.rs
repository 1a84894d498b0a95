//! Recording: what ended and what comes next, in one commit, under the lease it was begun with.

use super::accept::{insert_attempt, is_suppressed, millis};
use super::aside::Aside;
use super::inbound::suppress_for_now;
use super::receipt::matching::learn;
use super::{Lease, Open, keys, late, receipt};
use aldis_message::{CarrierName, DeliveryStatus, OutcomeClass, Reason, UnixMillis};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::time::Duration;

/// An attempt that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Which one.
    pub attempt: Open,
    /// What came of it.
    pub class: OutcomeClass,
    /// The carrier's own code.
    pub code: Option<String>,
    /// The carrier's ids.
    pub carrier_ids: Vec<String>,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// A carrier took it; what remains is to hear of its arrival.
    Submitted,
    /// An attempt through this carrier, whose intent is part of the commit.
    Send {
        /// Through which one.
        carrier: CarrierName,
        /// How the message ends instead if the recipient opted out there.
        if_opted_out: (DeliveryStatus, Reason),
    },
    /// A wait, in the hand that has it.
    Hold,
    /// A wait in the store.
    Leave {
        /// Until when; at most its deadline.
        next_at: UnixMillis,
        /// The wait to begin the next one from.
        backoff: Option<Duration>,
    },
    /// The end.
    End {
        /// How.
        status: DeliveryStatus,
        /// Why.
        reason: Reason,
    },
}

/// What was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The next attempt may go on the wire.
    Opened(Open),
    /// The message stays in hand.
    Held,
    /// The message is out of hand, in this state for this reason.
    Settled(DeliveryStatus, Option<Reason>),
    /// Somebody else has decided about the message meanwhile. An outcome was kept as a late answer.
    Fenced,
}

pub(super) fn record(
    connection: &Connection,
    lease: &Lease,
    ended: Option<&Ended>,
    next: &Next,
    now: UnixMillis,
    aside: &Aside,
) -> rusqlite::Result<Recorded> {
    let Some((recipient, attempts)) = in_hand(connection, lease, ended.is_some())? else {
        if let Some(ended) = ended {
            late::keep(connection, lease.id, ended, now, aside)?;
        }
        return Ok(Recorded::Fenced);
    };
    if let Some(ended) = ended {
        end_attempt(connection, lease, ended, now)?;
        let id = lease.id.to_string();
        if ended.class == OutcomeClass::OptedOut {
            suppress_for_now(connection, &ended.attempt.carrier, &id, now)?;
        }
        learn(
            connection,
            &id,
            ended.attempt.number,
            &ended.attempt.carrier,
            &ended.carrier_ids,
            now,
            aside,
        )?;
        // What was told before may be the last word already.
        if let Some(change) = receipt::apply(connection, &id, now, aside)? {
            return Ok(Recorded::Settled(change.to, None));
        }
    }
    match next {
        Next::Submitted => settle_as_told(connection, lease, (DeliveryStatus::Submitted, None), now, aside),
        Next::End { status, reason } => {
            let settled = settle_as_told(connection, lease, (*status, Some(*reason)), now, aside)?;
            // Its callers have left, and nothing was sent: whoever makes the call again is served.
            if settled == Recorded::Settled(DeliveryStatus::Cancelled, Some(Reason::Fenced)) {
                keys::release(connection, &[lease.id])?;
            }
            Ok(settled)
        }
        Next::Send {
            carrier,
            if_opted_out,
        } => {
            if is_suppressed(connection, carrier, &recipient, now)? {
                return settle(connection, lease, if_opted_out.0, Some(if_opted_out.1), now);
            }
            let open = Open {
                number: attempts + 1,
                carrier: carrier.clone(),
            };
            insert_attempt(connection, lease.id, &open, now)?;
            let change =
                "UPDATE messages SET state = 'sending', attempts = ?2, updated_at = ?3 WHERE id = ?1";
            connection.prepare_cached(change)?.execute(params![
                lease.id.to_string(),
                open.number,
                millis(now)
            ])?;
            Ok(Recorded::Opened(open))
        }
        Next::Hold => {
            let change = "UPDATE messages SET state = 'queued', updated_at = ?2 WHERE id = ?1";
            connection
                .prepare_cached(change)?
                .execute(params![lease.id.to_string(), millis(now)])?;
            Ok(Recorded::Held)
        }
        Next::Leave { next_at, backoff } => leave(connection, lease, *next_at, *backoff, now),
    }
}

/// The recipient and attempts so far, if the lease still holds.
fn in_hand(connection: &Connection, lease: &Lease, sending: bool) -> rusqlite::Result<Option<(String, u32)>> {
    connection
        .prepare_cached(
            "SELECT recipient, attempts FROM messages
             WHERE id = ?1 AND owner = ?2 AND owner IS NOT NULL AND epoch = ?3 AND state = ?4",
        )?
        .query_row(
            params![
                lease.id.to_string(),
                &*lease.owner,
                lease.epoch,
                if sending {
                    DeliveryStatus::Sending
                } else {
                    DeliveryStatus::Queued
                }
                .as_str()
            ],
            // A recipient that cannot be read has told nobody to stop.
            |row| Ok((row.get(0).unwrap_or_default(), row.get(1)?)),
        )
        .optional()
}

/// As [`settle`]; but receipts that were there before may know more.
fn settle_as_told(
    connection: &Connection,
    lease: &Lease,
    (status, reason): (DeliveryStatus, Option<Reason>),
    now: UnixMillis,
    aside: &Aside,
) -> rusqlite::Result<Recorded> {
    let settled = settle(connection, lease, status, reason, now)?;
    let change = receipt::apply(connection, &lease.id.to_string(), now, aside)?;
    Ok(change.map_or(settled, |change| Recorded::Settled(change.to, None)))
}

fn settle(
    connection: &Connection,
    lease: &Lease,
    status: DeliveryStatus,
    reason: Option<Reason>,
    now: UnixMillis,
) -> rusqlite::Result<Recorded> {
    connection
        .prepare_cached(
            "UPDATE messages SET state = ?2, reason = ?3, updated_at = ?4, owner = NULL, body = NULL, attributes = NULL
             WHERE id = ?1",
        )?
        .execute(params![lease.id.to_string(), status.as_str(), reason.map(Reason::as_str), millis(now)])?;
    Ok(Recorded::Settled(status, reason))
}

fn leave(
    connection: &Connection,
    lease: &Lease,
    next_at: UnixMillis,
    backoff: Option<Duration>,
    now: UnixMillis,
) -> rusqlite::Result<Recorded> {
    connection
        .prepare_cached(
            "UPDATE messages SET state = 'queued', updated_at = ?2, owner = NULL, next_at = min(?3, deadline),
                backoff = ?4
             WHERE id = ?1",
        )?
        .execute(params![
            lease.id.to_string(),
            millis(now),
            millis(next_at),
            backoff.map(|backoff| i64::try_from(backoff.as_millis()).unwrap_or(i64::MAX))
        ])?;
    Ok(Recorded::Settled(DeliveryStatus::Queued, None))
}

fn end_attempt(
    connection: &Connection,
    lease: &Lease,
    ended: &Ended,
    now: UnixMillis,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE attempts SET finished_at = ?3, outcome = ?4, code = ?5, carrier_ids = ?6
             WHERE message = ?1 AND number = ?2 AND outcome IS NULL",
        )?
        .execute(params![
            lease.id.to_string(),
            ended.attempt.number,
            millis(now),
            ended.class.as_str(),
            ended.code,
            ids_to_json(&ended.carrier_ids),
        ])?;
    Ok(())
}

pub(super) fn ids_to_json(ids: &[String]) -> Option<String> {
    if ids.is_empty() {
        return None;
    }
    Some(serde_json::Value::from(ids.to_vec()).to_string())
}
