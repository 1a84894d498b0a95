//! The reasons why the store cannot be opened, and why a call failed.

use rusqlite::ffi;
use std::io;
use std::path::{Path, PathBuf};

/// The reason why the store could not be opened.
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
        /// The folder or file.
        path: PathBuf,
        /// The words of the system.
        source: io::Error,
    },
    /// `SQLite` refused.
    #[error("{}: {source}", path.display())]
    Database {
        /// The store.
        path: PathBuf,
        /// The words of `SQLite`.
        source: rusqlite::Error,
    },
    /// The disk is full: nothing can be written.
    #[error("{}: nothing can be written: the disk is full", path.display())]
    Full {
        /// The store.
        path: PathBuf,
    },
    /// The file is not a store of ours. It was left as it is.
    #[error(
        "{}: this is not a store of Aldis: {why}. Nothing in it was changed; let `store` name another file",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The sign by which that was seen.
        why: &'static str,
    },
    /// Others can read it, and that could not be changed.
    #[error("{}: other users can read this file of the store, and its mode could not be set to 0600: {source}", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// The words of the system.
        source: io::Error,
    },
    /// The file system cannot keep a write-ahead log.
    #[error(
        "{}: this file system cannot keep SQLite's write-ahead log, which needs shared memory ({why}). Put the store on \
         a local disk",
        path.display()
    )]
    NoLog {
        /// The store.
        path: PathBuf,
        /// The sign by which that was seen.
        why: String,
    },
    /// A newer version of this program wrote it.
    #[error(
        "{}: a newer version of Aldis wrote this store (schema {found}; this version knows no schema above {known}). \
         Start that version again, or restore the copy that was made before the upgrade",
        path.display()
    )]
    Newer {
        /// The store.
        path: PathBuf,
        /// The schema that it has.
        found: i32,
        /// The newest schema of this program.
        known: i32,
    },
    /// The schema has a version that this program knows, and is another one.
    #[error(
        "{}: schema {version} of this store is not the schema {version} of this version of Aldis: another build made \
         it. Start that build again",
        path.display()
    )]
    OtherSchema {
        /// The store.
        path: PathBuf,
        /// The migration that differs.
        version: i32,
    },
    /// A table, column or index is gone.
    #[error(
        "{}: the schema of this store is damaged: {what}. Restore a copy of the store; if it never held a message, \
         remove the file",
        path.display()
    )]
    Damaged {
        /// The store.
        path: PathBuf,
        /// The damage.
        what: String,
    },
}

impl OpenError {
    /// Names what `SQLite` says; without room it cannot even lay out the index of its log.
    pub(super) fn of(path: &Path) -> impl Fn(rusqlite::Error) -> Self {
        move |source| {
            let path = path.to_path_buf();
            let code = source.sqlite_error().map(|error| error.extended_code);
            match code {
                Some(ffi::SQLITE_FULL | ffi::SQLITE_IOERR_SHMSIZE) => Self::Full { path },
                _ => Self::Database { path, source },
            }
        }
    }

    /// Tells whether the settings name something that this version cannot use as its store, so that trying again cannot
    /// help.
    pub fn is_setting(&self) -> bool {
        match self {
            Self::Foreign { .. }
            | Self::Exposed { .. }
            | Self::NoLog { .. }
            | Self::Newer { .. }
            | Self::OtherSchema { .. } => true,
            Self::InUse { .. }
            | Self::File { .. }
            | Self::Database { .. }
            | Self::Full { .. }
            | Self::Damaged { .. } => false,
        }
    }
}

/// The reason why a call failed. Nothing of it was written, but for [`StoreError::InDoubt`].
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk or the file failed. A failed sync cannot be repeated, so the store is over.
    #[error("the store failed: {0}")]
    Broken(String),
    /// The same in the middle of the commit: the next start may find what was written, or not.
    #[error("the store failed in a commit: {0}")]
    InDoubt(String),
    /// The database refused this one operation.
    #[error("the store refused: {0}")]
    Refused(String),
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    pub(super) fn refused(error: &rusqlite::Error) -> Self {
        Self::Refused(error.to_string())
    }
}
