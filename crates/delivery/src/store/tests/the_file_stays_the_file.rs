//! A store whose file was removed or replaced is over within a second, and nothing is acknowledged in between: what is
//! written to a file that no path names is lost at the next start.

use super::*;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use tokio::time::timeout;

/// A mishap of the files of a running store.
type Mishap = (&'static str, fn(&Path));

fn beside(path: &Path, ending: &str) -> PathBuf {
    files::side(path, ending)
}

/// Puts another file with the same bytes in its place.
fn replace(path: &Path) {
    let bytes = fs::read(path).unwrap();
    fs::rename(path, beside(path, ".away")).unwrap();
    fs::write(path, bytes).unwrap();
}

const MISHAPS: [Mishap; 11] = [
    ("the database is removed", |path| fs::remove_file(path).unwrap()),
    ("the log is removed", |path| {
        fs::remove_file(beside(path, "-wal")).unwrap();
    }),
    ("the index of the log is removed", |path| {
        fs::remove_file(beside(path, "-shm")).unwrap();
    }),
    ("the lock is removed", |path| {
        fs::remove_file(beside(path, ".lock")).unwrap();
    }),
    ("all is removed", |path| {
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }),
    ("the database is replaced", replace),
    ("the log is replaced", |path| replace(&beside(path, "-wal"))),
    ("the database is emptied", |path| fs::write(path, "").unwrap()),
    ("the log is emptied", |path| {
        let log = fs::OpenOptions::new().write(true).open(beside(path, "-wal"));
        log.unwrap().set_len(0).unwrap();
    }),
    ("the folder is renamed", |path| {
        let folder = path.parent().unwrap();
        fs::rename(folder, folder.with_file_name("renamed")).unwrap();
    }),
    ("the folder is replaced", |path| {
        let folder = path.parent().unwrap();
        let away = folder.with_file_name("away");
        fs::rename(folder, &away).unwrap();
        fs::create_dir(folder).unwrap();
        for entry in fs::read_dir(away).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
        }
    }),
];

#[tokio::test]
async fn it_is_noticed_within_a_second() {
    const { assert!(watch::EVERY.as_millis() <= 500) };
    for (what, mishap) in MISHAPS {
        let fresh = Fresh::new();
        accept(&fresh, arrival(1, message(), send())).await;
        mishap(&fresh.path());
        let broken = fresh.broken();
        // Long enough for a machine that has much else to do.
        assert!(timeout(seconds(10), broken.cancelled()).await.is_ok(), "{what}");
        let error = fresh.check().unwrap_err().to_string();
        assert!(error.contains("aldis.db"), "{what}: {error}");
        assert!(
            fresh.accept(arrival(2, message(), send())).await.is_err(),
            "{what}"
        );
        assert!(fresh.message(&client("edge"), &id(1)).await.is_err(), "{what}");
        assert!(fresh.probe().await.is_err(), "{what}");
        fresh.close().await;
    }
}

/// A commit does not wait for the watch: each looks for itself before it is acknowledged.
#[tokio::test]
async fn nothing_is_acknowledged_meanwhile() {
    for (what, mishap) in MISHAPS {
        let fresh = Fresh::new();
        let (lease, _) = accept(&fresh, arrival(1, message(), send())).await;
        mishap(&fresh.path());
        let ended = Some(ended(1, OutcomeClass::Accepted));
        let recorded = fresh.record_attempt(&lease, ended, Next::Submitted, NOW).await;
        assert!(recorded.is_err(), "{what}");
        assert!(fresh.message(&client("edge"), &id(1)).await.is_err(), "{what}");
    }
}

/// The rest of it begins as a log does.
#[tokio::test]
async fn a_log_that_is_cut_counts() {
    let fresh = Fresh::new();
    accept(&fresh, arrival(1, message(), send())).await;
    let log = fs::OpenOptions::new()
        .write(true)
        .open(beside(&fresh.path(), "-wal"));
    log.unwrap().set_len(40).unwrap();
    let broken = fresh.broken();
    assert!(timeout(seconds(10), broken.cancelled()).await.is_ok());
    let error = fresh.check().unwrap_err().to_string();
    assert!(error.contains("aldis.db-wal"), "{error}");
}

/// The next start would make another, and know no request of before. The running store still has it.
#[tokio::test]
async fn a_key_that_is_removed_is_written_again() {
    let fresh = Fresh::new();
    let file = beside(&fresh.path(), ".key");
    let key = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    let back = async {
        while fs::read(&file).ok().as_ref() != Some(&key) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(timeout(seconds(10), back).await.is_ok());
    let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    accept(&fresh, arrival(1, message(), send())).await;
    assert!(fresh.check().is_ok());
}

#[tokio::test]
async fn another_in_its_place_ends_the_store() {
    const REPLACED: [fn(&Path); 3] = [
        |file| fs::write(file, "0".repeat(64)).unwrap(),
        |file| fs::write(file, "").unwrap(),
        |file| {
            fs::remove_file(file).unwrap();
            fs::create_dir(file).unwrap();
        },
    ];
    for replace in REPLACED {
        let fresh = Fresh::new();
        replace(&beside(&fresh.path(), ".key"));
        let broken = fresh.broken();
        assert!(timeout(seconds(10), broken.cancelled()).await.is_ok());
        let error = fresh.check().unwrap_err().to_string();
        assert!(error.contains("aldis.db.key"), "{error}");
    }
}

#[tokio::test]
async fn a_link_that_leads_elsewhere_now_counts() {
    let folder = tempfile::tempdir().unwrap();
    let (link, other) = (folder.path().join("link.db"), folder.path().join("other.db"));
    std::os::unix::fs::symlink(folder.path().join("one.db"), &link).unwrap();
    let store = Store::open(&link, "run-0", |_| {}).unwrap();
    fs::write(&other, "").unwrap();
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(other, &link).unwrap();
    assert!(store.accept(arrival(1, message(), send())).await.is_err());
}

/// A store that ends as it should removes its log itself.
#[tokio::test]
async fn closing_is_no_mishap() {
    let fresh = Fresh::new();
    accept(&fresh, arrival(1, message(), send())).await;
    fresh.close().await;
    assert!(!beside(&fresh.path(), "-wal").exists());
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(fresh.check().is_ok());
}

/// The paths may name another running store's files by then.
#[tokio::test]
async fn leaving_a_lost_file_touches_nothing() {
    let first = Fresh::new();
    accept(&first, arrival(1, message(), send())).await;
    let folder = first.path().parent().unwrap().to_path_buf();
    fs::rename(&folder, folder.with_file_name("away")).unwrap();
    let second = Store::open(&first.path(), "run-1", |_| {}).unwrap();
    accept(&second, arrival(2, message(), send())).await;
    first.broken().cancelled().await;
    first.close().await;
    drop(first.store);
    accept(&second, arrival(3, message(), send())).await;
    second.close().await;
    let rows: u32 = rusqlite::Connection::open(folder.join("aldis.db"))
        .unwrap()
        .query_row("SELECT count(*) FROM messages", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 2);
}
