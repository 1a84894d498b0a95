//! How the file is opened, and its schema, which only moves forward.

use super::OpenError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

#[allow(unreachable_pub, reason = "generated")]
mod embedded {
    refinery::embed_migrations!("migrations");
}

/// What both kinds of connections wait for a lock that a backup tool may hold.
const BUSY: &str = "PRAGMA busy_timeout = 5000;";

/// FULL: a commit is on the disk before it is answered. `secure_delete`: a text that is no longer
/// needed leaves no copy in a free page. 4000 pages: one checkpoint for some thousand messages.
const WRITER: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = ON;
    PRAGMA wal_autocheckpoint = 4000;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -65536;
    PRAGMA temp_store = MEMORY;
";

pub(super) fn open_writer(path: &Path) -> Result<Connection, OpenError> {
    let fault = |source| OpenError::Database {
        path: path.to_path_buf(),
        source,
    };
    let mut connection = Connection::open(path).map_err(fault)?;
    prepare(&connection).map_err(fault)?;
    connection.execute_batch(WRITER).map_err(fault)?;
    connection.set_prepared_statement_cache_capacity(64);
    embedded::migrations::runner()
        .run(&mut connection)
        .map_err(|error| OpenError::Schema {
            path: path.to_path_buf(),
            source: Box::new(error),
        })?;
    Ok(connection)
}

pub(super) fn open_reader(path: &Path) -> Result<Connection, OpenError> {
    let fault = |source| OpenError::Database {
        path: path.to_path_buf(),
        source,
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(fault)?;
    prepare(&connection).map_err(fault)?;
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
