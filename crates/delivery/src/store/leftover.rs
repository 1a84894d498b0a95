//! What a dead process left in its hands: read row by row, settled by a verdict.

use super::accept::millis;
use super::aside::{Aside, Key, end_open_attempts};
use super::receipt;
use super::receipt::matching::learn;
use super::record::{moment, word};
use aldis_message::{
    AcceptMode, CarrierName, ClientName, DeliveryStatus, MessageClass, MessageId, PhoneNumber, Reason,
    TenantName, UnixMillis,
};
use rusqlite::{Connection, Row, params};

/// A message that was in somebody's hand.
#[derive(Clone, Debug)]
pub struct Leftover {
    /// Its id, as it stands in the store.
    pub id: Key,
    /// What is known of it; nothing if the row cannot be read.
    pub facts: Option<LeftoverFacts>,
}

/// What a verdict needs to know.
#[derive(Clone, Debug)]
pub struct LeftoverFacts {
    /// Its id.
    pub id: MessageId,
    /// Sending, or queued: whether an attempt may have been on the wire.
    pub status: DeliveryStatus,
    /// Whether its caller waited.
    pub accept: AcceptMode,
    /// When it becomes worthless.
    pub deadline: UnixMillis,
    /// For its route: the recipient.
    pub to: PhoneNumber,
    /// For its route: the tenant.
    pub tenant: Option<TenantName>,
    /// For its route: the client.
    pub client: ClientName,
    /// For its route: the class.
    pub class: MessageClass,
    /// How many answers were lost before.
    pub ambiguous: u32,
}

/// What becomes of a leftover. An attempt that was open ends as ambiguous in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The scheduler takes it at once.
    Requeue,
    /// It is over.
    End(DeliveryStatus, Reason),
}

const COLUMNS: &str = "SELECT id, state, accept, deadline, recipient, tenant, client, class,
        (SELECT count(*) FROM attempts WHERE message = messages.id AND outcome = 'ambiguous')
    FROM messages";

/// `+id`: by the small index of what is in hand, not by walking all messages in the order of ids.
pub(super) fn page_query(after: Option<&Key>) -> String {
    let next = beyond(after);
    format!("{COLUMNS} WHERE owner IS NOT NULL AND +id {next} ?1 ORDER BY +id LIMIT ?2")
}

/// The comparison with the last key of the page before. Keys begin with the empty one, which is a key.
fn beyond(after: Option<&Key>) -> &'static str {
    if after.is_some() { ">" } else { ">=" }
}

pub(super) fn page(
    connection: &Connection,
    after: Option<&Key>,
    most: u32,
    aside: &Aside,
) -> rusqlite::Result<Vec<Leftover>> {
    let first = Key::from("");
    connection
        .prepare_cached(&page_query(after))?
        .query_map(params![after.unwrap_or(&first), most], |row| leftover(row, aside))?
        .collect()
}

pub(super) fn one(connection: &Connection, id: &str, aside: &Aside) -> rusqlite::Result<Option<Leftover>> {
    let mut statement =
        connection.prepare_cached(&format!("{COLUMNS} WHERE id = ?1 AND owner IS NOT NULL"))?;
    let mut found = statement.query_map([id], |row| leftover(row, aside))?;
    found.next().transpose()
}

fn leftover(row: &Row<'_>, aside: &Aside) -> rusqlite::Result<Leftover> {
    let id = Key::of(row.get_ref(0)?);
    let facts = facts(row).inspect_err(|error| aside.note(&id, "recovered", error));
    Ok(Leftover {
        facts: facts.ok(),
        id,
    })
}

fn facts(row: &Row<'_>) -> rusqlite::Result<LeftoverFacts> {
    Ok(LeftoverFacts {
        id: word(row, 0)?,
        status: word(row, 1)?,
        accept: word(row, 2)?,
        deadline: moment(row, 3)?,
        to: PhoneNumber::parse(row.get_ref(4)?.as_str()?, None)
            .map_err(|error| super::record::unreadable(4, error))?,
        tenant: super::record::maybe_word(row, 5)?,
        client: word(row, 6)?,
        class: word(row, 7)?,
        ambiguous: row.get(8)?,
    })
}

pub(super) fn settle(
    connection: &Connection,
    verdicts: &[(Key, Verdict)],
    now: UnixMillis,
    aside: &Aside,
) -> rusqlite::Result<()> {
    for (key, verdict) in verdicts {
        let one = || settle_one(connection, key, *verdict, now, aside);
        if aside.one(connection, key, "settled", one)?.is_none() {
            aside.give_up(connection, key, now)?;
        }
    }
    Ok(())
}

fn settle_one(
    connection: &Connection,
    key: &Key,
    verdict: Verdict,
    now: UnixMillis,
    aside: &Aside,
) -> rusqlite::Result<()> {
    end_open_attempts(connection, key, now)?;
    match verdict {
        Verdict::Requeue => connection
            .prepare_cached(
                "UPDATE messages SET state = 'queued', updated_at = ?2, owner = NULL, next_at = min(?2, deadline)
                 WHERE id = ?1 AND owner IS NOT NULL",
            )?
            .execute(params![key, millis(now)])?,
        Verdict::End(status, reason) => connection
            .prepare_cached(
                "UPDATE messages SET state = ?2, reason = ?3, updated_at = ?4, owner = NULL, body = NULL,
                    attributes = NULL
                 WHERE id = ?1 AND owner IS NOT NULL",
            )?
            .execute(params![key, status.as_str(), reason.as_str(), millis(now)])?,
    };
    hear(connection, key, now, aside)
}

/// Applies what carriers told meanwhile, which may say how it ended.
fn hear(connection: &Connection, key: &Key, now: UnixMillis, aside: &Aside) -> rusqlite::Result<()> {
    let Some(id) = key.text() else { return Ok(()) };
    for (number, carrier) in lost(connection, id)? {
        learn(connection, id, number, &carrier, &[], now, aside)?;
    }
    receipt::apply(connection, id, now, aside).map(drop)
}

/// The attempts whose answer was lost, at carriers whose names can be read.
fn lost(connection: &Connection, id: &str) -> rusqlite::Result<Vec<(u32, CarrierName)>> {
    let readable = |row: &Row<'_>| -> rusqlite::Result<_> { Ok((row.get(0)?, word(row, 1)?)) };
    connection
        .prepare_cached("SELECT number, carrier FROM attempts WHERE message = ?1 AND outcome = 'ambiguous'")?
        .query_map([id], |row| Ok(readable(row).ok()))?
        .filter_map(Result::transpose)
        .collect()
}

/// Finds messages that nobody has in hand, and that have an attempt without an end.
pub(super) fn without_end(after: Option<&Key>) -> String {
    let next = beyond(after);
    format!(
        "SELECT DISTINCT message FROM attempts WHERE outcome IS NULL AND message {next} ?1
            AND NOT EXISTS (SELECT 1 FROM messages WHERE id = attempts.message AND owner IS NOT NULL)
         ORDER BY message LIMIT ?2"
    )
}

/// Ends the attempts of messages that were settled while these were on the wire, in a process that is no more: the next
/// `most` messages after `after`. Which ones they were.
pub(super) fn end_attempts(
    connection: &Connection,
    after: Option<&Key>,
    most: u32,
    now: UnixMillis,
    aside: &Aside,
) -> rusqlite::Result<Vec<Key>> {
    let first = Key::from("");
    let keys: Vec<Key> = connection
        .prepare_cached(&without_end(after))?
        .query_map(params![after.unwrap_or(&first), most], |row| {
            Ok(Key::of(row.get_ref(0)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    for key in &keys {
        let end = || {
            end_open_attempts(connection, key, now)?;
            hear(connection, key, now, aside)
        };
        aside.one(connection, key, "rid of an attempt without end", end)?;
    }
    Ok(keys)
}
