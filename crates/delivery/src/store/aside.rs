//! Sets aside a row that cannot be read or changed: undone alone, named, counted, and no hindrance to any other. An
//! error of the file still ends the store.

use super::accept::millis;
use super::writer::is_fatal;
use aldis_message::{DeliveryStatus, OutcomeClass, Reason, UnixMillis};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Params, Row, Statement, ToSql, params};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The number of rows that were set aside. Clones count into the same place.
#[derive(Clone, Default)]
pub(super) struct Aside(Arc<AtomicU64>);

impl Aside {
    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts and names one. Errors of parsers and of `SQLite` speak of columns and rules, never of what a row holds.
    pub(super) fn note(&self, of: &dyn fmt::Display, doing: &'static str, error: &rusqlite::Error) {
        self.0.fetch_add(1, Ordering::Relaxed);
        tracing::error!(%of, doing, %error, "a row of the store cannot be used; it is set aside");
    }

    /// Does what [`Aside::note`] does, unless the file is at fault.
    pub(super) fn note_of_row(&self, of: &dyn fmt::Display, doing: &'static str, error: &rusqlite::Error) {
        if !is_fatal(error) {
            self.note(of, doing, error);
        }
    }

    /// Does `work` in a savepoint of its own. If one row is at fault, all of it is undone and the answer is `None`;
    /// `Err` means that the file is.
    pub(super) fn one<T>(
        &self,
        connection: &Connection,
        of: &dyn fmt::Display,
        doing: &'static str,
        work: impl FnOnce() -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Option<T>> {
        connection.prepare_cached("SAVEPOINT one")?.execute([])?;
        let done = match work() {
            Ok(done) => Some(done),
            Err(error) if is_fatal(&error) => return Err(error),
            Err(error) => {
                connection.prepare_cached("ROLLBACK TO one")?.execute([])?;
                self.note(of, doing, &error);
                None
            }
        };
        connection.prepare_cached("RELEASE one")?.execute([])?;
        Ok(done)
    }

    /// Asks for rows, and returns those that can be read; the others are set aside.
    pub(super) fn rows<T>(
        &self,
        statement: &mut Statement<'_>,
        params: impl Params,
        of: &dyn fmt::Display,
        doing: &'static str,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Vec<T>> {
        let mut rows = statement.query(params)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            match read(row) {
                Ok(one) => all.push(one),
                Err(error) => self.note(of, doing, &error),
            }
        }
        Ok(all)
    }

    /// Ends a message that cannot be used. Nothing better can be said of it than that nobody knows.
    pub(super) fn give_up(
        &self,
        connection: &Connection,
        key: &Key,
        now: UnixMillis,
    ) -> rusqlite::Result<()> {
        let end = || end_unknown(connection, key, now);
        if self.one(connection, key, "given up", end)?.is_some() {
            return Ok(());
        }
        // The row breaks a rule of its table already: it may do so once more.
        connection.pragma_update(None, "ignore_check_constraints", true)?;
        let ended = self.one(connection, key, "given up against the rules", end);
        connection.pragma_update(None, "ignore_check_constraints", false)?;
        ended.map(drop)
    }
}

/// A state that was final stays.
const END_UNKNOWN: &str = "UPDATE messages SET
        reason = CASE WHEN state IN ('submitted', 'delivered', 'undelivered', 'failed', 'expired', 'cancelled')
            THEN reason ELSE ?3 END,
        state = CASE WHEN state IN ('submitted', 'delivered', 'undelivered', 'failed', 'expired', 'cancelled')
            THEN state ELSE ?2 END,
        updated_at = ?4, owner = NULL, next_at = NULL, body = NULL, attributes = NULL
    WHERE id = ?1";

fn end_unknown(connection: &Connection, key: &Key, now: UnixMillis) -> rusqlite::Result<()> {
    end_open_attempts(connection, key, now)?;
    let (state, reason) = (DeliveryStatus::Unknown.as_str(), Reason::OutcomeUnknown.as_str());
    connection
        .prepare_cached(END_UNKNOWN)?
        .execute(params![key, state, reason, millis(now)])
        .map(drop)
}

/// Ends a message's open attempts as ambiguous: nobody will hear what became of them.
pub(super) fn end_open_attempts(connection: &Connection, key: &Key, now: UnixMillis) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE attempts SET outcome = ?2, finished_at = ?3 WHERE message = ?1 AND outcome IS NULL",
        )?
        .execute(params![key, OutcomeClass::Ambiguous.as_str(), millis(now)])
        .map(drop)
}

/// The key of a row as it stands in the file, also where it is no id of ours.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    bytes: Vec<u8>,
    is_text: bool,
}

impl Key {
    /// A key is text, or at least bytes: the column makes texts of numbers, and null is no key.
    pub(super) fn of(value: ValueRef<'_>) -> Self {
        let (bytes, is_text) = match value {
            ValueRef::Text(bytes) => (bytes, true),
            ValueRef::Blob(bytes) => (bytes, false),
            ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => (&[][..], false),
        };
        Self {
            bytes: bytes.to_vec(),
            is_text,
        }
    }

    /// The text that it should be.
    pub(super) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok().filter(|_| self.is_text)
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self::of(ValueRef::Text(text.as_bytes()))
    }
}

impl ToSql for Key {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(if self.is_text {
            ValueRef::Text(&self.bytes)
        } else {
            ValueRef::Blob(&self.bytes)
        }))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.bytes.get(..64).unwrap_or(&self.bytes);
        write!(out, "{}", shown.escape_ascii())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}
