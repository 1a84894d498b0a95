//! The store: what is durable. One writer with group commit, two readers, one file.
//!
//! Every `Ok` of a writing call means: committed and synced. A message is written before its first
//! attempt begins and after each outcome, and a finish needs the lease it was begun under.

mod accept;
mod attempt;
mod claim;
mod files;
mod inbound;
mod key_file;
mod keys;
mod late;
mod leftover;
mod readers;
mod receipt;
mod record;
mod schema;
mod seals;
mod writer;

pub use accept::{Accepted, Arrival, First, Waits};
pub use attempt::{Ended, Next, Recorded};
pub use claim::Claimed;
pub use inbound::{Inbound, Wish};
pub use leftover::{Leftover, LeftoverFacts, Verdict};
pub use receipt::{Change, Hint, Kept, Receipt};
pub use record::Record;
pub use seals::FormerSeals;
pub use writer::Batch;

use aldis_message::{CarrierName, ClientName, MessageId, NewMessage, UnixMillis};
use aws_lc_rs::hmac;
use keys::Asked;
use readers::Readers;
use seals::Seals;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use writer::Writer;

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("{}: another process has this store open", path.display())]
    InUse {
        /// The store.
        path: PathBuf,
    },
    /// The folder or file could not be made or opened.
    #[error("{}: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// `SQLite` refused.
    #[error("{}: {source}", path.display())]
    Database {
        /// The store.
        path: PathBuf,
        /// What it said.
        source: rusqlite::Error,
    },
    /// The schema could not be brought up to date.
    #[error("{}: the schema could not be brought up to date: {source}", path.display())]
    Schema {
        /// The store.
        path: PathBuf,
        /// What went wrong.
        source: Box<refinery::Error>,
    },
}

/// Why a call failed. Nothing of it was written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk or the file failed. A failed sync cannot be repeated, so the store is over.
    #[error("the store failed: {0}")]
    Broken(String),
    /// The database refused this one operation.
    #[error("the store refused: {0}")]
    Refused(String),
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    fn refused(error: &rusqlite::Error) -> Self {
        Self::Refused(error.to_string())
    }
}

/// A message in this process's hands: everything needed to send it.
#[derive(Debug)]
pub struct Held {
    /// Its id.
    pub id: MessageId,
    /// Whose it is.
    pub client: ClientName,
    /// What is to be sent.
    pub message: NewMessage,
}

/// The right to work on a message: a finish under another lease is not applied.
#[derive(Clone, Debug)]
pub struct Lease {
    id: MessageId,
    owner: Arc<str>,
    epoch: i64,
}

impl Lease {
    /// Of which message.
    pub fn id(&self) -> MessageId {
        self.id
    }
}

/// An attempt whose intent is durable: it may go on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// 1 for the first.
    pub number: u32,
    /// Through which carrier.
    pub carrier: CarrierName,
}

/// Something a carrier told.
#[derive(Clone)]
pub enum News {
    /// Of a message of ours.
    Receipt(Receipt),
    /// A message to us.
    Inbound(Inbound),
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A receipt.
    Receipt(Kept),
    /// A message to us; false if it had been told before.
    Inbound(bool),
    /// A receipt of this carrier had waited for too long, and was let go to make room for one that waits.
    LetGo(CarrierName),
}

/// The open store.
pub struct Store {
    writer: Writer,
    readers: Readers,
    owner: Arc<str>,
    seals: Arc<Seals>,
    callback_key: hmac::Key,
    /// Held for as long as the store is open.
    _lock: std::fs::File,
}

/// A key for one purpose, from the store's own.
fn derived(key: &[u8], purpose: &[u8]) -> hmac::Key {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), purpose);
    hmac::Key::new(hmac::HMAC_SHA256, tag.as_ref())
}

impl Store {
    /// Opens or makes the file, brings its schema up to date, and takes it for this process alone.
    ///
    /// `owner` names this run of the process; `observe` hears of each commit.
    pub fn open(
        path: &Path,
        owner: &str,
        observe: impl Fn(Batch) + Send + 'static,
    ) -> Result<Self, OpenError> {
        let lock = files::take(path)?;
        let key = key_file::read_or_make(path)?;
        let seals = Seals::new(&key);
        let connection = schema::open_writer(path)?;
        seals.check(&connection).map_err(|source| OpenError::Database {
            path: path.to_path_buf(),
            source,
        })?;
        let readers = Readers::open(path)?;
        let writer = Writer::start(connection, Box::new(observe)).map_err(|source| OpenError::File {
            path: path.to_path_buf(),
            source,
        })?;
        Ok(Self {
            writer,
            readers,
            owner: owner.into(),
            seals: Arc::new(seals),
            callback_key: derived(&key, b"call-back addresses"),
            _lock: lock,
        })
    }

    /// What the addresses that carriers call back are sealed with: the same as long as the store lives.
    pub fn callback_key(&self) -> hmac::Key {
        self.callback_key.clone()
    }

    /// Recognises what was sealed by these before migration V4, from now on, besides what it knew.
    pub fn know(&self, former: FormerSeals) {
        self.seals.know(former);
    }

    /// Cancelled when the disk or the file failed: nothing more can be made durable.
    pub fn broken(&self) -> CancellationToken {
        self.writer.broken()
    }

    /// One transaction: seen before? older code replaced; row, lease and first attempt.
    pub async fn accept(&self, arrival: Arrival) -> Result<Accepted, StoreError> {
        let (owner, seals) = (Arc::clone(&self.owner), Arc::clone(&self.seals));
        self.writer
            .write(move |connection| accept::accept(connection, &owner, &seals, &arrival))
            .await
    }

    /// The message that a request of this client, whose answer was lost, has come to: [`Accepted::Replayed`], or
    /// [`Accepted::Conflict`]. Where there is none the call is closed, in the same transaction: [`Accepted::Closed`].
    /// [`Accepted::Refused`]: it has no key.
    pub async fn attach(
        &self,
        client: ClientName,
        message: NewMessage,
        now: UnixMillis,
    ) -> Result<Accepted, StoreError> {
        let seals = Arc::clone(&self.seals);
        self.writer
            .write(move |connection| match Asked::of(&client, &message, &seals) {
                Some(asked) => asked.attach(connection, now),
                None => Ok(Accepted::Refused),
            })
            .await
    }

    /// What ended, if an attempt did, and what comes next, in one commit.
    pub async fn record_attempt(
        &self,
        lease: &Lease,
        ended: Option<Ended>,
        next: Next,
        now: UnixMillis,
    ) -> Result<Recorded, StoreError> {
        let lease = lease.clone();
        self.writer
            .write(move |connection| attempt::record(connection, &lease, ended.as_ref(), &next, now))
            .await
    }

    /// Keeps what a carrier told, all of it or nothing. `hint` is the message it is about, if the way it came says so.
    /// One answer for each, then those that were let go.
    pub async fn keep(
        &self,
        carrier: &CarrierName,
        told: Vec<News>,
        hint: Option<Hint>,
        now: UnixMillis,
    ) -> Result<Vec<Heard>, StoreError> {
        let carrier = carrier.clone();
        self.writer
            .write(move |connection| {
                let keep = |news: &News| match news {
                    News::Receipt(told) => {
                        receipt::keep(connection, &carrier, told, hint, now).map(Heard::Receipt)
                    }
                    News::Inbound(told) => inbound::keep(connection, &carrier, told, now).map(Heard::Inbound),
                };
                let mut heard: Vec<Heard> = told.iter().map(keep).collect::<Result<_, _>>()?;
                if heard.contains(&Heard::Receipt(Kept::Early)) {
                    heard.extend(receipt::sweep(connection, now)?.into_iter().map(Heard::LetGo));
                }
                Ok(heard)
            })
            .await
    }

    /// Keeps an answer that came after its attempt was given up as lost. The message's state, if that changed.
    pub async fn keep_late(
        &self,
        message: MessageId,
        ended: Ended,
        now: UnixMillis,
    ) -> Result<Option<Change>, StoreError> {
        self.writer
            .write(move |connection| late::take(connection, message, &ended, now))
            .await
    }

    /// Takes messages that are due, at most `most` of them.
    pub async fn claim(&self, most: u32, now: UnixMillis) -> Result<Vec<Claimed>, StoreError> {
        let owner = Arc::clone(&self.owner);
        self.writer
            .write(move |connection| claim::claim(connection, &owner, most, now))
            .await
    }

    /// When the next waiting message is due.
    pub async fn next_due(&self) -> Result<Option<UnixMillis>, StoreError> {
        self.readers.read(claim::next_due).await
    }

    /// One message of this client.
    pub async fn message(&self, client: &ClientName, id: &MessageId) -> Result<Option<Record>, StoreError> {
        let (client, id) = (client.clone(), *id);
        self.readers
            .read(move |connection| record::find(connection, &client, &id))
            .await
    }

    /// How many messages are unknown.
    pub async fn unknown(&self) -> Result<u64, StoreError> {
        self.readers.read(record::count_unknown).await
    }

    /// What a dead process left unfinished, from the beginning or after an id, at most `most`.
    pub async fn leftovers(&self, after: Option<String>, most: u32) -> Result<Vec<Leftover>, StoreError> {
        self.readers
            .read(move |connection| leftover::page(connection, after.as_deref(), most))
            .await
    }

    /// What was left of this one message, if somebody has it in hand.
    pub async fn leftover(&self, id: &MessageId) -> Result<Option<Leftover>, StoreError> {
        let id = id.to_string();
        self.readers
            .read(move |connection| leftover::one(connection, &id))
            .await
    }

    /// Settles leftovers, in one commit.
    pub async fn settle(&self, verdicts: Vec<(String, Verdict)>, now: UnixMillis) -> Result<(), StoreError> {
        self.writer
            .write(move |connection| leftover::settle(connection, &verdicts, now))
            .await
    }

    /// Whether something can still be written: one empty commit.
    pub async fn probe(&self) -> Result<(), StoreError> {
        self.writer.write(|_| Ok(())).await
    }

    /// Finishes what was begun. Later calls fail; the file is given back when the store is dropped.
    pub async fn close(&self) {
        // The last connection to go folds the log into the file, and it should be the writer's.
        self.readers.close();
        self.writer.close().await;
    }
}

#[cfg(test)]
mod tests;
