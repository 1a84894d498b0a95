//! The clocks. Everything else is given the time as an argument.

use aldis_message::UnixMillis;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The present moment by the system's clock; 1970 where that stands before it.
#[allow(
    clippy::disallowed_methods,
    reason = "this is the clock that everybody else is sent to"
)]
pub fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// A clock for lives and waits: it follows the system's clock forward and never goes back.
///
/// Where the system's clock is set back, this one goes on by the time that passes, so that nothing waits or lives longer
/// by what the clock lost. Whoever speaks to others about the time takes [`now`].
#[derive(Debug)]
pub struct SteadyClock {
    began: Instant,
    /// Milliseconds since 1970 when it began, by the furthest that the system's clock has been since.
    origin: AtomicU64,
}

impl SteadyClock {
    /// Begins with the system's clock, or at `not_before` if that is later.
    pub fn begin(not_before: Option<UnixMillis>) -> Self {
        let origin = not_before.map_or(0, UnixMillis::as_millis);
        Self {
            #[allow(clippy::disallowed_methods, reason = "as above")]
            began: Instant::now(),
            origin: AtomicU64::new(origin),
        }
    }

    /// The present moment.
    pub fn now(&self) -> UnixMillis {
        self.read(now(), self.began.elapsed())
    }

    /// Returns how far the system's clock is behind.
    pub fn lead(&self) -> Duration {
        now().until(self.now())
    }

    fn read(&self, system: UnixMillis, elapsed: Duration) -> UnixMillis {
        let elapsed = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let origin = system.as_millis().saturating_sub(elapsed);
        let origin = self.origin.fetch_max(origin, Ordering::Relaxed).max(origin);
        UnixMillis::from_millis(origin.saturating_add(elapsed))
    }
}

#[cfg(test)]
mod tests;
