//! Recognises our own files. A store is signed with an application id; one of an earlier version is recognised by its
//! tables. Another program's file is refused before anything in it is changed.

use super::{OpenError, migrate};
use rusqlite::{Connection, OpenFlags};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// The mark of our files, "ALDS" in ASCII, where `SQLite` keeps the one of the program that a file belongs to.
pub(super) const APPLICATION_ID: i32 = 0x414c_4453;

/// The first bytes of every database file (file format, section 1.3).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const HEADER: usize = 100;
const ID_AT: usize = 68;

/// Refuses what is not ours and not empty. `data` is the file, `home` its path without links.
pub(super) fn examine(data: &File, home: &Path) -> Result<(), OpenError> {
    let file_fault = |source| OpenError::File {
        path: home.to_path_buf(),
        source,
    };
    if data.metadata().map_err(file_fault)?.len() == 0 {
        return Ok(());
    }
    let mut header = [0; HEADER];
    if data.read_exact_at(&mut header, 0).is_err() || !header.starts_with(MAGIC) {
        return Err(foreign(home, "it is not an SQLite database"));
    }
    let (_, rest) = header.split_at(ID_AT);
    match rest.first_chunk().copied().map(i32::from_be_bytes) {
        Some(APPLICATION_ID) => Ok(()),
        Some(0) | None => look_inside(home),
        Some(_) => Err(foreign(home, "it has another program's application_id")),
    }
}

/// The header does not say; what is in the log, or the tables, may.
fn look_inside(home: &Path) -> Result<(), OpenError> {
    let fault = |source| OpenError::Database {
        path: home.to_path_buf(),
        source,
    };
    let connection = read_only(home).map_err(fault)?;
    let id: i32 = connection
        .query_row("PRAGMA application_id", [], |row| row.get(0))
        .map_err(fault)?;
    match id {
        APPLICATION_ID => Ok(()),
        0 if migrate::is_ours_or_empty(&connection).map_err(fault)? => Ok(()),
        0 => Err(foreign(home, "its tables are another program's")),
        _ => Err(foreign(home, "it has another program's application_id")),
    }
}

/// Opens it to be read. One without a log is opened as a file that nobody writes: then not even files beside it are
/// made.
fn read_only(home: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let has_log = fs::metadata(super::files::side(home, "-wal")).is_ok_and(|log| log.len() > 0);
    if has_log {
        return Connection::open_with_flags(home, flags);
    }
    let mut uri = "file:".to_owned();
    for byte in home.as_os_str().as_bytes() {
        // Writing to a String does not fail.
        let _ = match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                write!(uri, "{}", char::from(*byte))
            }
            other => write!(uri, "%{other:02X}"),
        };
    }
    Connection::open_with_flags(uri + "?immutable=1", flags | OpenFlags::SQLITE_OPEN_URI)
}

fn foreign(home: &Path, why: &'static str) -> OpenError {
    OpenError::Foreign {
        path: home.to_path_buf(),
        why,
    }
}
