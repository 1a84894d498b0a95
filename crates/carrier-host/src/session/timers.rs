//! The timers of one connection. Pure: time comes in.

use aldis_carrier::abi::{TIMER_LIMIT, TIMER_OFF};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// By the library's ids.
#[derive(Debug, Default)]
pub(super) struct Timers(HashMap<u32, Instant>);

impl Timers {
    /// Sets, moves or cancels one; false if there are too many.
    pub(super) fn set(&mut self, id: u32, after_ms: u32, now: Instant) -> bool {
        if after_ms == TIMER_OFF {
            self.0.remove(&id);
        } else {
            // Not at once: a timer that is set again when it runs out must let everything else have its turn.
            self.0
                .insert(id, now + Duration::from_millis(u64::from(after_ms.max(1))));
        }
        self.0.len() <= TIMER_LIMIT
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.0.values().min().copied()
    }

    /// Takes the one that ran out first.
    pub(super) fn pop(&mut self, now: Instant) -> Option<u32> {
        let (id, due) = self.0.iter().min_by_key(|(_, due)| **due)?;
        let id = (*due <= now).then_some(*id)?;
        self.0.remove(&id);
        Some(id)
    }
}

#[cfg(test)]
mod tests;
