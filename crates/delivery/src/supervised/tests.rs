//! A task that ends is named, whichever it is and however it ends; as long as none does, nothing is said.

use super::*;
use std::time::Duration;

#[tokio::test]
async fn the_one_that_ends_is_named() {
    let panics = async { panic!("planted") };
    let returns = async {};
    for (task, expected) in [
        (tokio::spawn(panics), "the scheduler panicked"),
        (tokio::spawn(returns), "the scheduler ended by itself"),
    ] {
        let mut tasks = Supervised::default();
        tasks.spawn("the reading of settings", std::future::pending());
        tasks.spawn("the scheduler", async move {
            if let Err(error) = task.await {
                std::panic::resume_unwind(error.into_panic());
            }
        });
        assert_eq!(tasks.first_end().await.to_string(), expected);
    }
}

#[tokio::test]
async fn nothing_is_said_while_all_run() {
    let mut tasks = Supervised::default();
    assert!(
        tokio::time::timeout(Duration::from_millis(20), tasks.first_end())
            .await
            .is_err()
    );
    tasks.spawn("the scheduler", std::future::pending());
    assert!(
        tokio::time::timeout(Duration::from_millis(20), tasks.first_end())
            .await
            .is_err()
    );
}
