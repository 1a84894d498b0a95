//! A store is one process's, by whatever name others call it, and a failed disk ends it.

use super::*;
use std::fs;
use std::os::unix::fs::symlink;

#[tokio::test]
async fn a_second_opener_is_refused() {
    let mut fresh = Fresh::new();
    let second = Store::open(&fresh.path(), "run-1", |_| {});
    assert!(matches!(second, Err(OpenError::InUse { .. })));
    fresh.crash("run-1").await; // the first let go
}

#[tokio::test]
async fn so_is_one_by_any_other_name() {
    let fresh = Fresh::new();
    let (folder, path) = (fresh.folder.path(), fresh.path());
    symlink(&path, folder.join("link.db")).unwrap();
    symlink(folder.join("link.db"), folder.join("link-to-link.db")).unwrap();
    symlink(folder.join("data"), folder.join("folder")).unwrap();
    fs::hard_link(&path, folder.join("hard.db")).unwrap();
    let names = [
        "link.db",
        "link-to-link.db",
        "folder/aldis.db",
        "data/../data/aldis.db",
        "hard.db",
    ];
    for name in names {
        let second = Store::open(&folder.join(name), "run-1", |_| {});
        assert!(matches!(second, Err(OpenError::InUse { .. })), "{name}");
    }
    accept(&fresh, arrival(1, message(), send())).await;
}

/// The lock is on the file itself: the lock file may be gone, or may never have been there.
#[tokio::test]
async fn no_lock_file_is_needed() {
    let fresh = Fresh::new();
    fs::remove_file(files::side(&fresh.path(), ".lock")).unwrap();
    let second = Store::open(&fresh.path(), "run-1", |_| {});
    assert!(matches!(second, Err(OpenError::InUse { .. })));
}

/// Earlier versions lock nothing but a file named after the path as their settings write it.
#[tokio::test]
async fn an_earlier_version_is_kept_out_and_kept_in() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("aldis.db"), folder.path().join("link.db"));
    fs::write(&path, "").unwrap();
    symlink(&path, &link).unwrap();
    let lock = |path: &Path| fs::File::create(files::side(path, ".lock")).unwrap();
    for earlier in [&path, &link] {
        let lock = lock(earlier);
        lock.try_lock().unwrap();
        let second = Store::open(&link, "run-1", |_| {});
        assert!(
            matches!(second, Err(OpenError::InUse { .. })),
            "{}",
            earlier.display()
        );
    }
    let _ours = Store::open(&link, "run-0", |_| {}).unwrap();
    for earlier in [&path, &link] {
        assert!(lock(earlier).try_lock().is_err(), "{}", earlier.display());
    }
}

/// A second name by itself is no second process.
#[tokio::test]
async fn a_file_with_two_names_is_opened() {
    let mut fresh = Fresh::new();
    accept(&fresh, arrival(1, message(), send())).await;
    fs::hard_link(fresh.path(), fresh.folder.path().join("copy.db")).unwrap();
    fresh.crash("run-1").await;
    record(&fresh, 1).await;
}

#[tokio::test]
async fn after_the_end_calls_fail_and_do_not_hang() {
    let fresh = Fresh::new();
    fresh.close().await;
    let late = fresh.accept(arrival(1, message(), send())).await;
    assert!(matches!(late, Err(StoreError::Closed)), "{late:?}");
    fresh.close().await;
}
