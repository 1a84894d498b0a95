//! What a dead process left in its hands: read row by row, settled by a verdict.

use super::accept::millis;
use super::receipt;
use super::receipt::matching::learn;
use super::record::{moment, word};
use aldis_message::{
    AcceptMode, CarrierName, ClientName, DeliveryStatus, MessageClass, MessageId, OutcomeClass, PhoneNumber,
    Reason, TenantName, UnixMillis,
};
use rusqlite::{Connection, Row, params};

/// A message that was in somebody's hand.
#[derive(Clone, Debug)]
pub struct Leftover {
    /// Its id, as it stands in the store.
    pub id: String,
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
pub(super) fn page_query() -> String {
    format!("{COLUMNS} WHERE owner IS NOT NULL AND +id > ?1 ORDER BY +id LIMIT ?2")
}

pub(super) fn page(
    connection: &Connection,
    after: Option<&str>,
    most: u32,
) -> rusqlite::Result<Vec<Leftover>> {
    connection
        .prepare_cached(&page_query())?
        .query_map(params![after.unwrap_or_default(), most], leftover)?
        .collect()
}

pub(super) fn one(connection: &Connection, id: &str) -> rusqlite::Result<Option<Leftover>> {
    let mut statement =
        connection.prepare_cached(&format!("{COLUMNS} WHERE id = ?1 AND owner IS NOT NULL"))?;
    statement.query_map([id], leftover)?.next().transpose()
}

fn leftover(row: &Row<'_>) -> rusqlite::Result<Leftover> {
    Ok(Leftover {
        id: row.get(0)?,
        facts: facts(row).ok(),
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
    verdicts: &[(String, Verdict)],
    now: UnixMillis,
) -> rusqlite::Result<()> {
    for (id, verdict) in verdicts {
        connection
            .prepare_cached(
                "UPDATE attempts SET outcome = ?2, finished_at = ?3 WHERE message = ?1 AND outcome IS NULL",
            )?
            .execute(params![id, OutcomeClass::Ambiguous.as_str(), millis(now)])?;
        match verdict {
            Verdict::Requeue => connection
                .prepare_cached(
                    "UPDATE messages SET state = 'queued', updated_at = ?2, owner = NULL, next_at = min(?2, deadline)
                     WHERE id = ?1 AND owner IS NOT NULL",
                )?
                .execute(params![id, millis(now)])?,
            Verdict::End(status, reason) => connection
                .prepare_cached(
                    "UPDATE messages SET state = ?2, reason = ?3, updated_at = ?4, owner = NULL, body = NULL,
                        attributes = NULL
                     WHERE id = ?1 AND owner IS NOT NULL",
                )?
                .execute(params![id, status.as_str(), reason.as_str(), millis(now)])?,
        };
        // What carriers told meanwhile may say how it ended.
        for (number, carrier) in lost(connection, id)? {
            learn(connection, id, number, &carrier, &[], now)?;
        }
        receipt::apply(connection, id, now)?;
    }
    Ok(())
}

/// The attempts whose answer was lost.
fn lost(connection: &Connection, id: &str) -> rusqlite::Result<Vec<(u32, CarrierName)>> {
    connection
        .prepare_cached("SELECT number, carrier FROM attempts WHERE message = ?1 AND outcome = 'ambiguous'")?
        .query_map([id], |row| Ok((row.get(0)?, word(row, 1)?)))?
        .collect()
}
