//! An answer that comes after its attempt was given up as lost: the truth about the wire, kept where it is too late to
//! decide what is sent.

use super::accept::millis;
use super::aside::Aside;
use super::attempt::ids_to_json;
use super::inbound::suppress_for_now;
use super::receipt::matching::learn;
use super::receipt::{self, Change};
use super::record::word;
use super::{Ended, Open};
use crate::receipts::fate::{answered, contradicts};
use aldis_message::{DeliveryStatus, MessageClass, MessageId, OutcomeClass, UnixMillis};
use rusqlite::{Connection, params};

/// Keeps one that comes without a lease, once, if its attempt ended without an answer and nothing that was told since
/// says the contrary. The message's state, if that changed.
pub(super) fn take(
    connection: &Connection,
    id: MessageId,
    ended: &Ended,
    now: UnixMillis,
    aside: &Aside,
) -> rusqlite::Result<Option<Change>> {
    let message = id.to_string();
    let lost = connection
        .prepare_cached(
            "SELECT 1 FROM attempts
             WHERE message = ?1 AND number = ?2 AND carrier = ?3 AND outcome = 'ambiguous' AND late IS NULL",
        )?
        .exists(params![
            message,
            ended.attempt.number,
            ended.attempt.carrier.as_str()
        ])?;
    let fate = receipt::fate_of(connection, &message, ended.attempt.number, aside)?;
    if !lost || contradicts(ended.class, fate) {
        return Ok(None);
    }
    let (class, from) = connection
        .prepare_cached("SELECT class, state FROM messages WHERE id = ?1")?
        .query_row([&message], |row| {
            Ok((word::<MessageClass>(row, 0)?, word::<DeliveryStatus>(row, 1)?))
        })?;
    let told = keep(connection, id, ended, now, aside)?;
    if told.is_some() {
        return Ok(told);
    }
    let Some(to) = answered(from, ended.class) else {
        return Ok(None);
    };
    receipt::settle(connection, &message, to, now)?;
    // A failure that was told before counts from here.
    let told = receipt::apply(connection, &message, now, aside)?;
    let to = told.map_or(to, |change| change.to);
    Ok(Some(Change { id, class, from, to }))
}

/// Writes it down, whatever the message has come to. An attempt that is still open ends with it: a receipt, or whoever
/// took the message over, settled the message while it was on the wire.
pub(super) fn keep(
    connection: &Connection,
    id: MessageId,
    ended: &Ended,
    now: UnixMillis,
    aside: &Aside,
) -> rusqlite::Result<Option<Change>> {
    let (Open { number, carrier }, id) = (&ended.attempt, id.to_string());
    connection
        .prepare_cached(
            "UPDATE attempts SET late = CASE WHEN outcome IS NULL THEN late ELSE ?3 END, outcome = coalesce(outcome, ?3),
                finished_at = coalesce(finished_at, ?6), code = coalesce(code, ?4),
                carrier_ids = coalesce(?5, carrier_ids)
             WHERE message = ?1 AND number = ?2",
        )?
        .execute(params![
            id,
            number,
            ended.class.as_str(),
            ended.code,
            ids_to_json(&ended.carrier_ids),
            millis(now),
        ])?;
    if ended.class == OutcomeClass::OptedOut {
        suppress_for_now(connection, carrier, &id, now)?;
    }
    learn(connection, &id, *number, carrier, &ended.carrier_ids, now, aside)?;
    receipt::apply(connection, &id, now, aside)
}
