//! When a library that keeps breaking the contract is left alone for a while. Pure: time comes in.

use std::collections::VecDeque;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// As crates/carrier/README.md says: three faults in 60 s quarantine the instance.
const FAULTS: usize = 3;
const WINDOW: Duration = Duration::from_mins(1);
const QUARANTINE: Duration = Duration::from_mins(1);

/// The recent faults of one instance. Moments are counted from the instance's creation.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    recent: VecDeque<Duration>,
    until: Option<Duration>,
    total: u64,
}

impl Faults {
    /// Notes one; true if the quarantine begins with it.
    pub(crate) fn note(&mut self, now: Duration) -> bool {
        self.count();
        self.recent.retain(|then| now.saturating_sub(*then) < WINDOW);
        self.recent.push_back(now);
        if self.recent.len() < FAULTS {
            return false;
        }
        self.recent.clear();
        self.until = Some(now.saturating_add(QUARANTINE));
        true
    }

    /// Notes one that is no reason for a quarantine.
    pub(crate) fn count(&mut self) {
        self.total = self.total.saturating_add(1);
    }

    /// How long the quarantine lasts, if there is one.
    pub(crate) fn rest(&self, now: Duration) -> Option<Duration> {
        let left = self.until?.saturating_sub(now);
        (!left.is_zero()).then_some(left)
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }
}
