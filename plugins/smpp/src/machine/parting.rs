//! The end of a bind, from whichever side: what is on its way is taken before the connection ends.

use super::{Machine, PARTING, Phase};
use crate::frame::encode;
use crate::status::OK;
use aldis_carrier::{Class, SessionHost};
use rusmpp_core::pdus::owned::Pdu;
use std::time::Duration;

/// The wait for the answers to what is in flight, after the SMSC unbound. The specification leaves the time for
/// an `unbind_resp` to the implementation [7.2, `response_timer`]; this is half of the default `answer_seconds`, so that
/// an SMSC which waits as long as we do gets it in time.
pub(super) const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// The silence that is waited for after the last of these answers: the receipt of what was answered may follow at once, and
/// an SMSC that hears `unbind_resp` listens no more.
pub(super) const QUIET: Duration = Duration::from_millis(500);

impl Machine {
    /// Lets the bind end because the SMSC wants it. One that goes down for maintenance still answers what it took.
    pub(super) fn unbound(&mut self, sequence: u32, host: &mut SessionHost) {
        match self.phase {
            Phase::Bound | Phase::Forgotten => {
                self.phase = Phase::Unbound(sequence);
                self.stop(host);
                host.timer(PARTING, LAST_ANSWERS);
                self.lingers = self.tick + LAST_ANSWERS.as_secs();
            }
            Phase::Unbound(_) => {}
            // Nothing is in flight.
            _ => {
                host.write(&encode(OK, sequence, Pdu::UnbindResp));
                self.phase = Phase::Left;
            }
        }
    }

    /// Lets nothing new leave on this bind. What has not left ends now, or with the answers to its parts that have.
    pub(super) fn stop(&mut self, host: &mut SessionHost) {
        host.ready(0, None);
        for (token, outcome) in self.flight.stop() {
            host.complete(token, outcome);
        }
    }

    /// Waits until it is quiet, once nothing is in flight: answers and receipts may stand behind an `unbind`. After each
    /// PDU, so that it does not matter where the bytes are cut.
    pub(super) fn linger(&mut self, host: &mut SessionHost) {
        if matches!(self.phase, Phase::Unbound(_))
            && !self.flight.is_outstanding()
            && self.tick < self.lingers
        {
            host.timer(PARTING, QUIET);
        }
    }

    /// Ends the connection when nothing more is to come on it. Not before all that arrived has been read.
    pub(super) fn part(&mut self, host: &mut SessionHost) {
        match self.phase {
            Phase::Forgotten if self.flight.sent() == 0 => {
                self.close(
                    Class::Temporary,
                    "the SMSC does not know this bind any more",
                    host,
                );
            }
            Phase::Unbound(sequence) if !self.flight.is_outstanding() && self.tick >= self.lingers => {
                self.answer_unbind(sequence, host);
            }
            Phase::Left => self.close(Class::Temporary, "unbound", host),
            _ => {}
        }
    }

    fn answer_unbind(&mut self, sequence: u32, host: &mut SessionHost) {
        host.write(&encode(OK, sequence, Pdu::UnbindResp));
        self.close(Class::Temporary, "the SMSC unbound", host);
    }

    /// Ends the connection after its silence, or when the last answers do not come.
    pub(super) fn part_unanswered(&mut self, host: &mut SessionHost) {
        if let Phase::Unbound(sequence) = self.phase {
            self.answer_unbind(sequence, host);
        }
    }

    /// Asks the SMSC to let the bind go.
    pub(super) fn leave(&mut self, host: &mut SessionHost) {
        match self.phase {
            Phase::Bound | Phase::Forgotten => {
                self.phase = Phase::Leaving;
                self.ask(Pdu::Unbind, host);
            }
            Phase::Unbound(sequence) => self.answer_unbind(sequence, host),
            _ => self.close(Class::Temporary, "drained before the bind", host),
        }
    }
}
