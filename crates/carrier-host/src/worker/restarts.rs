//! When a worker that ended is started again. Pure: time comes in.

use std::collections::VecDeque;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// Ends in a row without one answer between them that need no rest: a few poisonous messages side by side.
const FREE: u32 = 4;

/// The first rest; it doubles with each further end.
const FIRST: Duration = Duration::from_millis(10);

/// So many in a row are a crash loop.
const LOOP: u32 = 12;

/// And so are this many within a minute, unless they are this rare among the answers.
const MANY: usize = 60;
const ANSWERS_PER_END: u64 = 10;
const WINDOW: Duration = Duration::from_mins(1);

/// The ends within a minute that are too many whatever was answered: each costs a process and the library's load.
const STORM: usize = 300;

/// The first rest after a misdeed, which doubles with each further one up to safe mode's.
const PENANCE: Duration = Duration::from_secs(1);

/// The time without a misdeed after which the earlier ones are forgiven.
const FORGIVEN: Duration = Duration::from_mins(10);

/// How long the carrier is left alone after a crash loop, before one more trial.
const SAFE_MODE: Duration = Duration::from_mins(1);

/// What to do after an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Start again, after a rest.
    Start(Duration),
    /// Safe mode: answer everybody, and do not start for this long.
    Stay(Duration),
}

/// The ends of one worker. Moments are counted from the instance's creation.
#[derive(Debug, Default)]
pub(crate) struct Restarts {
    /// Without an answer between them.
    in_a_row: u32,
    /// When, and how many answers came before it.
    recent: VecDeque<(Duration, u64)>,
    /// Ends for what no honest library does, and when the last one was.
    misdeeds: u32,
    misdeed: Duration,
}

impl Restarts {
    /// It ended at `now`, after so many answers.
    pub(crate) fn ended(&mut self, now: Duration, answers: u64) -> Next {
        self.in_a_row = if answers > 0 {
            1
        } else {
            self.in_a_row.saturating_add(1)
        };
        self.recent.retain(|(then, _)| now.saturating_sub(*then) < WINDOW);
        self.recent.push_back((now, answers));
        let answers: u64 = self.recent.iter().map(|(_, answers)| answers).sum();
        let often = self.recent.len() >= MANY && answers < ANSWERS_PER_END * self.recent.len() as u64;
        if self.in_a_row >= LOOP || often || self.recent.len() >= STORM {
            // One trial: if that ends too, it is back here at once.
            self.in_a_row = LOOP;
            self.recent.clear();
            return Next::Stay(SAFE_MODE);
        }
        let beyond = self.in_a_row.checked_sub(FREE + 1);
        Next::Start(beyond.map_or(Duration::ZERO, |doublings| FIRST * 2_u32.pow(doublings)))
    }

    /// It was ended at `now` for what no honest library does. That it answers well in between earns it nothing.
    pub(crate) fn misbehaved(&mut self, now: Duration) -> Next {
        if now.saturating_sub(self.misdeed) > FORGIVEN {
            self.misdeeds = 0;
        }
        let rest = PENANCE.saturating_mul(2_u32.saturating_pow(self.misdeeds));
        self.misdeeds = self.misdeeds.saturating_add(1);
        self.misdeed = now;
        Next::Stay(rest.min(SAFE_MODE))
    }
}
