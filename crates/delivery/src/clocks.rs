//! The clocks that may disagree: the system's with the time that passes here, and a client's with ours. Both are
//! reported.

use crate::store::{LONGEST, Latest};
use aldis_daemon::clock::SteadyClock;
use aldis_delivery_api::ClockSkew;
use aldis_message::{ClientName, UnixMillis};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A step that is worth a word. Clocks that are held by NTP are within a tenth of a second.
const STEP: Duration = Duration::from_secs(2);

/// A difference to a client's clock that is worth a word. Calls are under way for less.
const SKEW: Duration = Duration::from_secs(5);

/// A client's clock is complained of this often.
const SAY_AGAIN: Duration = Duration::from_mins(1);

/// The moment at which the clock of lives begins: no earlier than the store was last written to, so that a clock which
/// was set back while the service was down prolongs nothing either.
///
/// A store from a time far ahead is one whose clock had been wrong then: it is left behind as soon as nothing in it waits.
pub(crate) fn not_before(latest: Option<Latest>, now: UnixMillis) -> Option<UnixMillis> {
    let Latest { at, open } = latest?;
    (open || now.until(at) <= LONGEST).then_some(at)
}

/// Watches for steps back of the system's clock.
#[derive(Default)]
pub(crate) struct Steps {
    said: Duration,
}

impl Steps {
    /// Says how far the system's clock is behind, if that has changed.
    pub(crate) fn look(&mut self, clock: &SteadyClock) {
        let lead = clock.lead();
        if lead.abs_diff(self.said) < STEP {
            return;
        }
        self.said = lead;
        if lead < STEP {
            tracing::info!("the system's clock is right again");
        } else {
            tracing::error!(
                seconds = lead.as_secs_f64(),
                "the system's clock was set back, or is behind what the store was last written at: lives and waits go on \
                 by the time that passes, and are not prolonged"
            );
        }
    }
}

/// Says on `/readyz?verbose` that the clock is behind.
pub(crate) fn note(clock: &SteadyClock) -> Option<String> {
    let lead = clock.lead();
    (lead >= STEP).then(|| format!("degraded: the system's clock is {} s behind", lead.as_secs()))
}

/// Complains of clients whose clocks differ, each at most once a minute.
#[derive(Debug, Default)]
pub(crate) struct Skews(Mutex<BTreeMap<ClientName, (Instant, u64)>>);

impl Skews {
    /// Notes what a request of this client shows.
    pub(crate) fn note(&self, client: &ClientName, skew: ClockSkew, now: Instant) {
        if let Some(kept_back) = self.may_say(client, skew, now) {
            let (seconds, ahead) = (
                skew.by.as_secs_f64(),
                if skew.ours_is_ahead { "delivery" } else { "client" },
            );
            tracing::warn!(
                %client,
                ahead,
                seconds,
                kept_back,
                "the clocks of this client and of delivery differ: the smaller of deadline and time left counts, and where \
                 the deadline makes no sense, the time left alone"
            );
        }
    }

    /// Returns the number of lines that were kept back, if something is to be said.
    fn may_say(&self, client: &ClientName, skew: ClockSkew, now: Instant) -> Option<u64> {
        if skew.by <= SKEW {
            return None;
        }
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match said.get_mut(client) {
            Some((at, kept_back)) if now.duration_since(*at) < SAY_AGAIN => {
                *kept_back += 1;
                None
            }
            entry => {
                let kept_back = entry.map_or(0, |(_, kept_back)| *kept_back);
                said.insert(client.clone(), (now, 0));
                Some(kept_back)
            }
        }
    }
}

#[cfg(test)]
mod tests;
