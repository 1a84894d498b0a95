//! Carriers that were replaced or taken out, for the call-backs about what went out by them: they know the secrets these
//! are signed with.

use aldis_message::CarrierName;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// Most receipts come within minutes, and the last ones when a message's validity at the carrier ends.
pub(super) const KEPT_FOR: Duration = Duration::from_hours(24);
/// Each may be a process, and has secrets in memory.
const OF_ONE_NAME: usize = 4;
const IN_ALL: usize = 16;

/// The latest of them, oldest first.
pub(super) struct Former<T>(VecDeque<(Instant, CarrierName, T)>);

impl<T> Default for Former<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T: Clone> Former<T> {
    pub(super) fn keep(&mut self, name: CarrierName, one: T, now: Instant) {
        self.forget(now);
        let of_this_name = |(_, other, _): &&(Instant, CarrierName, T)| *other == name;
        if self.0.iter().filter(of_this_name).count() >= OF_ONE_NAME
            && let Some(oldest) = self.0.iter().position(|(_, other, _)| *other == name)
        {
            self.0.remove(oldest);
        }
        if self.0.len() >= IN_ALL {
            self.0.pop_front();
        }
        self.0.push_back((now, name, one));
    }

    /// Those of this name, newest first.
    pub(super) fn of(&self, name: &CarrierName) -> Vec<T> {
        let of_this_name = self.0.iter().rev().filter(|(_, other, _)| other == name);
        of_this_name.map(|(_, _, one)| one.clone()).collect()
    }

    /// Lets go of those that were kept long enough.
    pub(super) fn forget(&mut self, now: Instant) {
        self.0
            .retain(|(since, _, _)| now.saturating_duration_since(*since) < KEPT_FOR);
    }
}

#[cfg(test)]
mod tests;
