//! The one thread that writes. It takes what has gathered while the last sync ran, commits it as
//! one transaction, and answers everybody; so a hundred messages share one sync, and none waits on
//! purpose.

use super::StoreError;
use super::files::Gone;
use super::trouble::Trouble;
use rusqlite::config::DbConfig;
use rusqlite::ffi;
use rusqlite::{Connection, ErrorCode};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Jobs waiting for the writer; beyond that callers wait to hand theirs over.
const WAITING: usize = 8192;
/// Jobs of one transaction.
const MOST_AT_ONCE: usize = 512;

/// One commit, for whoever counts them.
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    /// How many calls it made durable.
    pub jobs: usize,
    /// From the first statement to the end of the sync.
    pub took: Duration,
}

type Run = Box<dyn FnOnce(&Connection) -> Ran + Send>;
type Tell = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// What a job did, before it is known whether it stays.
struct Ran {
    fault: Option<rusqlite::Error>,
    tell: Tell,
}

/// The question whether what was committed will be found again.
pub(super) type Intact = Box<dyn Fn() -> Result<(), Gone> + Send>;

pub(super) struct Writer {
    /// `None` asks the thread to end.
    jobs: mpsc::Sender<Option<Run>>,
    ended: CancellationToken,
}

impl Writer {
    /// Starts the thread. `intact` is asked after each commit, and dropped after the connection.
    pub(super) fn start(
        connection: Connection,
        intact: Intact,
        trouble: Trouble,
        observe: Box<dyn Fn(Batch) + Send>,
    ) -> std::io::Result<Self> {
        let (jobs, waiting) = mpsc::channel(WAITING);
        let ended = CancellationToken::new();
        let end = ended.clone().drop_guard();
        std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                let _end = end;
                let mut unwinding = Unwinding(Some(trouble.clone()));
                let mut desk = Desk {
                    connection,
                    intact,
                    trouble,
                    observe,
                };
                desk.write_all(waiting);
                unwinding.0 = None;
                desk.leave();
            })?;
        Ok(Self { jobs, ended })
    }

    /// Runs `job` in the next transaction; returns after its commit.
    pub(super) async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let run: Run = Box::new(move |connection| match job(connection) {
            Ok(value) => Ran {
                fault: None,
                tell: Box::new(move |committed| {
                    let _ = tell.send(committed.map(|()| value));
                }),
            },
            Err(fault) => {
                let refused = StoreError::refused(&fault);
                let tell: Tell = Box::new(move |committed| {
                    let _ = tell.send(Err(committed.err().unwrap_or(refused)));
                });
                Ran {
                    fault: Some(fault),
                    tell,
                }
            }
        });
        self.jobs.send(Some(run)).await.map_err(|_| StoreError::Closed)?;
        told.await.map_err(|_| StoreError::Closed)?
    }

    /// Lets the thread finish what it was given before, and waits for it.
    pub(super) async fn close(&self) {
        if self.jobs.send(None).await.is_ok() {
            self.ended.cancelled().await;
        }
    }
}

/// The end of the store with its thread: without a writer nothing is durable, so a panic ends it too.
struct Unwinding(Option<Trouble>);

impl Drop for Unwinding {
    fn drop(&mut self) {
        if let Some(trouble) = &self.0 {
            trouble.fail("a fault of ours ended the thread that writes");
        }
    }
}

/// The writing thread's things. The connection goes first: its files are given back after it.
struct Desk {
    connection: Connection,
    intact: Intact,
    trouble: Trouble,
    observe: Box<dyn Fn(Batch) + Send>,
}

impl Desk {
    /// Writes until it is asked to end, or the store fails.
    fn write_all(&mut self, mut waiting: mpsc::Receiver<Option<Run>>) {
        let mut batch: Vec<Option<Run>> = Vec::with_capacity(MOST_AT_ONCE);
        let mut open = true;
        while open && waiting.blocking_recv_many(&mut batch, MOST_AT_ONCE) > 0 && self.trouble.check().is_ok()
        {
            open = batch.iter().all(Option::is_some);
            let began = Instant::now();
            let jobs = batch.len();
            let mut tells = Vec::with_capacity(jobs);
            let committed = self.commit(batch.drain(..).flatten(), &mut tells);
            let took = began.elapsed();
            if committed.is_ok() {
                (self.observe)(Batch { jobs, took });
            }
            // Before anybody hears of it: nothing is believed from now on.
            if let Err(StoreError::Broken(words) | StoreError::InDoubt(words)) = &committed {
                self.trouble.fail(words);
                open = false;
            }
            for tell in tells {
                tell(committed.clone());
            }
        }
    }

    /// Runs one transaction, whose outcome is in a file that will be found again.
    fn commit(&self, runs: impl Iterator<Item = Run>, tells: &mut Vec<Tell>) -> Result<(), StoreError> {
        let connection = &self.connection;
        let mut runs = runs;
        self.begin()?;
        runs.try_for_each(|run| run_one(connection, run, tells))
            .map_err(|error| StoreError::Broken(words(&error)))?;
        connection.execute_batch("COMMIT").map_err(|error| {
            let words = words(&error);
            if is_unwritten(&error) {
                StoreError::Broken(words)
            } else {
                StoreError::InDoubt(words)
            }
        })?;
        (self.intact)().map_err(|gone| StoreError::InDoubt(gone.to_string()))
    }

    /// Waits for the lock that another program (a backup, an operator's shell) may hold: nothing is lost by that, as long
    /// as the file is still the store's.
    fn begin(&self) -> Result<(), StoreError> {
        loop {
            match self.connection.execute_batch("BEGIN IMMEDIATE") {
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                    self.trouble.check()?;
                    tracing::warn!("store is locked by another program, waiting");
                }
                Err(error) => return Err(StoreError::Broken(words(&error))),
                Ok(()) => return Ok(()),
            }
        }
    }

    /// The last connection to leave folds the log into the file and removes it, by their paths. These may name other
    /// files by now.
    fn leave(self) {
        if self.trouble.check().is_err() {
            let _ = self
                .connection
                .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        }
    }
}

/// One job, undone alone if it fails by its own fault; `Err` if the file itself failed.
fn run_one(connection: &Connection, run: Run, tells: &mut Vec<Tell>) -> rusqlite::Result<()> {
    connection.prepare_cached("SAVEPOINT job")?.execute([])?;
    let Ran { fault, tell } = run(connection);
    tells.push(tell);
    match fault {
        None => {}
        Some(fault) if is_fatal(&fault) => return Err(fault),
        Some(fault) => {
            tracing::error!(error = %fault, "store refused an operation");
            connection.prepare_cached("ROLLBACK TO job")?.execute([])?;
        }
    }
    connection.prepare_cached("RELEASE job")?.execute([])?;
    Ok(())
}

/// Tells whether a commit that failed like this is surely not in the file: its last page, which makes it one, was not
/// written.
fn is_unwritten(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    code.is_some_and(|code| code == ffi::SQLITE_FULL || code == ffi::SQLITE_IOERR_WRITE)
}

/// The error for people: `SQLite` says of a full disk that it may also be the database.
fn words(error: &rusqlite::Error) -> String {
    if error.sqlite_error_code() == Some(ErrorCode::DiskFull) {
        return "the disk is full".to_owned();
    }
    error.to_string()
}

/// Errors of the file, not of the statement. After a failed write or sync the kernel may have
/// dropped the pages, so trying again can only pretend.
pub(super) fn is_fatal(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::SystemIoFailure
                | ErrorCode::DiskFull
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::ReadOnly
                | ErrorCode::CannotOpen
                | ErrorCode::OutOfMemory
        )
    )
}

#[cfg(test)]
mod tests;
