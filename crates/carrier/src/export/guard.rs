//! No panic crosses the border: each entry runs under a guard, which says where it happened and not what it said.

use crate::abi::{self, Str};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::ptr;

thread_local! {
    /// Where this thread panicked last; read by the guard at once.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

pub(super) fn remember_where(panic: &PanicHookInfo<'_>) {
    let place = panic
        .location()
        .map(|location| format!("{}:{}", location.file(), location.line()));
    // A thread may panic while it ends, when the place is gone already.
    let _ = PLACE.try_with(|kept| *kept.borrow_mut() = place.unwrap_or_default());
}

/// The result, or `None` after a panic, which ends here.
pub(super) fn contained<R>(entry: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(entry))
        // Dropping a strange payload may panic in turn.
        .map_err(std::mem::forget)
        .ok()
}

/// Runs an entry under the guard; the host is told where it panicked, not what it said.
pub(super) fn guarded(log: impl FnOnce(&str), entry: impl FnOnce() -> i32) -> i32 {
    contained(entry).unwrap_or_else(|| {
        let place = PLACE.try_with(RefCell::take).unwrap_or_default();
        let at = if place.is_empty() { "" } else { " at " };
        log(&format!("a panic was contained{at}{place}"));
        abi::E_PANIC
    })
}

pub(super) fn log_error(host: &abi::Host, id: u64, text: &str) {
    log(host, id, abi::LOG_ERROR, text);
}

pub(super) fn log_warning(host: &abi::Host, id: u64, text: &str) {
    log(host, id, abi::LOG_WARN, text);
}

fn log(host: &abi::Host, id: u64, level: u32, text: &str) {
    if let Some(log) = host.log {
        // SAFETY: the host's table is valid for the process; what is lent lives until it returns.
        unsafe { log(id, level, Str::of(text), ptr::null()) };
    }
}
