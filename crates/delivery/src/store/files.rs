//! The store's folder, file and lock: for this user's eyes, and for one process.

use super::OpenError;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Makes what is missing and takes the lock, which lasts as long as the returned file is open.
///
/// The lock is a file of its own: closing any handle of the database file would drop the locks
/// `SQLite` itself holds on it.
pub(super) fn take(path: &Path) -> Result<File, OpenError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|source| OpenError::File {
                path: folder.to_path_buf(),
                source,
            })?;
    }
    let lock_path = beside(path, "lock");
    let lock = private(&lock_path)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(OpenError::InUse {
                path: path.to_path_buf(),
            });
        }
        Err(TryLockError::Error(source)) => {
            return Err(OpenError::File {
                path: lock_path,
                source,
            });
        }
    }
    // SQLite gives its side files the mode of the main file.
    drop(private(path)?);
    Ok(lock)
}

fn private(path: &Path) -> Result<File, OpenError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|source| OpenError::File {
            path: path.to_path_buf(),
            source,
        })
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}
