//! The last seconds of a connection: what the carrier still says is heard, and what it told is stored and answered.

use super::weighing::TOO_MUCH;
use super::{Connected, FAREWELL, Phase};
use crate::broken::Broken;
use crate::session::ending::{End, Stop};
use crate::session::flight::Loss;
use aldis_carrier::Class;
use aldis_carrier::abi::WRITE_LIMIT;
use std::time::Duration;
use tokio::time::Instant;

/// The time for what the carrier said before it stopped taking bytes: that is in this machine's buffers by then.
const LAST_WORDS: Duration = Duration::from_secs(1);

impl Connected<'_> {
    /// Nothing more will come. No answer either, so what is in flight is settled; an event that is on its way into the
    /// store is neither dropped nor left without an answer.
    pub(super) fn falls_silent(&mut self, why: String) {
        let why = match std::mem::replace(&mut self.phase, Phase::Open) {
            Phase::Deaf(_, first) => first,
            _ => why,
        };
        let flight = std::mem::take(&mut self.flight);
        self.ambiguous += flight.lose(&Loss::Link, self.outbox.left());
        self.outbox.forget();
        self.phase = Phase::Mute(Instant::now() + FAREWELL, why);
    }

    /// Nothing more can be said. The carrier's last answers may already be here.
    pub(super) fn goes_deaf(&mut self, why: String) {
        self.outbox.forget();
        match &self.phase {
            Phase::Open | Phase::Leaving(_) => self.phase = Phase::Deaf(Instant::now() + LAST_WORDS, why),
            Phase::Closing(..) | Phase::Deaf(..) | Phase::Mute(..) => {}
        }
    }

    /// Keeps for the end what the library writes last.
    pub(super) fn delay(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        if self.farewell.len() + bytes.len() > WRITE_LIMIT {
            return Err(TOO_MUCH.into());
        }
        self.farewell.extend_from_slice(bytes);
        self.weigh()
    }

    /// Returns how the connection ends, if it is over.
    pub(super) fn over(&mut self, now: Instant) -> Option<Stop> {
        if !self.farewell.is_empty() && self.storing.is_empty() {
            let farewell = std::mem::take(&mut self.farewell);
            if let Err(broken) = self.queue(&farewell, None, now) {
                return Some(Stop::Broken(broken));
            }
        }
        let told = self.outbox.is_empty() && self.storing.is_empty();
        match &self.phase {
            Phase::Closing(until, class, why) if now >= *until || told => {
                Some(Stop::Closed(*class, why.clone()))
            }
            Phase::Deaf(until, why) if now >= *until => Some(Stop::Lost(why.clone())),
            Phase::Mute(until, why) if now >= *until || told => Some(Stop::Lost(why.clone())),
            Phase::Leaving(until) if now >= *until => Some(Stop::Closed(
                Class::Temporary,
                "the farewell took too long".to_owned(),
            )),
            _ => None,
        }
    }

    /// Settles what is in flight.
    pub(super) fn end(self, stop: Stop) -> Option<End> {
        // It may have had the word of a message that it did not take: another link may have a place.
        self.keeper.shared.queue.pass_on();
        let (board, index, left) = (&self.keeper.shared.boards, self.keeper.index, self.outbox.left());
        let before = self.ambiguous;
        let ours = matches!(stop, Stop::Gone);
        let (class, why, ambiguous) = match stop {
            Stop::Closed(class, why) => (class, why, self.flight.lose(&Loss::Link, left)),
            Stop::Lost(why) => (Class::Temporary, why, self.flight.lose(&Loss::Link, left)),
            Stop::Stalled(why) => (
                Class::Temporary,
                why.to_owned(),
                self.flight.lose(&Loss::Link, left),
            ),
            Stop::Gone => {
                let why = "the carrier library lost its worker, and with it what it knew of the link";
                let ambiguous = self.flight.lose(&Loss::Link, left);
                (Class::Temporary, why.to_owned(), ambiguous)
            }
            Stop::Broken(broken) => {
                self.keeper.resident.note_fault(&broken);
                let ambiguous = self.flight.lose(&Loss::Broken(&broken.to_string()), left);
                let why = format!("the carrier library {broken}");
                (Class::Temporary, why, ambiguous)
            }
        };
        if self.keeper.shared.leaving.is_cancelled() {
            board.left(index);
            return None;
        }
        board.lost(index, class, before + ambiguous);
        Some(End {
            class,
            why,
            held: self.since.elapsed(),
            ours,
        })
    }
}
