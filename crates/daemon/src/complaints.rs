//! A limit on log lines that anybody may cause: the first few are written at once, the rest is counted.
//!
//! Whoever can make a service write a line can fill its disk, so such lines are told apart by a key that is made of settings
//! and enums only, never of what a caller chose.

use aldis_message::UnixMillis;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[cfg(test)]
mod tests;

/// The time in which a kind has so many lines.
const WINDOW: Duration = Duration::from_mins(1);
/// The time between two looks at what was kept back.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The lines that were written of each kind, and those that were not.
pub struct Complaints<Kind> {
    at_once: u32,
    said: Mutex<BTreeMap<Kind, Restraint>>,
}

impl<Kind: Ord + Clone> Complaints<Kind> {
    /// Allows so many lines a minute of each kind.
    pub fn new(at_once: u32) -> Self {
        Self {
            at_once,
            said: Mutex::default(),
        }
    }

    /// Decides whether to write the line now; `Some` has how many were kept back since the last one.
    pub fn say(&self, kind: Kind, now: UnixMillis) -> Option<u64> {
        self.said().entry(kind).or_default().say(self.at_once, now)
    }

    /// Takes what was kept back and is to be summed up: each kind, and how often.
    pub fn overdue(&self, now: UnixMillis) -> Vec<(Kind, u64)> {
        let mut said = self.said();
        let overdue = said.iter_mut().filter_map(|(kind, restraint)| {
            let kept_back = restraint.overdue(now)?;
            Some((kind.clone(), kept_back))
        });
        overdue.collect()
    }

    /// Sums up for ever, by the clock `now`.
    pub async fn sum_up(&self, now: impl Fn() -> UnixMillis, tell: impl Fn(Kind, u64)) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            for (kind, kept_back) in self.overdue(now()) {
                tell(kind, kept_back);
            }
        }
    }

    fn said(&self) -> MutexGuard<'_, BTreeMap<Kind, Restraint>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first few at once, then none until the minute is over. Pure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Restraint {
    begun: Option<UnixMillis>,
    said: u32,
    kept_back: u64,
}

impl Restraint {
    fn say(&mut self, at_once: u32, now: UnixMillis) -> Option<u64> {
        if !self.is_within(now) {
            self.begun = Some(now);
            self.said = 0;
        }
        if self.said >= at_once {
            self.kept_back = self.kept_back.saturating_add(1);
            return None;
        }
        self.said += 1;
        Some(std::mem::take(&mut self.kept_back))
    }

    fn overdue(&mut self, now: UnixMillis) -> Option<u64> {
        let due = self.kept_back > 0 && !self.is_within(now);
        due.then(|| std::mem::take(&mut self.kept_back))
    }

    /// A clock that was set back silences nobody.
    fn is_within(&self, now: UnixMillis) -> bool {
        self.begun
            .is_some_and(|begun| begun <= now && now < begun.plus(WINDOW))
    }
}
