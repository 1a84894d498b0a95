//! Two read-only connections: reads never wait for the writer, nor the writer for them.

use super::files::Files;
use super::trouble::Trouble;
use super::writer::is_fatal;
use super::{OpenError, StoreError, schema};
use rusqlite::Connection;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const READERS: usize = 2;

pub(super) struct Readers {
    idle: Arc<Idle>,
    permits: Arc<Semaphore>,
    trouble: Trouble,
}

/// The connections that nobody reads with.
struct Idle {
    connections: Mutex<Vec<Connection>>,
    /// The files that are given back after the last connection.
    _files: Arc<Files>,
}

impl Idle {
    fn connections(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection in use. It goes back also from a read that panics.
struct InUse {
    connection: Option<Connection>,
    idle: Arc<Idle>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.idle.connections().extend(self.connection.take());
    }
}

impl Readers {
    pub(super) fn open(files: &Arc<Files>, trouble: Trouble) -> Result<Self, OpenError> {
        let connections: Result<Vec<_>, _> =
            (0..READERS).map(|_| schema::open_reader(files.home())).collect();
        let idle = Idle {
            connections: Mutex::new(connections?),
            _files: Arc::clone(files),
        };
        Ok(Self {
            idle: Arc::new(idle),
            permits: Arc::new(Semaphore::new(READERS)),
            trouble,
        })
    }

    /// Later reads fail.
    pub(super) fn close(&self) {
        self.permits.close();
        self.idle.connections().clear();
    }

    pub(super) async fn read<T, F>(&self, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| StoreError::Closed)?;
        let (idle, trouble) = (Arc::clone(&self.idle), self.trouble.clone());
        let task = tokio::task::spawn_blocking(move || {
            let connection = idle.connections().pop();
            let in_use = InUse {
                connection,
                idle,
                _permit: permit,
            };
            let connection = in_use.connection.as_ref().ok_or(StoreError::Closed)?;
            read(connection).map_err(|error| {
                if is_fatal(&error) {
                    trouble.fail(&error.to_string());
                }
                StoreError::refused(&error)
            })
        });
        let read = task.await.map_err(|_| StoreError::Closed)?;
        // What was read is of a file that nobody will find again.
        self.trouble.check()?;
        read
    }
}
