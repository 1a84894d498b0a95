//! Sees that a call takes too long. What counts is the processor's time: on a busy machine a good library waits too.

use super::process::Process;
use std::time::{Duration, Instant};

/// What a call must not take (crates/carrier/README.md).
const HARD: Duration = Duration::from_millis(250);

/// A call that does not even compute sleeps or waits for something, which no library may.
const ASLEEP: Duration = Duration::from_secs(5);

/// The call that was under way at the last look.
#[derive(Default)]
pub(super) struct Watch(Option<Sight>);

#[derive(Clone, Copy)]
struct Sight {
    call: u64,
    first: Instant,
    /// What the worker had used when the call was first seen.
    cpu: Duration,
}

impl Watch {
    /// What to end the worker for.
    pub(super) fn look(&mut self, process: &Process) -> Option<String> {
        let (call, cpu) = (process.at(), process.cpu_time()?);
        let now = Instant::now();
        let seen = self.0.filter(|seen| call != 0 && seen.call == call);
        let Some(seen) = seen else {
            self.0 = Some(Sight {
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
