//! A first start or an upgrade that is killed at any moment leaves a store that the next start opens; so does one of an
//! earlier version, which committed each migration and its record apart.

use super::*;
use crate::store::migrate;
use refinery::{Runner, Target};
use rusqlite::Connection;
use std::fs;

/// The log's header, and that of each of its frames (file format, sections 4.1 and 4.2).
const LOG_HEADER: usize = 32;
const FRAME: usize = 24 + 4096;

/// A file and its log, as they lie on the disk.
struct Killed {
    file: Vec<u8>,
    log: Vec<u8>,
}

impl Killed {
    /// Reads what is there while the database is still open: nothing is folded into the file yet.
    fn of(path: &Path) -> Self {
        let log = path.with_file_name("aldis.db-wal");
        Self {
            file: fs::read(path).unwrap(),
            log: fs::read(log).unwrap(),
        }
    }

    /// Cuts the log as a kill at each write leaves it: between two frames, and within one.
    fn each_moment(&self) -> impl Iterator<Item = Self> {
        assert_eq!((self.log.len() - LOG_HEADER) % FRAME, 0, "whole frames");
        let frames = (self.log.len() - LOG_HEADER) / FRAME;
        let ends = (0..=frames).flat_map(|frame| [frame * FRAME, frame * FRAME + FRAME / 2]);
        ends.map(|end| Self {
            file: self.file.clone(),
            log: self.log.iter().copied().take(LOG_HEADER + end).collect(),
        })
    }

    fn lay(&self, folder: &Path) -> PathBuf {
        let path = folder.join("aldis.db");
        fs::write(&path, &self.file).unwrap();
        fs::write(folder.join("aldis.db-wal"), &self.log).unwrap();
        path
    }
}

fn connect(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    let durable = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;";
    connection.execute_batch(durable).unwrap();
    connection
}

fn all_of_them() -> i64 {
    i64::try_from(migrate::migrations().len()).unwrap()
}

fn up_to(version: i32) -> Vec<refinery::Migration> {
    let all = migrate::migrations().into_iter();
    all.filter(|migration| migration.version() <= version).collect()
}

/// A store with schema 1 and a message in it.
fn of_schema_1(path: &Path) -> Connection {
    let mut connection = connect(path);
    migrate::migrate_to(&mut connection, path, &up_to(1)).unwrap();
    let message = "INSERT INTO messages (id, client, class, accept, recipient, masked, encoding, segments, state,
            created_at, deadline, updated_at)
        VALUES ('msg_1', 'edge', 'otp', 'carrier', '+12025550100', '+1******0100', 'gsm7', 1, 'submitted', 1, 2, 3);
        INSERT INTO attempts VALUES ('msg_1', 1, 'a', 1, 2, 'accepted', NULL, '[\"SM1\"]', NULL);";
    connection.execute_batch(message).unwrap();
    connection
        .pragma_update(None, "wal_checkpoint", "TRUNCATE")
        .unwrap();
    connection
}

/// Opens what a kill left, and takes a message.
async fn goes_on(killed: &Killed) -> Connection {
    let folder = tempfile::tempdir().unwrap();
    let path = killed.lay(folder.path());
    let store = Store::open(&path, "run-1", |_| {}).unwrap();
    accept(&store, arrival(1, message(), send())).await;
    store.close().await;
    drop(store);
    let connection = Connection::open(&path).unwrap();
    let whole: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(whole, "ok");
    let recorded: i64 = connection
        .query_row("SELECT count(*) FROM refinery_schema_history", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(recorded, all_of_them());
    connection
}

#[tokio::test]
async fn a_first_start_may_be_killed_at_any_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aldis.db");
    let mut connection = connect(&path);
    migrate::migrate(&mut connection, &path).unwrap();
    for killed in Killed::of(&path).each_moment() {
        goes_on(&killed).await;
    }
}

#[tokio::test]
async fn an_upgrade_may_be_killed_at_any_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aldis.db");
    let mut connection = of_schema_1(&path);
    migrate::migrate(&mut connection, &path).unwrap();
    for killed in Killed::of(&path).each_moment() {
        let opened = goes_on(&killed).await;
        let ids: u32 = opened
            .query_row("SELECT count(*) FROM carrier_ids", [], |row| row.get(0))
            .unwrap();
        assert_eq!(ids, 1, "what a migration moves is moved once");
    }
}

/// A commit is all or nothing: no prefix of the log shows a migration without its record.
#[tokio::test]
async fn a_migration_and_its_record_are_one_commit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aldis.db");
    let mut connection = connect(&path);
    migrate::migrate(&mut connection, &path).unwrap();
    for killed in Killed::of(&path).each_moment() {
        let folder = tempfile::tempdir().unwrap();
        let left = Connection::open(killed.lay(folder.path())).unwrap();
        let made: i64 = left
            .query_row(
                "SELECT count(*) FROM sqlite_schema WHERE type = 'table'",
                [],
                |row| row.get(0),
            )
            .unwrap();
        if made > 0 {
            let recorded: i64 = left
                .query_row("SELECT count(*) FROM refinery_schema_history", [], |row| {
                    row.get(0)
                })
                .unwrap();
            assert_eq!(recorded, all_of_them());
        }
    }
}

/// Versions before this one ran `refinery` as it is by default.
#[tokio::test]
async fn what_an_earlier_version_left_is_repaired() {
    let folder = tempfile::tempdir().unwrap();
    let mut stuck = 0;
    for (name, begin) in [("first", 0), ("upgrade", 1)] {
        let path = folder.path().join(name).join("aldis.db");
        fs::create_dir(path.parent().unwrap()).unwrap();
        let mut connection = if begin == 0 {
            connect(&path)
        } else {
            of_schema_1(&path)
        };
        let earlier = || Runner::new(&up_to(3)).set_target(Target::Latest);
        earlier().run(&mut connection).unwrap();
        for killed in Killed::of(&path).each_moment() {
            let again = tempfile::tempdir().unwrap();
            let mut left = Connection::open(killed.lay(again.path())).unwrap();
            stuck += u32::from(earlier().run(&mut left).is_err());
            goes_on(&killed).await;
        }
    }
    assert!(stuck >= 5, "the earlier version could not open {stuck} of them");
}

#[tokio::test]
async fn what_no_kill_leaves_is_named_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aldis.db");
    let mut connection = connect(&path);
    migrate::migrate(&mut connection, &path).unwrap();
    connection.execute_batch("DROP INDEX messages_due").unwrap();
    let error = migrate::migrate(&mut connection, &path).unwrap_err();
    assert!(
        error.to_string().contains("there is no index messages_due"),
        "{error}"
    );

    let half = "DELETE FROM refinery_schema_history WHERE version = 1";
    connection.execute_batch(half).unwrap();
    let error = migrate::migrate(&mut connection, &path).unwrap_err();
    assert!(error.to_string().contains("no index messages_due"), "{error}");
    assert!(!error.is_setting());
}

/// A schema that ends behind any statement is called damaged, with and without a history, and not another program's.
#[tokio::test]
async fn a_schema_that_was_made_in_part_is_ours() {
    let first = up_to(1);
    let sql = first[0].sql().unwrap();
    let tables: Vec<usize> = sql
        .match_indices("\n) WITHOUT ROWID;")
        .map(|(at, _)| at)
        .collect();
    let indexes: Vec<usize> = sql.match_indices("\nCREATE INDEX").map(|(at, _)| at).collect();
    let ends = tables.iter().map(|at| at + "\n) WITHOUT ROWID;".len());
    for end in ends.rev().skip(1).chain(indexes) {
        for history in [
            "",
            "CREATE TABLE refinery_schema_history (version int4 PRIMARY KEY,
            name VARCHAR(255), applied_on VARCHAR(255), checksum VARCHAR(255));",
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("aldis.db");
            connect(&path)
                .execute_batch(&format!("{history}{}", &sql[..end]))
                .unwrap();
            let error = Store::open(&path, "run-1", |_| {}).err().unwrap();
            assert!(matches!(error, OpenError::Damaged { .. }), "{end}: {error}");
            assert!(error.to_string().contains("schema 1 was made in part"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_in_plain_words() {
    let mut fresh = Fresh::new();
    fresh.store.take().unwrap().close().await;
    let path = fresh.path();
    let connection = Connection::open(&path).unwrap();
    let newer = "INSERT INTO refinery_schema_history VALUES (99, 'future', '2030-01-01T00:00:00Z', '1')";
    connection.execute(newer, []).unwrap();
    let error = Store::open(&path, "run-1", |_| {}).err().unwrap();
    assert!(
        error
            .to_string()
            .contains("a newer version of Aldis wrote this store (schema 99;"),
        "{error}"
    );
    assert!(error.is_setting());

    let other = "UPDATE refinery_schema_history SET version = 1, checksum = '7' WHERE version = 99";
    let _ = connection
        .execute("DELETE FROM refinery_schema_history WHERE version = 1", [])
        .unwrap();
    connection.execute(other, []).unwrap();
    let error = Store::open(&path, "run-1", |_| {}).err().unwrap();
    assert!(error.to_string().contains("another build made it"), "{error}");
}
