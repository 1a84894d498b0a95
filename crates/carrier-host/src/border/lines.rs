//! The number of lines that a carrier's library may make delivery write into its log. Pure: time comes in.

use std::time::Duration;

#[cfg(test)]
mod tests;

/// The lines that may come at once: a carrier that is down makes one or two for each message under way.
const BURST: u32 = 200;

/// The time that earns one more line: of 2,000 bytes at most they are 20 kB a second.
const EACH: Duration = Duration::from_millis(100);

/// The decision about a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Write it, after the word that so many were not written before it.
    Write(u64),
    /// Drop it; it is the first one, which is worth a word.
    First,
    /// Drop it.
    Drop,
}

/// The lines of one instance. Moments are counted from its creation.
#[derive(Debug)]
pub(crate) struct Lines {
    left: u32,
    /// The moment up to which `left` was filled.
    at: Duration,
    /// The lines that were dropped since the last one that was written.
    silent: u64,
    /// All lines that were dropped.
    dropped: u64,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            left: BURST,
            at: Duration::ZERO,
            silent: 0,
            dropped: 0,
        }
    }
}

impl Lines {
    /// Decides about one more line.
    pub(crate) fn ask(&mut self, now: Duration) -> Line {
        self.fill(now);
        // Once it was silenced it waits a while, so that the word on that is not every other line.
        let enough = if self.silent > 0 { BURST / 10 } else { 1 };
        if self.left >= enough {
            self.left -= 1;
            return Line::Write(std::mem::take(&mut self.silent));
        }
        self.skip(1);
        if self.silent == 1 { Line::First } else { Line::Drop }
    }

    /// Counts lines that were dropped elsewhere.
    pub(crate) fn skip(&mut self, count: u64) {
        self.silent = self.silent.saturating_add(count);
        self.dropped = self.dropped.saturating_add(count);
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    fn fill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.at).as_millis() / EACH.as_millis();
        let more = u32::try_from(passed).unwrap_or(u32::MAX);
        let full = self.left.saturating_add(more) >= BURST;
        self.left = self.left.saturating_add(more).min(BURST);
        self.at = if full { now } else { self.at + EACH * more };
    }
}
