//! The store: what is durable. One writer with group commit, two readers, one file.
//!
//! Every `Ok` of a writing call means: committed and synced. A message is written before its first
//! attempt begins and after each outcome, and a finish needs the lease it was begun under.

mod accept;
mod aside;
mod attempt;
mod claim;
mod error;
mod files;
mod inbound;
mod key_file;
mod keys;
mod late;
mod leftover;
mod migrate;
mod origin;
mod readers;
mod receipt;
mod record;
mod room;
mod schema;
mod seals;
mod trouble;
mod watch;
mod writer;

pub use accept::{Accepted, Arrival, First, Waits};
pub use aside::Key;
pub use attempt::{Ended, Next, Recorded};
pub use claim::Claimed;
pub use error::{OpenError, StoreError};
pub use inbound::{Inbound, Wish};
pub use leftover::{Leftover, LeftoverFacts, Verdict};
pub use receipt::unproven::Unproven;
pub use receipt::{Change, Hint, Kept, Receipt};
pub use record::{LONGEST, Latest, Record};
pub use room::{Level, Room};
pub use seals::FormerSeals;
pub use writer::Batch;

use aldis_message::{CarrierName, ClientName, MessageId, NewMessage, UnixMillis};
use aside::Aside;
use aws_lc_rs::hmac;
use files::Files;
use keys::Asked;
use readers::Readers;
use room::Seen;
use seals::Seals;
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use trouble::Trouble;
use watch::Watch;
use writer::Writer;

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
    /// A text that is one or the other.
    Unproven(Unproven),
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A receipt.
    Receipt(Kept),
    /// A message to us; false if it had been told before.
    Inbound(bool),
    /// A text that looks like a receipt, and no message of ours has its addresses: kept as a message to us, unless it
    /// turns out that an attempt which is under way has its id.
    Doubted,
    /// A receipt of this carrier had waited for too long, and was let go to make room for one that waits.
    LetGo(CarrierName),
}

/// The open store.
pub struct Store {
    watch: Watch,
    writer: Writer,
    readers: Readers,
    trouble: Trouble,
    aside: Aside,
    seen: Arc<Seen>,
    owner: Arc<str>,
    seals: Arc<Seals>,
    callback_key: hmac::Key,
    latest: Option<Latest>,
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
        let mut files = Files::take(path)?;
        let trouble = Trouble::default();
        let seals = Seals::new(files.key());
        let callback_key = derived(files.key(), b"call-back addresses");
        let connection = schema::open_writer(files.home())?;
        seals.check(&connection).map_err(|source| OpenError::Database {
            path: path.to_path_buf(),
            source,
        })?;
        let latest = record::latest(&connection).map_err(|source| OpenError::Database {
            path: path.to_path_buf(),
            source,
        })?;
        files.watch_the_log()?;
        let files = Arc::new(files);
        let readers = Readers::open(&files, trouble.clone())?;
        let fault = |source| OpenError::File {
            path: path.to_path_buf(),
            source,
        };
        // The connections opened it by its path once more.
        files.check().map_err(io::Error::other).map_err(fault)?;
        let watched = Arc::clone(&files);
        let (intact, observe) = (Box::new(move || watched.check()), Box::new(observe));
        let writer = Writer::start(connection, intact, trouble.clone(), observe).map_err(fault)?;
        let seen = Arc::new(Seen::default());
        seen.look(files.home());
        let watch = Watch::start(&files, Arc::clone(&seen), trouble.clone()).map_err(fault)?;
        Ok(Self {
            watch,
            writer,
            readers,
            trouble,
            aside: Aside::default(),
            seen,
            owner: owner.into(),
            seals: Arc::new(seals),
            latest,
            callback_key,
        })
    }

    /// The key that seals the addresses which carriers call back: the same as long as the store lives.
    pub fn callback_key(&self) -> hmac::Key {
        self.callback_key.clone()
    }

    /// The moment at which it was last written to before it was opened.
    pub fn latest(&self) -> Option<Latest> {
        self.latest
    }

    /// Recognises what was sealed by these before migration V4, from now on, besides what it knew.
    pub fn know(&self, former: FormerSeals) {
        self.seals.know(former);
    }

    /// Cancelled when the disk or the file failed: nothing more can be made durable.
    pub fn broken(&self) -> CancellationToken {
        self.trouble.broken()
    }

    /// Returns an error, with the reason, if the disk or the file failed.
    pub fn check(&self) -> Result<(), StoreError> {
        self.trouble.check()
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
        let (lease, aside) = (lease.clone(), self.aside.clone());
        self.writer
            .write(move |connection| {
                let recorded = attempt::record(connection, &lease, ended.as_ref(), &next, now, &aside);
                recorded.inspect_err(|error| aside.note_of_row(&lease.id, "recorded", error))
            })
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
        let (carrier, aside) = (carrier.clone(), self.aside.clone());
        self.writer
            .write(move |connection| {
                let keep = |news: &News| match news {
                    News::Receipt(told) => {
                        receipt::keep(connection, &carrier, told, hint, now, &aside).map(Heard::Receipt)
                    }
                    News::Inbound(told) => inbound::keep(connection, &carrier, told, now).map(Heard::Inbound),
                    News::Unproven(told) => {
                        let kept = receipt::unproven::keep(connection, &carrier, told, now, &aside)?;
                        Ok(kept.map_or(Heard::Doubted, Heard::Receipt))
                    }
                };
                let mut heard: Vec<Heard> = told.iter().map(keep).collect::<Result<_, _>>()?;
                if heard.contains(&Heard::Receipt(Kept::Early)) || heard.contains(&Heard::Doubted) {
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
        let aside = self.aside.clone();
        self.writer
            .write(move |connection| {
                let take = || late::take(connection, message, &ended, now, &aside);
                let taken = aside.one(connection, &message, "given a late answer", take)?;
                Ok(taken.flatten())
            })
            .await
    }

    /// Takes messages that are due, at most `most` of them.
    pub async fn claim(&self, most: u32, now: UnixMillis) -> Result<Vec<Claimed>, StoreError> {
        let (owner, aside) = (Arc::clone(&self.owner), self.aside.clone());
        self.writer
            .write(move |connection| claim::claim(connection, &owner, most, now, &aside))
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
    pub async fn leftovers(&self, after: Option<Key>, most: u32) -> Result<Vec<Leftover>, StoreError> {
        let aside = self.aside.clone();
        self.readers
            .read(move |connection| leftover::page(connection, after.as_ref(), most, &aside))
            .await
    }

    /// What was left of this one message, if somebody has it in hand.
    pub async fn leftover(&self, id: &MessageId) -> Result<Option<Leftover>, StoreError> {
        let (id, aside) = (id.to_string(), self.aside.clone());
        self.readers
            .read(move |connection| leftover::one(connection, &id, &aside))
            .await
    }

    /// Settles leftovers, in one commit.
    pub async fn settle(&self, verdicts: Vec<(Key, Verdict)>, now: UnixMillis) -> Result<(), StoreError> {
        let aside = self.aside.clone();
        self.writer
            .write(move |connection| leftover::settle(connection, &verdicts, now, &aside))
            .await
    }

    /// Ends attempts without an end whose messages nobody has in hand, those of `most` messages after `after`. Which
    /// messages they were.
    pub async fn end_attempts(
        &self,
        after: Option<Key>,
        most: u32,
        now: UnixMillis,
    ) -> Result<Vec<Key>, StoreError> {
        let aside = self.aside.clone();
        self.writer
            .write(move |connection| leftover::end_attempts(connection, after.as_ref(), most, now, &aside))
            .await
    }

    /// The room that the file system has left.
    pub fn room(&self) -> Room {
        self.seen.room()
    }

    /// The number of rows that could not be used, and were set aside.
    pub fn set_aside(&self) -> u64 {
        self.aside.count()
    }

    /// Whether something can still be written: one empty commit.
    pub async fn probe(&self) -> Result<(), StoreError> {
        self.writer.write(|_| Ok(())).await
    }

    /// Finishes what was begun. Later calls fail; the file is given back when the store is dropped.
    pub async fn close(&self) {
        self.watch.end();
        // The last connection to go folds the log into the file, and it should be the writer's.
        self.readers.close();
        self.writer.close().await;
    }
}

#[cfg(test)]
mod tests;
