//! The moment until which a message may be written. Pure: time comes in.

use crate::judge::{Truth, out_of_time};
use crate::report::Report;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A moment by both clocks: an attempt ends by the one that never goes back, a deadline by everybody's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) now: Instant,
    pub(super) unix_ms: u64,
}

/// The limits after which a message is not written any more.
pub(super) struct Fence {
    /// The end of its attempt, whatever happens.
    pub(super) due: Instant,
    deadline_unix_ms: u64,
    gone: CancellationToken,
}

impl Fence {
    pub(super) fn new(due: Instant, deadline_unix_ms: u64, gone: CancellationToken) -> Self {
        Self {
            due,
            deadline_unix_ms,
            gone,
        }
    }

    /// Returns whether nothing of it may be written any more.
    pub(super) fn is_over(&self, at: Moment) -> bool {
        at.now >= self.due || at.unix_ms >= self.deadline_unix_ms || self.gone.is_cancelled()
    }

    /// Returns the report for it, if it is over and nothing of it was written.
    pub(super) fn unsent(&self, at: Moment) -> Option<Report> {
        if self.gone.is_cancelled() {
            Some(Report::caller_gone())
        } else if at.unix_ms >= self.deadline_unix_ms {
            Some(Report::expired())
        } else {
            (at.now >= self.due).then(|| out_of_time(Truth::default()))
        }
    }

    /// Ends once nobody wants the message sent any more.
    pub(super) fn gone(&self) -> CancellationToken {
        self.gone.clone()
    }
}

#[cfg(test)]
mod tests;
