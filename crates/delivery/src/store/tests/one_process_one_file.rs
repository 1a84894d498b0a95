//! Two processes cannot share a store, and a failed disk ends it.

use super::*;

#[tokio::test]
async fn a_second_opener_is_refused() {
    let mut fresh = Fresh::new();
    let second = Store::open(&fresh.path(), "run-1", |_| {});
    assert!(matches!(second, Err(OpenError::InUse { .. })));
    fresh.crash("run-1").await; // the first let go
}

#[tokio::test]
async fn after_the_end_calls_fail_and_do_not_hang() {
    let fresh = Fresh::new();
    fresh.close().await;
    let late = fresh.accept(arrival(1, message(), send())).await;
    assert!(matches!(late, Err(StoreError::Closed)), "{late:?}");
    fresh.close().await;
}
