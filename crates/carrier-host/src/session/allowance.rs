//! The memory that the links of one instance may take together: a link has its own limits, and there may be 64 of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[cfg(test)]
mod tests;

/// The bytes that may wait on all links at once. A carrier that takes nothing makes each link stop at 1 MiB, and honest
/// links have a few hundred KiB at most: windows are tens of messages.
const MOST: usize = 32 * 1024 * 1024;

/// The bytes that all links of an instance hold by now.
#[derive(Default)]
pub(super) struct Allowance(Arc<AtomicUsize>);

impl Allowance {
    /// Returns the share of one connection, which holds nothing yet.
    pub(super) fn share(&self) -> Share {
        Share {
            held: 0,
            all: Arc::clone(&self.0),
        }
    }
}

/// The part of it that one connection holds. Dropping it gives everything back.
pub(super) struct Share {
    held: usize,
    all: Arc<AtomicUsize>,
}

impl Share {
    /// Changes what the connection holds to so many bytes. False: all links together would hold more than they may, and
    /// nothing has changed.
    pub(super) fn hold(&mut self, bytes: usize) -> bool {
        let held = self.held;
        let change = |all: usize| {
            let all = all.saturating_sub(held).saturating_add(bytes);
            (bytes <= held || all <= MOST).then_some(all)
        };
        let order = Ordering::Relaxed;
        if bytes != held && self.all.fetch_update(order, order, change).is_err() {
            return false;
        }
        self.held = bytes;
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.hold(0);
    }
}
