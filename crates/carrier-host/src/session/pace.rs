//! How fast messages may be handed over. Pure: time comes in. (GCRA, ITU-T I.371 annex A, with a small burst.)

use std::time::Duration;
use tokio::time::Instant;

#[cfg(test)]
mod tests;

/// Timers are good to a few milliseconds; without a burst of that length a fast pace would never be reached.
const BURST: Duration = Duration::from_millis(20);

/// The pace of one link.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// From one message to the next; zero: no limit.
    interval: Duration,
    /// When the next message is due if they come evenly.
    next: Option<Instant>,
}

impl Pace {
    /// So many thousandths of a message in a second; 0: as fast as they come.
    pub(super) fn set(&mut self, milli_per_second: u32) {
        self.interval = match milli_per_second {
            0 => Duration::ZERO,
            milli => Duration::from_secs(1000) / milli,
        };
    }

    /// When the next message may be handed over; `None`: now.
    pub(super) fn wait(&self, now: Instant) -> Option<Instant> {
        let from = self.next? - BURST;
        (from > now && !self.interval.is_zero()).then_some(from)
    }

    /// One is handed over.
    pub(super) fn took(&mut self, now: Instant) {
        let due = self.next.map_or(now, |next| next.max(now));
        self.next = Some(due + self.interval);
    }
}
