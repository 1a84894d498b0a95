//! Sees that a call takes too long. What counts is the processor's time: on a busy machine a good library waits too.
//! Pure: time comes in.

use std::time::{Duration, Instant};

#[cfg(test)]
mod tests;

/// What a call must not take (crates/carrier/README.md).
const HARD: Duration = Duration::from_millis(250);

/// A call that does not even compute sleeps or waits for something, which no library may.
const ASLEEP: Duration = Duration::from_secs(5);

/// Without one answer for so long while somebody waits, it is of no use, whatever the page says of the call it is at:
/// the library can write there.
const SILENT: Duration = Duration::from_secs(10);

#[derive(Default)]
pub(super) struct Watch {
    /// The call that was under way at the last look.
    sight: Option<Sight>,
    /// The first look since the last answer.
    waiting: Option<Instant>,
}

#[derive(Clone, Copy)]
struct Sight {
    call: u64,
    first: Instant,
    /// What the worker had used when the call was first seen.
    cpu: Duration,
}

/// What to end a worker for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Overrun {
    pub(super) how: String,
    /// The call it is at is not to be believed.
    pub(super) silent: bool,
}

impl Watch {
    pub(super) fn answered(&mut self) {
        self.waiting = None;
    }

    /// While somebody waits for an answer: the worker is at this call, as the page says (0: at none), and has used this
    /// much of the processor.
    pub(super) fn look(&mut self, call: u64, cpu: Duration, now: Instant) -> Option<Overrun> {
        if let Some(how) = self.at_one_call(call, cpu, now) {
            return Some(Overrun { how, silent: false });
        }
        let passed = now - *self.waiting.get_or_insert(now);
        (passed > SILENT).then(|| Overrun {
            how: format!("nothing was answered for {} s", passed.as_secs()),
            silent: true,
        })
    }

    fn at_one_call(&mut self, call: u64, cpu: Duration, now: Instant) -> Option<String> {
        let seen = self.sight.filter(|seen| call != 0 && seen.call == call);
        let Some(seen) = seen else {
            self.sight = Some(Sight {
                call,
                first: now,
                cpu,
            });
            return None;
        };
        let (used, passed) = (cpu.saturating_sub(seen.cpu), now - seen.first);
        if used > HARD {
            return Some(format!("one call used {} ms of the processor", used.as_millis()));
        }
        (passed > ASLEEP).then(|| format!("one call did not return for {} s", passed.as_secs()))
    }
}
