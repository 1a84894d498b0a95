//! The timers of one connection. Pure: time comes in.

use aldis_carrier::abi::{TIMER_LIMIT, TIMER_OFF};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// The number of timers of one connection that run out in a second; the next ones are late. A library that asks for more
/// would keep delivery busy with nothing: an honest one has a handful, of seconds.
const MOST_A_SECOND: u32 = 100;

const SECOND: Duration = Duration::from_secs(1);

/// By the library's ids.
#[derive(Debug, Default)]
pub(super) struct Timers {
    due: HashMap<u32, Instant>,
    /// The second that is counted, and how many ran out in it.
    second: Option<Instant>,
    ran_out: u32,
}

impl Timers {
    /// Sets, moves or cancels one; false if there are too many.
    pub(super) fn set(&mut self, id: u32, after_ms: u32, now: Instant) -> bool {
        if after_ms == TIMER_OFF {
            self.due.remove(&id);
        } else {
            // Not at once: a timer that is set again when it runs out must let everything else have its turn.
            let after = Duration::from_millis(u64::from(after_ms.max(1)));
            self.due.insert(id, now + after);
        }
        self.due.len() <= TIMER_LIMIT
    }

    pub(super) fn next(&self) -> Option<Instant> {
        let first = self.due.values().min().copied()?;
        let full = self.second.filter(|_| self.ran_out >= MOST_A_SECOND);
        Some(full.map_or(first, |second| first.max(second + SECOND)))
    }

    /// Takes the one that ran out first.
    pub(super) fn pop(&mut self, now: Instant) -> Option<u32> {
        if self.second.is_none_or(|second| now >= second + SECOND) {
            (self.second, self.ran_out) = (Some(now), 0);
        }
        let (id, due) = self.due.iter().min_by_key(|(_, due)| **due)?;
        let id = (*due <= now && self.ran_out < MOST_A_SECOND).then_some(*id)?;
        self.due.remove(&id);
        self.ran_out += 1;
        Some(id)
    }
}

#[cfg(test)]
mod tests;
