//! Opens the file, with the settings that connections need.

use super::files::LOG_KEPT;
use super::{OpenError, migrate};
use rusqlite::config::DbConfig;
use rusqlite::ffi;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// What both kinds of connections wait for a lock that a backup tool may hold.
const BUSY: &str = "PRAGMA busy_timeout = 5000;";

/// The number of statements that stay prepared.
const STATEMENTS: usize = 96;

/// FULL: a commit is on the disk before it is answered. `secure_delete`: a text that is no longer
/// needed leaves no copy in a free page. 4000 pages: one checkpoint for some thousand messages.
const WRITER: &str = "
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = ON;
    PRAGMA wal_autocheckpoint = 4000;
    PRAGMA cache_size = -65536;
    PRAGMA temp_store = MEMORY;
";

pub(super) fn open_writer(path: &Path) -> Result<Connection, OpenError> {
    let fault = OpenError::of(path);
    let mut connection = Connection::open(path).map_err(&fault)?;
    prepare(&connection).map_err(&fault)?;
    write_ahead(&connection, path)?;
    let kept = format!("{WRITER} PRAGMA journal_size_limit = {LOG_KEPT};");
    connection.execute_batch(&kept).map_err(&fault)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    migrate::migrate(&mut connection, path)?;
    Ok(connection)
}

/// The errors of the log's index, which is shared memory, but for those that a full disk gives.
const NO_SHARED_MEMORY: [i32; 2] = [ffi::SQLITE_IOERR_SHMLOCK, ffi::SQLITE_IOERR_SHMMAP];

/// Turns the write-ahead log on. Where the file system cannot have it, `SQLite` goes on without a word in a mode in which
/// readers and the writer wait for each other.
pub(super) fn write_ahead(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let asked = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
    let refused = |why| OpenError::NoLog {
        path: path.to_path_buf(),
        why,
    };
    match asked {
        Ok(mode) if mode == "wal" => Ok(()),
        Ok(mode) => Err(refused(format!("journal_mode stays {mode}"))),
        Err(error) if is_of_shared_memory(&error) => Err(refused(error.to_string())),
        Err(error) => Err(OpenError::of(path)(error)),
    }
}

fn is_of_shared_memory(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    code.is_some_and(|code| NO_SHARED_MEMORY.contains(&code))
}

pub(super) fn open_reader(path: &Path) -> Result<Connection, OpenError> {
    let fault = OpenError::of(path);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(&fault)?;
    prepare(&connection).map_err(&fault)?;
    Ok(connection)
}

/// Applies the settings that every connection has.
///
/// The query planner stability guarantee (<https://sqlite.org/queryplanner-ng.html#qpstab>) keeps `SQLite` from planning
/// a statement again whenever a parameter that meets a partial index changes: with `SQLITE_ENABLE_STAT4`, which the
/// bundled build has, that was a quarter of this process's work. Its price: a partial index is used only where the
/// statement repeats the index's predicate literally.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.execute_batch(BUSY)
}
