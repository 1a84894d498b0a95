//! A damaged page ends the store also where only a read meets it: nobody would notice for as long as nothing is written
//! there, and a clean stop would fold the log into it.

use super::*;
use std::os::unix::fs::FileExt as _;

#[tokio::test]
async fn that_a_read_meets() {
    let mut fresh = Fresh::new();
    accept(&fresh, arrival(1, message(), send())).await;
    fresh.crash("run-1").await;
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(fresh.path())
        .unwrap();
    let length = usize::try_from(file.metadata().unwrap().len()).unwrap();
    // All but the first page, which says what the file is.
    file.write_all_at(&vec![0xa5; length - 4096], 4096).unwrap();
    let read = fresh.message(&client("edge"), &id(1)).await;
    assert!(read.is_err(), "{read:?}");
    assert!(fresh.broken().is_cancelled());
    assert!(matches!(fresh.check(), Err(StoreError::Broken(_))));
}
