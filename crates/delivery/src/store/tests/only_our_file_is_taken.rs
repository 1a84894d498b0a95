//! Another program's file is refused and left as it is; a store of an earlier version is recognised; and nobody else may
//! read it.

use super::*;
use rusqlite::Connection;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

/// The signature, `ALDS`, at byte 68 of the header.
const SIGNED: &[u8] = b"ALDS";

fn refused(path: &Path) -> String {
    let before = fs::read(path).unwrap();
    let mode = fs::metadata(path).unwrap().permissions().mode();
    let error = Store::open(path, "run-0", |_| {}).err().unwrap();
    assert!(matches!(error, OpenError::Foreign { .. }), "{error}");
    assert!(error.is_setting());
    assert_eq!(fs::read(path).unwrap(), before, "{error}");
    assert_eq!(fs::metadata(path).unwrap().permissions().mode(), mode, "{error}");
    let beside: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
    assert!(
        !beside
            .iter()
            .flatten()
            .any(|entry| entry.path() == files::side(path, ".lock"))
    );
    error.to_string()
}

#[tokio::test]
async fn another_programs_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let databases = [
        "CREATE TABLE users (id INTEGER)",
        "PRAGMA application_id = 7",
        "PRAGMA user_version = 3",
        "PRAGMA journal_mode = WAL; CREATE TABLE users (id INTEGER)",
        "CREATE TABLE messages (id TEXT); CREATE TABLE attempts (message TEXT)",
        "CREATE TABLE refinery_schema_history (version int4 PRIMARY KEY, name VARCHAR(255), applied_on VARCHAR(255),
            checksum VARCHAR(255));
         INSERT INTO refinery_schema_history VALUES (1, 'messages', '2024-01-01T00:00:00Z', '12');
         CREATE TABLE messages (id TEXT)",
    ];
    for (number, made) in databases.into_iter().enumerate() {
        let path = folder.path().join(format!("what ? is #{number} 100%.db"));
        Connection::open(&path).unwrap().execute_batch(made).unwrap();
        refused(&path);
    }
    for (number, bytes) in [
        "hello",
        "hello, this is a letter\n",
        &"x".repeat(9000),
        "SQLite format 3\0",
    ]
    .into_iter()
    .enumerate()
    {
        let path = folder.path().join(format!("{number}.txt"));
        fs::write(&path, bytes).unwrap();
        assert!(refused(&path).contains("it is not an SQLite database"));
    }
}

fn make_pipe(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(made.unwrap().success());
}

/// A path that names no file at all is refused as it is: no lock, no key, no other mode.
#[tokio::test]
async fn what_is_no_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aldis.db");
    let names = || -> Vec<_> {
        let entries = fs::read_dir(folder.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect()
    };
    let device = || fs::metadata("/dev/full").unwrap().permissions().mode();
    let before = device();
    for ending in ["", ".lock", ".key", "-wal"] {
        let odd = files::side(&path, ending);
        let odds: [&dyn Fn(); 4] = [
            &|| fs::create_dir(&odd).unwrap(),
            &|| drop(std::os::unix::net::UnixListener::bind(&odd).unwrap()),
            &|| std::os::unix::fs::symlink("/dev/full", &odd).unwrap(),
            &|| make_pipe(&odd),
        ];
        for make in odds {
            make();
            let error = Store::open(&path, "run-0", |_| {}).err().unwrap();
            assert!(matches!(error, OpenError::Foreign { .. }), "{error}");
            assert!(error.is_setting());
            assert!(error.to_string().contains("regular file"), "{error}");
            for name in names() {
                let ours = name == "aldis.db" || Some(name.as_os_str()) == odd.file_name();
                assert!(ours, "{name:?} was made");
            }
            assert_eq!(device(), before, "{ending}");
            fs::remove_dir(&odd).or_else(|_| fs::remove_file(&odd)).unwrap();
        }
    }
}

/// A program that crashed may have all it wrote in its log.
#[tokio::test]
async fn so_is_one_that_crashed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("theirs.db");
    let theirs = Connection::open(&path).unwrap();
    theirs
        .execute_batch(
            "PRAGMA journal_mode = WAL; CREATE TABLE users (id INTEGER); INSERT INTO users VALUES (7)",
        )
        .unwrap();
    let log = files::side(&path, "-wal");
    let copy = folder.path().join("copy.db");
    fs::copy(&path, &copy).unwrap();
    fs::copy(&log, files::side(&copy, "-wal")).unwrap();
    refused(&copy);
    let user: u32 = Connection::open(&copy)
        .unwrap()
        .query_row("SELECT id FROM users", [], |row| row.get(0))
        .unwrap();
    assert_eq!(user, 7, "and nothing is lost");
}

#[tokio::test]
async fn an_empty_file_is_taken_and_signed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aldis.db");
    for made in ["", "PRAGMA journal_mode = WAL", "VACUUM"] {
        fs::write(&path, "").unwrap();
        Connection::open(&path).unwrap().execute_batch(made).unwrap();
        let store = Store::open(&path, "run-0", |_| {}).unwrap();
        store.close().await;
        drop(store);
        assert_eq!(&fs::read(&path).unwrap()[68..72], SIGNED);
    }
}

#[tokio::test]
async fn an_earlier_versions_store_is_recognised() {
    let mut fresh = Fresh::new();
    accept(&fresh, arrival(1, message(), send())).await;
    fresh.store.take().unwrap().close().await;
    let path = fresh.path();
    let unsign = "PRAGMA application_id = 0";
    Connection::open(&path).unwrap().execute_batch(unsign).unwrap();
    fresh.store = Some(Store::open(&path, "run-1", |_| {}).unwrap());
    record(&fresh, 1).await;
    fresh.crash("run-2").await;
    assert_eq!(&fs::read(&path).unwrap()[68..72], SIGNED);
}

/// The file is closed to others whoever made it, and however wide.
#[tokio::test]
async fn a_file_that_others_could_read_is_closed_to_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aldis.db");
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let store = Store::open(&path, "run-0", |_| {}).unwrap();
    accept(&store, arrival(1, message(), send())).await;
    let mode = |ending: &str| {
        let found = fs::metadata(files::side(&path, ending)).unwrap();
        found.permissions().mode() & 0o777
    };
    for ending in ["", "-wal", "-shm", ".lock", ".key"] {
        assert_eq!(mode(ending), 0o600, "{ending}");
    }

    // As a kill leaves it: the log is there.
    let copy = folder.path().join("copy.db");
    for ending in ["", "-wal", ".key"] {
        let copy = files::side(&copy, ending);
        fs::copy(files::side(&path, ending), &copy).unwrap();
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o644)).unwrap();
    }
    let _store = Store::open(&copy, "run-0", |_| {}).unwrap();
    for ending in ["", "-wal", "-shm", ".key"] {
        let found = fs::metadata(files::side(&copy, ending)).unwrap();
        assert_eq!(found.permissions().mode() & 0o777, 0o600, "{ending}");
    }
}
