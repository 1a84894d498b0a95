//! A file system that cannot do what the store needs is named at the start.

use super::*;
use crate::store::schema;
use rusqlite::{Connection, OpenFlags};

/// The store must look for itself: `SQLite` would go on in another mode without a word.
#[test]
fn one_without_shared_memory_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aldis.db");
    let flags = OpenFlags::default();
    let connection = Connection::open_with_flags_and_vfs(&path, flags, "unix-dotfile").unwrap();
    let error = schema::write_ahead(&connection, &path).unwrap_err();
    assert!(matches!(error, OpenError::NoLog { .. }), "{error}");
    assert!(
        error.to_string().contains("Put the store on a local disk"),
        "{error}"
    );
    assert!(error.is_setting());
}

#[test]
fn one_without_room_is_named() {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL);
    let error = OpenError::of(Path::new("aldis.db"))(rusqlite::Error::SqliteFailure(code, None));
    assert_eq!(
        error.to_string(),
        "aldis.db: nothing can be written: the disk is full"
    );
    assert!(!error.is_setting());
}

#[tokio::test]
async fn its_room_is_known() {
    let fresh = Fresh::new();
    let room = fresh.room();
    assert!(room.size > 0 && room.free <= room.size, "{room:?}");
}
