//! Which attempt a receipt is about: by the carrier's id, by the message that its call-back's URL names, and by both once
//! the answer that has the id is there.

use crate::receipts::proof::{Own, SenderProof, is_own};
use crate::receipts::whose::{Tried, Whose, whose};
use crate::store::Hint;
use crate::store::aside::Aside;
use crate::store::inbound::suppress_for_now;
use crate::store::record::{ids, maybe_word};
use aldis_message::{CarrierName, OutcomeClass, UnixMillis};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::BTreeSet;

pub(in crate::store) const ATTEMPT_OF_ID: &str =
    "SELECT message, attempt FROM carrier_ids WHERE carrier = ?1 AND id = ?2";

/// The attempts of a message at a carrier that had begun by then. One that failed for certain, or is under way, is no
/// receipt's by its message's name alone.
pub(in crate::store) const TRIED: &str =
    "SELECT number, carrier_ids, told_ids, coalesce(late, outcome, '') IN ('ambiguous', 'accepted')
    FROM attempts WHERE message = ?1 AND carrier = ?2 AND started_at <= ?3 ORDER BY number";

/// Those that wait for this id, and name no other message. None that was there before the attempt began: ids come round
/// again, and it is about another message.
pub(in crate::store) const WAITING_FOR_ID: &str = "UPDATE receipts SET message = ?3, attempt = ?4
    WHERE message IS NULL AND carrier = ?1 AND carrier_id = ?2 AND (hint IS NULL OR hint = ?3) AND inbound IS NULL
        AND received_at >= (SELECT started_at FROM attempts WHERE message = ?3 AND number = ?4)
    RETURNING class";

/// The unproven ones that wait for this id. None that was there before the attempt began, as with other receipts.
pub(in crate::store) const WAITING_UNPROVEN: &str =
    "SELECT receipts.number, inbound.number, inbound.sender, inbound.recipient, receipts.sender_proof, receipts.class
    FROM receipts JOIN inbound ON inbound.number = receipts.inbound
    WHERE receipts.message IS NULL AND receipts.carrier = ?1 AND receipts.carrier_id = ?2
        AND receipts.received_at >= (SELECT started_at FROM attempts WHERE message = ?3 AND number = ?4)";

/// The ids of those that wait and name this message, and since when.
pub(in crate::store) const WAITING_FOR_MESSAGE: &str = "SELECT carrier_id, min(received_at) FROM receipts
    WHERE message IS NULL AND hint IS NOT NULL AND hint = ?2 AND carrier = ?1 GROUP BY carrier_id ORDER BY min(number)";

/// The attempt a receipt is about.
pub(super) struct Found {
    pub(super) message: String,
    pub(super) attempt: u32,
    /// Its id was not known.
    pub(super) learned: bool,
}

/// The attempt a receipt is about. The message that its URL names counts more than who had the id last, if that is proved
/// or the id agrees.
pub(super) fn find(
    connection: &Connection,
    carrier: &CarrierName,
    id: &str,
    hint: Option<Hint>,
) -> rusqlite::Result<Option<Found>> {
    let by_id = connection
        .prepare_cached(ATTEMPT_OF_ID)?
        .query_row(params![carrier.as_str(), id], |row| {
            Ok(Found {
                message: row.get(0)?,
                attempt: row.get(1)?,
                learned: false,
            })
        })
        .optional()?;
    let Some(hint) = hint else { return Ok(by_id) };
    let message = hint.message().to_string();
    if by_id.as_ref().is_some_and(|by_id| by_id.message == message) {
        return Ok(by_id);
    }
    let whose = whose(id, &tried(connection, carrier, &message, i64::MAX)?);
    Ok(match whose {
        Some(whose) if hint.is_proved() || matches!(whose, Whose::Known(_)) => Some(of(&message, whose)),
        _ if hint.is_proved() => None,
        _ => by_id,
    })
}

fn of(message: &str, whose: Whose) -> Found {
    let (attempt, learned) = match whose {
        Whose::Known(attempt) => (attempt, false),
        Whose::Learned(attempt) => (attempt, true),
    };
    Found {
        message: message.to_owned(),
        attempt,
        learned,
    }
}

fn tried(
    connection: &Connection,
    carrier: &CarrierName,
    message: &str,
    by: i64,
) -> rusqlite::Result<Vec<Tried>> {
    connection
        .prepare_cached(TRIED)?
        .query_map(params![message, carrier.as_str(), by], |row| {
            Ok(Tried {
                number: row.get(0)?,
                ids: ids(row, 1).unwrap_or_default(),
                told_ids: ids(row, 2).unwrap_or_default(),
                may_have_it: row.get(3)?,
            })
        })?
        .collect()
}

/// An attempt ended, and its answer has these ids. Receipts that came before find it: those that wait for one of them,
/// and those that name its message. A row that cannot be used is set aside, and the outcome stands.
pub(in crate::store) fn learn(
    connection: &Connection,
    message: &str,
    attempt: u32,
    carrier: &CarrierName,
    ids: &[String],
    now: UnixMillis,
    aside: &Aside,
) -> rusqlite::Result<()> {
    let answered = Found {
        message: message.to_owned(),
        attempt,
        learned: false,
    };
    if !ids.is_empty() {
        let answered = || {
            for id in ids {
                name(connection, carrier, &answered, id)?;
                claim(connection, carrier, &answered, id, now, aside)?;
            }
            note_habit(connection, message, attempt, carrier, ids)
        };
        aside.one(connection, &message, "given its ids", answered)?;
    }
    let waiting = || claim_waiting(connection, message, carrier, now, aside);
    aside
        .one(connection, &message, "given what waited for it", waiting)
        .map(drop)
}

/// The attempt has this id by its answer.
fn name(connection: &Connection, carrier: &CarrierName, found: &Found, id: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO carrier_ids (carrier, id, message, attempt) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (carrier, id) DO UPDATE SET message = excluded.message, attempt = excluded.attempt",
        )?
        .execute(params![carrier.as_str(), id, found.message, found.attempt])
        .map(drop)
}

/// Claims receipts that wait and name this message.
fn claim_waiting(
    connection: &Connection,
    message: &str,
    carrier: &CarrierName,
    now: UnixMillis,
    aside: &Aside,
) -> rusqlite::Result<()> {
    let waiting: Vec<(String, i64)> = aside.rows(
        &mut *connection.prepare_cached(WAITING_FOR_MESSAGE)?,
        params![carrier.as_str(), message],
        &message,
        "asked for what waits for it",
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    for (id, since) in waiting {
        // Asked anew for each: what the one before named, that attempt has.
        let Some(whose) = whose(&id, &tried(connection, carrier, message, since)?) else {
            continue;
        };
        let found = of(message, whose);
        claim(connection, carrier, &found, &id, now, aside)?;
        if found.learned {
            remember(connection, carrier, &found, &id)?;
        }
    }
    Ok(())
}

/// Receipts with this id that waited for their attempt.
pub(super) fn claim(
    connection: &Connection,
    carrier: &CarrierName,
    found: &Found,
    id: &str,
    now: UnixMillis,
    aside: &Aside,
) -> rusqlite::Result<()> {
    let mut classes: Vec<Option<OutcomeClass>> = connection
        .prepare_cached(WAITING_FOR_ID)?
        .query_map(
            params![carrier.as_str(), id, found.message, found.attempt],
            // The receipt is told of in any case; without its reason it only suppresses nothing.
            |row| Ok(maybe_word(row, 0).unwrap_or_default()),
        )?
        .collect::<rusqlite::Result<_>>()?;
    classes.extend(claim_unproven(connection, carrier, found, id, aside)?);
    if classes.contains(&Some(OutcomeClass::OptedOut)) {
        suppress_for_now(connection, carrier, &found.message, now)?;
    }
    Ok(())
}

/// A text that waits for its id: as a receipt, and as a message to us.
struct Waiting {
    receipt: i64,
    written: i64,
    from: String,
    to: String,
    sender: SenderProof,
    class: Option<OutcomeClass>,
}

/// Makes receipts of the texts that waited for this id and have the addresses of its message: they are no messages to us.
/// Returns the class of each.
fn claim_unproven(
    connection: &Connection,
    carrier: &CarrierName,
    found: &Found,
    id: &str,
    aside: &Aside,
) -> rusqlite::Result<Vec<Option<OutcomeClass>>> {
    let waiting = aside.rows(
        &mut *connection.prepare_cached(WAITING_UNPROVEN)?,
        params![carrier.as_str(), id, found.message, found.attempt],
        &found.message,
        "asked for texts that wait for its id",
        |row| {
            Ok(Waiting {
                receipt: row.get(0)?,
                written: row.get(1)?,
                from: row.get(2)?,
                to: row.get(3)?,
                sender: SenderProof::of_word(row.get_ref(4)?.as_str()?),
                class: maybe_word(row, 5).unwrap_or_default(),
            })
        },
    )?;
    let mut classes = Vec::new();
    for waiting in waiting {
        let claim = || claim_text(connection, found, &waiting);
        if aside.one(connection, &found.message, "given a text", claim)? == Some(true) {
            classes.push(waiting.class);
        }
    }
    Ok(classes)
}

/// Makes a receipt of one; false if it has other addresses.
fn claim_text(connection: &Connection, found: &Found, waiting: &Waiting) -> rusqlite::Result<bool> {
    let addresses = (waiting.from.as_str(), waiting.to.as_str());
    if !is_about(connection, &found.message, addresses, waiting.sender)? {
        return Ok(false);
    }
    connection
        .prepare_cached(
            "UPDATE receipts SET message = ?2, attempt = ?3, inbound = NULL, sender_proof = NULL WHERE number = ?1",
        )?
        .execute(params![waiting.receipt, found.message, found.attempt])?;
    connection
        .prepare_cached("DELETE FROM inbound WHERE number = ?1")?
        .execute([waiting.written])?;
    Ok(true)
}

/// Tells whether its addresses are those of this message, swapped.
pub(super) fn is_about(
    connection: &Connection,
    message: &str,
    (from, to): (&str, &str),
    sender: SenderProof,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT recipient, sender FROM messages WHERE id = ?1")?
        .query_row([message], |row| {
            let own = Own {
                recipient: row.get_ref(0)?.as_str()?,
                sender: row.get_ref(1)?.as_str_or_null()?,
            };
            Ok(is_own(own, from, to, sender))
        })
}

/// An attempt has this id by what was told of it. A newer message that has it keeps it.
pub(super) fn remember(
    connection: &Connection,
    carrier: &CarrierName,
    found: &Found,
    id: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE attempts SET told_ids = json_insert(coalesce(told_ids, '[]'), '$[#]', ?3)
             WHERE message = ?1 AND number = ?2",
        )?
        .execute(params![found.message, found.attempt, id])?;
    connection
        .prepare_cached(
            "INSERT INTO carrier_ids (carrier, id, message, attempt) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (carrier, id) DO UPDATE SET message = excluded.message, attempt = excluded.attempt
                WHERE excluded.message >= carrier_ids.message",
        )?
        .execute(params![carrier.as_str(), id, found.message, found.attempt])?;
    Ok(())
}

/// The carrier's way of answering to a message of several segments. The ids of one that it did not take whole may be those of some
/// parts, and say nothing of that.
fn note_habit(
    connection: &Connection,
    message: &str,
    attempt: u32,
    carrier: &CarrierName,
    ids: &[String],
) -> rusqlite::Result<()> {
    let distinct: BTreeSet<&String> = ids.iter().collect();
    connection
        .prepare_cached(
            "INSERT INTO habits (carrier, id_for_each) SELECT ?1, ?3 FROM messages WHERE id = ?2 AND segments > 1
                AND EXISTS (SELECT 1 FROM attempts
                    WHERE message = ?2 AND number = ?4 AND coalesce(late, outcome) = 'accepted')
             ON CONFLICT (carrier) DO UPDATE SET id_for_each = excluded.id_for_each
                WHERE id_for_each <> excluded.id_for_each",
        )?
        .execute(params![carrier.as_str(), message, distinct.len() > 1, attempt])?;
    Ok(())
}
