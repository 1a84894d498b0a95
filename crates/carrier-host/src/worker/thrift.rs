//! Sees that a worker computes though nobody asks it, or far more than its calls explain. Pure: time comes in.

use std::time::{Duration, Instant};

#[cfg(test)]
mod tests;

/// The processor time that a call explains, in times of its own length. A runtime such as Go's collects garbage beside it.
const PER_CALL: u32 = 2;

/// The part of one processor that needs no explanation: a quarter, for a library's own timers and such a runtime's.
const FREE: u32 = 4;

/// The processor time beyond that which is worth a warning.
const WARN: Duration = Duration::from_secs(2);

/// The processor time beyond that for which the worker is ended: one busy thread comes here after some 14 s.
const END: Duration = Duration::from_secs(10);

/// The decision about a worker.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Spent {
    /// Say it, once.
    Warn(Duration),
    /// End it.
    End(Duration),
}

/// One worker's account.
#[derive(Default)]
pub(super) struct Thrift {
    last: Option<Look>,
    /// The moment since which calls are under way.
    busy_since: Option<Instant>,
    /// The time that calls were under way since the last look.
    busy: Duration,
    /// The processor time that nothing explains.
    debt: Duration,
    warned: bool,
}

#[derive(Clone, Copy)]
struct Look {
    at: Instant,
    cpu: Duration,
}

impl Thrift {
    /// Notes whether calls are under way from now on.
    pub(super) fn calls(&mut self, any: bool, now: Instant) {
        match (any, self.busy_since) {
            (true, None) => self.busy_since = Some(now),
            (false, Some(since)) => {
                self.busy += now - since;
                self.busy_since = None;
            }
            _ => {}
        }
    }

    /// Decides, after the worker has used this much of the processor since it was started.
    pub(super) fn look(&mut self, cpu: Duration, now: Instant) -> Option<Spent> {
        if let Some(since) = &mut self.busy_since {
            self.busy += now - *since;
            *since = now;
        }
        let last = self.last.replace(Look { at: now, cpu })?;
        let explained = self.busy * PER_CALL + (now - last.at) / FREE;
        self.busy = Duration::ZERO;
        self.debt = (self.debt + cpu.saturating_sub(last.cpu)).saturating_sub(explained);
        if self.debt >= END {
            return Some(Spent::End(self.debt));
        }
        if self.debt.is_zero() {
            self.warned = false;
        }
        if self.debt < WARN || self.warned {
            return None;
        }
        self.warned = true;
        Some(Spent::Warn(self.debt))
    }
}
