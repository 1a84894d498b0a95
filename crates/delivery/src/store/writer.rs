//! The one thread that writes. It takes what has gathered while the last sync ran, commits it as
//! one transaction, and answers everybody; so a hundred messages share one sync, and none waits on
//! purpose.

use super::StoreError;
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

pub(super) struct Writer {
    /// `None` asks the thread to end.
    jobs: mpsc::Sender<Option<Run>>,
    ended: CancellationToken,
    broken: CancellationToken,
}

impl Writer {
    pub(super) fn start(connection: Connection, observe: Box<dyn Fn(Batch) + Send>) -> std::io::Result<Self> {
        let (jobs, waiting) = mpsc::channel(WAITING);
        let (ended, broken) = (CancellationToken::new(), CancellationToken::new());
        let (end, guard) = (ended.clone().drop_guard(), broken.clone().drop_guard());
        std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                // Both guards also fire when this thread unwinds: without a writer nothing is durable.
                let _end = end;
                if write_all(&connection, waiting, &*observe).is_ok() {
                    guard.disarm();
                }
                drop(connection);
            })?;
        Ok(Self { jobs, ended, broken })
    }

    pub(super) fn broken(&self) -> CancellationToken {
        self.broken.clone()
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

/// Until it is asked to end, or the disk fails.
fn write_all(
    connection: &Connection,
    mut waiting: mpsc::Receiver<Option<Run>>,
    observe: &dyn Fn(Batch),
) -> Result<(), StoreError> {
    let mut batch: Vec<Option<Run>> = Vec::with_capacity(MOST_AT_ONCE);
    let mut open = true;
    while open && waiting.blocking_recv_many(&mut batch, MOST_AT_ONCE) > 0 {
        open = batch.iter().all(Option::is_some);
        let began = Instant::now();
        let jobs = batch.len();
        let mut tells = Vec::with_capacity(jobs);
        let committed = begin(connection)
            .and_then(|()| {
                batch
                    .drain(..)
                    .flatten()
                    .try_for_each(|run| run_one(connection, run, &mut tells))
            })
            .and_then(|()| connection.execute_batch("COMMIT"))
            .map_err(|error| StoreError::Broken(error.to_string()));
        if committed.is_ok() {
            observe(Batch {
                jobs,
                took: began.elapsed(),
            });
        }
        for tell in tells {
            tell(committed.clone());
        }
        if let Err(error) = committed {
            tracing::error!(%error, "store failed, nothing more is accepted");
            return Err(error);
        }
    }
    Ok(())
}

/// Another program (a backup, an operator's shell) may hold the lock; nothing is lost by waiting.
fn begin(connection: &Connection) -> rusqlite::Result<()> {
    loop {
        match connection.execute_batch("BEGIN IMMEDIATE") {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                tracing::warn!("store is locked by another program, waiting");
            }
            other => return other,
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

/// Errors of the file, not of the statement. After a failed write or sync the kernel may have
/// dropped the pages, so trying again can only pretend.
fn is_fatal(error: &rusqlite::Error) -> bool {
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
