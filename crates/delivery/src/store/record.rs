//! Reading: a message as it stands, without its text and without its full number.

use aldis_delivery_api::{AttemptView, MessageView, ReceiptView};
use aldis_message::{AcceptMode, ClientName, MessageId, UnixMillis};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use std::error::Error;
use std::str::FromStr;
use std::time::Duration;

/// A message as the store knows it.
#[derive(Clone, Debug)]
pub struct Record {
    /// What its client may see.
    pub view: MessageView,
    /// What its caller waits for.
    pub accept: AcceptMode,
}

pub(super) fn find(
    connection: &Connection,
    client: &ClientName,
    id: &MessageId,
) -> rusqlite::Result<Option<Record>> {
    let mut found = connection
        .prepare_cached(
            "SELECT id, masked, state, reason, tenant, class, encoding, segments, created_at, deadline, updated_at,
                accept
             FROM messages WHERE id = ?1 AND client = ?2",
        )?
        .query_row(params![id.to_string(), client.as_str()], |row| {
            let view = MessageView {
                id: word(row, 0)?,
                to_masked: row.get(1)?,
                status: word(row, 2)?,
                reason: maybe_word(row, 3)?,
                attempts: Vec::new(),
                tenant: maybe_word(row, 4)?,
                class: word(row, 5)?,
                encoding: word(row, 6)?,
                segments: row.get(7)?,
                created_at: moment(row, 8)?,
                deadline: moment(row, 9)?,
                updated_at: moment(row, 10)?,
            };
            Ok(Record { view, accept: word(row, 11)? })
        })
        .optional()?;
    if let Some(record) = &mut found {
        record.view.attempts = attempts(connection, id)?;
        for (attempt, receipt) in receipts(connection, id)? {
            let told_of = record
                .view
                .attempts
                .iter_mut()
                .find(|known| known.number == attempt);
            if let Some(attempt) = told_of {
                attempt.receipts.push(receipt);
            }
        }
    }
    Ok(found)
}

fn attempts(connection: &Connection, id: &MessageId) -> rusqlite::Result<Vec<AttemptView>> {
    connection
        .prepare_cached(
            "SELECT number, carrier, outcome, code, carrier_ids, started_at, finished_at, told_ids FROM attempts
             WHERE message = ?1 ORDER BY number",
        )?
        .query_map([id.to_string()], |row| {
            let mut carrier_message_ids = ids(row, 4)?;
            for told in ids(row, 7)? {
                if !carrier_message_ids.contains(&told) {
                    carrier_message_ids.push(told);
                }
            }
            Ok(AttemptView {
                number: row.get(0)?,
                carrier: word(row, 1)?,
                outcome: maybe_word(row, 2)?,
                code: row.get(3)?,
                carrier_message_ids,
                started_at: moment(row, 5)?,
                finished_at: row.get::<_, Option<i64>>(6)?.map(from_millis),
                receipts: Vec::new(),
            })
        })?
        .collect()
}

pub(super) const RECEIPTS: &str =
    "SELECT attempt, carrier_id, state, final, code, carrier_time, received_at, class FROM receipts
    WHERE message IS NOT NULL AND message = ?1 ORDER BY number";

fn receipts(connection: &Connection, id: &MessageId) -> rusqlite::Result<Vec<(u32, ReceiptView)>> {
    connection
        .prepare_cached(RECEIPTS)?
        .query_map([id.to_string()], |row| {
            let receipt = ReceiptView {
                carrier_message_id: row.get(1)?,
                state: word(row, 2)?,
                is_final: row.get(3)?,
                class: maybe_word(row, 7)?,
                code: row.get(4)?,
                carrier_time: row.get::<_, Option<i64>>(5)?.map(from_millis),
                received_at: moment(row, 6)?,
            };
            Ok((row.get(0)?, receipt))
        })?
        .collect()
}

pub(super) fn count_unknown(connection: &Connection) -> rusqlite::Result<u64> {
    connection
        .prepare_cached("SELECT count(*) FROM messages WHERE state = 'unknown'")?
        .query_row([], |row| row.get::<_, i64>(0))
        .map(i64::unsigned_abs)
}

/// A column that holds a JSON array of a carrier's ids; null is none.
pub(super) fn ids(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<String>> {
    let json = row.get_ref(column)?.as_str_or_null()?;
    json.map_or(Ok(Vec::new()), |json| {
        serde_json::from_str(json).map_err(|_| not_json(column))
    })
}

/// The fault of JSON that has another form than was written. The parser's words are left out: they quote what they found.
#[derive(Debug, thiserror::Error)]
#[error("it is not the JSON that was written there")]
struct NotJson;

pub(super) fn not_json(column: usize) -> rusqlite::Error {
    unreadable(column, NotJson)
}

/// A column that holds one of our words.
pub(super) fn word<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: FromStr,
    T::Err: Error + Send + Sync + 'static,
{
    let text = row.get_ref(column)?.as_str()?;
    text.parse().map_err(|error| unreadable(column, error))
}

pub(super) fn maybe_word<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>>
where
    T: FromStr,
    T::Err: Error + Send + Sync + 'static,
{
    match row.get_ref(column)?.as_str_or_null()? {
        Some(text) => text.parse().map(Some).map_err(|error| unreadable(column, error)),
        None => Ok(None),
    }
}

/// The parsers' errors never quote what they refuse, so this may be logged.
pub(super) fn unreadable(column: usize, error: impl Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

pub(super) fn moment(row: &Row<'_>, column: usize) -> rusqlite::Result<UnixMillis> {
    row.get::<_, i64>(column).map(from_millis)
}

pub(super) fn from_millis(millis: i64) -> UnixMillis {
    UnixMillis::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// The moment at which the store was last written to, by its newest rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latest {
    /// The latest moment that a row has.
    pub at: UnixMillis,
    /// Set if some message is not at its end.
    pub open: bool,
}

/// Asks for the moments of the newest rows. Ids are ordered in time, so the newest messages are the last ones. Older ones
/// that changed later are not looked for: that would be the whole file.
pub(super) const NEWEST: &str =
    "SELECT at FROM (SELECT updated_at AS at FROM messages ORDER BY id DESC LIMIT 1000)
        WHERE typeof(at) = 'integer'
    UNION ALL
    SELECT at FROM (SELECT received_at AS at FROM receipts ORDER BY number DESC LIMIT 1000)
        WHERE typeof(at) = 'integer'";

const OPEN: &str = "SELECT EXISTS (SELECT 1 FROM messages WHERE next_at IS NOT NULL)
    OR EXISTS (SELECT 1 FROM messages WHERE owner IS NOT NULL)";

/// The longest that anything in the store waits or counts: an early receipt.
pub const LONGEST: Duration = Duration::from_hours(72);

/// Finds the [`Latest`]; an empty store has none.
pub(super) fn latest(connection: &Connection) -> rusqlite::Result<Option<Latest>> {
    let mut newest: Vec<i64> = connection
        .prepare(NEWEST)?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    newest.sort_unstable_by(|one, other| other.cmp(one));
    // One row may be damaged, and a moment far ahead, once believed, ends every message that waits: another row must have
    // been written not long before.
    let vouched = newest
        .iter()
        .zip(newest.iter().skip(1))
        .find(|(at, before)| u128::from(at.abs_diff(**before)) <= LONGEST.as_millis());
    // Where none is, the earliest harms nobody.
    let at = vouched.map(|(at, _)| at).or(newest.last());
    let open = connection.query_row(OPEN, [], |row| row.get(0))?;
    Ok(at.and_then(|at| u64::try_from(*at).ok()).map(|at| Latest {
        at: UnixMillis::from_millis(at),
        open,
    }))
}
