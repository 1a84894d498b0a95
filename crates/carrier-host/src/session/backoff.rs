//! How long a link that was lost is left alone. Pure: chance comes in.

use super::ending::End;
use aldis_carrier::Class;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// The first rest, and the longest: a carrier that restarts is back in seconds, and one that is down for an hour is
/// not helped by a knock a second.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(1);

/// The first rest where the end was none of the carrier's: the messages that were given back wait a second for the next
/// link.
const SHORTEST_OF_OURS: Duration = Duration::from_millis(100);

/// Carriers block accounts that keep knocking with a wrong password.
const REFUSED: Duration = Duration::from_mins(5);

/// A connection that held this long was a good one.
const HELD: Duration = Duration::from_secs(10);

/// Counts the failures in a row.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The rest after a connection ended so. `chance` is from 0 to 1.
    pub(super) fn rest(&mut self, end: &End, chance: f64) -> Duration {
        if end.held >= HELD {
            self.failures = 0;
        }
        let first = if end.ours { SHORTEST_OF_OURS } else { SHORTEST };
        let doubled = first.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let rest = match end.class {
            Class::Unauthorized | Class::NoFunds => REFUSED,
            _ => doubled,
        };
        // The upper half: links lost together do not come back together.
        rest.mul_f64(chance.clamp(0.0, 1.0).mul_add(0.5, 0.5))
    }
}
