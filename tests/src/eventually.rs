//! Waiting for a condition, with a limit: never a bare sleep.

use std::future::Future;
use std::time::{Duration, Instant};

/// The longest any test waits for anything; generous, since it only bounds a failure.
pub const LIMIT: Duration = Duration::from_secs(30);

/// Asks until the answer is `Some`, and fails naming what was awaited.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(began.elapsed() < LIMIT, "waited {LIMIT:?} for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
