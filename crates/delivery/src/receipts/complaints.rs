//! How often a line is written about what a carrier tells: anybody may call or write to it, as often as they like.

use aldis_message::{CarrierName, UnixMillis};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

#[cfg(test)]
mod tests;

/// What is said of one carrier at most so often.
const AT_MOST_EVERY: Duration = Duration::from_mins(1);

/// What there is to complain about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Complaint {
    /// Nobody can prove who sent it.
    Refused,
    /// The carrier sent it, and it tells nothing.
    Empty,
    /// It looks like a receipt, and nothing proves that it is one.
    Doubted,
}

/// What was said of which carrier. Only of those in the settings, so it stays small.
#[derive(Default)]
pub(crate) struct Complaints(Mutex<BTreeMap<(CarrierName, Complaint), Restraint>>);

impl Complaints {
    /// Whether to say it now; and how often it was not said since it was last.
    pub(crate) fn say(&self, carrier: &CarrierName, complaint: Complaint, now: UnixMillis) -> Option<u64> {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.entry((carrier.clone(), complaint)).or_default().say(now)
    }
}

/// The first at once, then one a minute. Pure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Restraint {
    said: Option<UnixMillis>,
    kept_back: u64,
}

impl Restraint {
    fn say(&mut self, now: UnixMillis) -> Option<u64> {
        // A clock that was set back silences nobody.
        let recently = |said: UnixMillis| said <= now && now < said.plus(AT_MOST_EVERY);
        if self.said.is_some_and(recently) {
            self.kept_back = self.kept_back.saturating_add(1);
            return None;
        }
        self.said = Some(now);
        Some(std::mem::take(&mut self.kept_back))
    }
}
