//! How long each call of this thread took, and whether it waited.

use super::process::{cpu_time, switches};
use std::cell::RefCell;
use std::time::{Duration, Instant};

/// One call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) call: &'static str,
    /// Processor time.
    pub(super) worked: Duration,
    /// By the clock on the wall.
    pub(super) wall: Duration,
    /// What it gave away of its own will; zero if the machine took it.
    pub(super) waited: Duration,
}

thread_local! {
    /// The calls so far, if they are counted.
    static CALLS: RefCell<Option<Vec<Sample>>> = const { RefCell::new(None) };
}

/// Counts this thread's calls from here on.
pub(super) fn start() {
    CALLS.replace(Some(Vec::new()));
}

/// The calls since then.
pub(super) fn stop() -> Vec<Sample> {
    CALLS.take().unwrap_or_default()
}

/// Makes a call, and counts it if calls are counted.
pub(super) fn over<R>(call: &'static str, work: impl FnOnce() -> R) -> R {
    if CALLS.with_borrow(Option::is_none) {
        return work();
    }
    let (began, cpu, gave) = (Instant::now(), cpu_time(), switches());
    let result = work();
    let (wall, worked) = (began.elapsed(), cpu_time().saturating_sub(cpu));
    let idle = wall.saturating_sub(worked);
    let waited = if switches() > gave { idle } else { Duration::ZERO };
    let sample = Sample {
        call,
        worked,
        wall,
        waited,
    };
    CALLS.with_borrow_mut(|calls| calls.get_or_insert_default().push(sample));
    result
}
