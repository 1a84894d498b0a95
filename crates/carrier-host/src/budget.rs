//! How long a library's calls take: they run on the runtime's own threads, so a slow one holds up everybody.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

#[cfg(test)]
mod tests;

/// What a call may take, and what it must not (crates/carrier/README.md).
const SOFT: Duration = Duration::from_millis(5);
const HARD: Duration = Duration::from_millis(250);

/// So many calls over 250 ms, of all instances together, and a library has no place in delivery's own process; one that
/// takes as long as nothing but a fault can counts for all of them.
const MOST_OVER_HARD: u32 = 3;
const HOPELESS: Duration = Duration::from_secs(2);

/// A library that is always slow is said so once in this time.
const WARN_EVERY: Duration = Duration::from_mins(1);

/// Counters of all calls into one instance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallTimes {
    /// Calls made.
    pub calls: u64,
    /// Calls over 5 ms, the slower ones included.
    pub over_soft: u64,
    /// Calls over 250 ms.
    pub over_hard: u64,
    /// All calls together.
    pub total: Duration,
    /// The longest.
    pub longest: Duration,
}

#[derive(Debug, Default)]
pub(crate) struct Budget(Mutex<(CallTimes, Option<Duration>)>);

impl Budget {
    /// Counts one call that ended at `now`; true if a warning is due.
    pub(crate) fn note(&self, took: Duration, now: Duration) -> bool {
        let mut guard = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (times, warned) = &mut *guard;
        times.calls += 1;
        times.over_soft += u64::from(took > SOFT);
        times.over_hard += u64::from(took > HARD);
        times.total = times.total.saturating_add(took);
        times.longest = times.longest.max(took);
        let due = took > HARD && warned.is_none_or(|then| now.saturating_sub(then) >= WARN_EVERY);
        if due {
            *warned = Some(now);
        }
        due
    }

    pub(crate) fn times(&self) -> CallTimes {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).0
    }
}

/// How a library behaves in this process, whichever instance is called.
#[derive(Debug, Default)]
pub(crate) struct Conduct(AtomicU32);

impl Conduct {
    /// Counts one call; true if with it the library has outstayed its welcome.
    pub(crate) fn note(&self, took: Duration) -> bool {
        let weight = match took {
            took if took > HOPELESS => MOST_OVER_HARD,
            took if took > HARD => 1,
            _ => return false,
        };
        let add = |before: u32| Some(before.saturating_add(weight));
        let before = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        let before = before.unwrap_or_else(|before| before);
        before < MOST_OVER_HARD && before.saturating_add(weight) >= MOST_OVER_HARD
    }

    /// Whether it belongs in a process of its own.
    pub(crate) fn outstayed(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= MOST_OVER_HARD
    }
}
