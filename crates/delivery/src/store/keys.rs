//! Finds the message that an idempotency key stands for, and closes a call that no message came by.

use super::accept::{Accepted, millis};
use super::record::word;
use super::seals::Seals;
use aldis_message::{ClientName, Idempotency, MessageId, NewMessage, UnixMillis};
use rusqlite::{Connection, Row, params};
use std::time::Duration;

/// Finds keys as the store has them now, and as they were kept before migration V4: of the request itself, and of
/// another key that it may have come under.
pub(super) const KNOWN: &str =
    "SELECT id, idempotency_key, idempotency_until, fingerprint, state IN ('queued', 'sending'), call
    FROM messages WHERE client = ?1 AND idempotency_key IN (?2, ?3, ?4, ?5) AND idempotency_key IS NOT NULL";

pub(super) const CLOSED: &str = "SELECT 1 FROM closed_calls WHERE call = ?1 AND until > ?2";

pub(super) const OVER: &str = "SELECT call FROM closed_calls WHERE until <= ?1 ORDER BY until LIMIT 64";

/// The time in which a request may still arrive after it was written: what Linux sends again that nobody acknowledges
/// is given up after a quarter of an hour (tcp(7), `tcp_retries2`), and a proxy may do the same once more.
const ON_ITS_WAY: Duration = Duration::from_hours(1);

/// A keyed request, and what of it may be in the store.
pub(super) struct Asked<'a> {
    client: &'a ClientName,
    message: &'a NewMessage,
    idempotency: &'a Idempotency,
    seals: &'a Seals,
    /// The key as it is in the store, and the others likewise.
    key: String,
    former: Option<String>,
    call: Vec<u8>,
}

/// A row with one of its keys.
struct Found {
    id: MessageId,
    key: String,
    until: i64,
    fingerprint: Vec<u8>,
    open: bool,
    call: Option<Vec<u8>>,
}

/// The earlier requests with a key.
pub(super) enum Before {
    /// One of them still counts.
    Known(Accepted),
    /// The windows of these messages are over.
    Over(Vec<MessageId>),
}

/// Takes the key from messages whose window is over, for one that is about to have it, or of which nothing was sent and
/// nothing will be. No others may lose it: whoever still looks for the answer of a message finds it by its key.
pub(super) fn release(connection: &Connection, over: &[MessageId]) -> rusqlite::Result<()> {
    for id in over {
        connection
            .prepare_cached(
                "UPDATE messages SET idempotency_key = NULL, idempotency_until = NULL, fingerprint = NULL
                 WHERE id = ?1",
            )?
            .execute([id.to_string()])?;
    }
    Ok(())
}

impl<'a> Asked<'a> {
    /// Reads the keys of a request; one without a key has none.
    pub(super) fn of(client: &'a ClientName, message: &'a NewMessage, seals: &'a Seals) -> Option<Self> {
        let idempotency = message.idempotency.as_ref()?;
        let former = idempotency.former.as_ref();
        Some(Self {
            client,
            message,
            idempotency,
            seals,
            key: seals.key(client, &idempotency.key),
            former: former.map(|former| seals.key(client, former)),
            call: seals.call(client, idempotency),
        })
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// The call, if it can be told from others.
    pub(super) fn call(&self) -> Option<&[u8]> {
        self.idempotency.call.is_some().then_some(self.call.as_slice())
    }

    pub(super) fn fingerprint(&self) -> Vec<u8> {
        self.seals.fingerprint(self.message)
    }

    /// Finds the message that this request is a repetition of. The key of an open message counts in any case, and its
    /// window begins with the end (migration V4).
    pub(super) fn before(&self, connection: &Connection, now: UnixMillis) -> rusqlite::Result<Before> {
        let mut over = Vec::new();
        for found in self.rows(connection)? {
            if found.open || found.until > millis(now) || self.is_its_call(&found) {
                return Ok(Before::Known(self.judge(&found)));
            }
            over.push(found.id);
        }
        Ok(Before::Over(over))
    }

    /// Does what [`Asked::before`] does for one that must not be sent: where there is no message, the call is closed.
    pub(super) fn attach(&self, connection: &Connection, now: UnixMillis) -> rusqlite::Result<Accepted> {
        let unnamed = self.call().is_none();
        let counts = |found: &Found| {
            // A call without an id may be the one that made this row, however long ago.
            found.open || found.until > millis(now) || unnamed || self.is_its_call(found)
        };
        if let Some(found) = self.rows(connection)?.iter().find(|found| counts(found)) {
            return Ok(self.judge(found));
        }
        self.close(connection, now)?;
        Ok(Accepted::Closed)
    }

    /// Tells whether the call was closed: its caller has been told that nothing is sent by it.
    pub(super) fn is_closed(&self, connection: &Connection, now: UnixMillis) -> rusqlite::Result<bool> {
        connection
            .prepare_cached(CLOSED)?
            .exists(params![self.call, millis(now)])
    }

    /// Closes the call. After the deadline the request would not be sent anyway, whatever the key's window; but the
    /// clocks on both sides may differ, so that a call that has a name stays closed for as long as a request may be on
    /// its way in any case.
    fn close(&self, connection: &Connection, now: UnixMillis) -> rusqlite::Result<()> {
        let sweep = format!("DELETE FROM closed_calls WHERE call IN ({OVER})");
        connection.prepare_cached(&sweep)?.execute([millis(now)])?;
        let least = self.call().map_or(Duration::ZERO, |_| ON_ITS_WAY);
        let window = now.plus(self.idempotency.window.max(least));
        let until = window.max(self.message.deadline.moment());
        connection
            .prepare_cached("INSERT OR REPLACE INTO closed_calls (call, until) VALUES (?1, ?2)")?
            .execute(params![self.call, millis(until)])?;
        Ok(())
    }

    fn is_its_call(&self, found: &Found) -> bool {
        self.call()
            .is_some_and(|call| found.call.as_deref() == Some(call))
    }

    fn judge(&self, found: &Found) -> Accepted {
        let sealed = found.key == self.key || self.former.as_ref() == Some(&found.key);
        let same = self
            .seals
            .matches(self.client, self.message, &found.fingerprint, sealed);
        if same {
            Accepted::Replayed(found.id)
        } else {
            Accepted::Conflict(found.id)
        }
    }

    fn rows(&self, connection: &Connection) -> rusqlite::Result<Vec<Found>> {
        let as_it_came = self.idempotency.key.as_str();
        let former = self
            .idempotency
            .former
            .as_ref()
            .map(aldis_message::IdempotencyKey::as_str);
        connection
            .prepare_cached(KNOWN)?
            .query_map(
                params![self.client.as_str(), self.key, as_it_came, self.former, former],
                found,
            )?
            .collect()
    }
}

fn found(row: &Row<'_>) -> rusqlite::Result<Found> {
    Ok(Found {
        id: word(row, 0)?,
        key: row.get(1)?,
        until: row.get(2)?,
        fingerprint: row.get(3)?,
        open: row.get(4)?,
        call: row.get(5)?,
    })
}
