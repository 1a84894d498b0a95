//! One bind, from its first PDU to its last.

use crate::bind::{self, Role};
use crate::config::Profile;
use crate::delivered::Delivered;
use crate::flight::{Answer, Flight, normalised};
use crate::frame::{Frame, Frames, encode};
use crate::status::{INVALID_COMMAND_ID, INVALID_COMMAND_LENGTH, OK, SYSTEM_ERROR, Status, TRY_AGAIN};
use crate::throttle::Throttle;
use crate::{inbound, lenient, receipt, submit};
use aldis_carrier::{Class, Message, Outcome, Session, SessionHost};
use rusmpp_core::CommandId;
use rusmpp_core::pdus::owned::{DataSmResp, DeliverSmResp, Pdu};
use std::sync::Arc;
use std::time::Duration;

/// Timers.
const SECOND: u32 = 1;
const ENQUIRE: u32 = 2;
const SILENCE: u32 = 3;

const TICK: Duration = Duration::from_secs(1);

/// Where the bind is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Binding,
    Bound,
    Leaving,
    Closed,
}

/// A connection's machine.
pub struct Machine {
    profile: Arc<Profile>,
    role: Role,
    phase: Phase,
    frames: Frames,
    flight: Flight,
    throttle: Throttle,
    sequence: u32,
    /// Of the next long text.
    reference: u16,
    /// Seconds since the connection was made.
    tick: u64,
    /// What the host was told last: window and rate.
    told: Option<(u32, Option<f64>)>,
    /// The `enquire_link` that waits for its answer.
    enquired: Option<u32>,
}

impl Machine {
    pub(crate) fn open(profile: Arc<Profile>, role: Role, host: &mut SessionHost) -> Self {
        let throttle = Throttle::new(profile.max_per_second, profile.window);
        let mut machine = Self {
            role,
            phase: Phase::Binding,
            frames: Frames::default(),
            flight: Flight::default(),
            throttle,
            sequence: 0,
            // Two binds that begin at the same number would mix up their parts on one handset.
            reference: u16::try_from(host.now_unix_ms() & 0xffff).unwrap_or(0),
            tick: 0,
            told: None,
            enquired: None,
            profile,
        };
        let request = bind::request(role, &machine.profile);
        machine.ask(request, host);
        host.timer(SILENCE, machine.profile.answer);
        host.timer(SECOND, TICK);
        machine
    }

    /// Writes a request; its sequence number [3.2: 1 to 0x7fffffff].
    fn ask(&mut self, pdu: Pdu, host: &mut SessionHost) -> u32 {
        self.sequence = self.sequence % 0x7fff_ffff + 1;
        host.write(&encode(OK, self.sequence, pdu));
        self.sequence
    }

    fn close(&mut self, class: Class, why: &str, host: &mut SessionHost) {
        self.phase = Phase::Closed;
        host.close(Outcome::refused(class, "").with_detail(why));
    }

    /// Tells the host how many messages may come, if that changed. The window is one of parts.
    fn tell(&mut self, host: &mut SessionHost) {
        if self.phase != Phase::Bound || !self.role.sends() {
            return;
        }
        let extra = self.flight.parts() - self.flight.messages().min(self.flight.parts());
        let extra = u32::try_from(extra).unwrap_or(u32::MAX);
        // One always may: a text of more parts than the window has to leave too.
        let window = self.profile.window.saturating_sub(extra).max(1);
        let now = (window, self.throttle.per_second());
        if self.told != Some(now) {
            self.told = Some(now);
            host.ready(now.0, now.1);
        }
    }

    fn hear(&mut self, frame: &Frame, host: &mut SessionHost) {
        match CommandId::from(frame.id) {
            CommandId::BindTransceiverResp | CommandId::BindTransmitterResp | CommandId::BindReceiverResp => {
                self.bound(frame.status, host);
            }
            CommandId::SubmitSmResp | CommandId::GenericNack => self.answered(frame, host),
            CommandId::DeliverSm | CommandId::DataSm => self.delivered(frame, host),
            CommandId::EnquireLink => host.write(&encode(OK, frame.sequence, Pdu::EnquireLinkResp)),
            CommandId::EnquireLinkResp => self.alive(frame.sequence, host),
            CommandId::Unbind => {
                host.write(&encode(OK, frame.sequence, Pdu::UnbindResp));
                self.close(Class::Temporary, "the SMSC unbound", host);
            }
            CommandId::UnbindResp => self.close(Class::Temporary, "unbound", host),
            // Tell, and want no answer.
            CommandId::AlertNotification | CommandId::Outbind => {}
            _ if frame.is_request() => {
                host.write(&encode(INVALID_COMMAND_ID, frame.sequence, Pdu::GenericNack));
            }
            _ => {}
        }
    }

    fn bound(&mut self, status: Status, host: &mut SessionHost) {
        if self.phase != Phase::Binding {
            return;
        }
        if status != OK {
            self.phase = Phase::Closed;
            host.close(bind::refused(status, &self.profile));
            return;
        }
        self.phase = Phase::Bound;
        host.cancel_timer(SILENCE);
        host.timer(ENQUIRE, self.profile.enquire_link);
        self.tell(host);
    }

    /// The answer to a submit, or a nack of anything.
    fn answered(&mut self, frame: &Frame, host: &mut SessionHost) {
        if CommandId::from(frame.id) == CommandId::GenericNack {
            // Of SMSCs that do not know enquire_link; they are alive all the same.
            self.alive(frame.sequence, host);
            if self.phase == Phase::Binding {
                return self.bound(
                    if frame.status == OK {
                        SYSTEM_ERROR
                    } else {
                        frame.status
                    },
                    host,
                );
            }
        }
        let nacked = frame.status == OK && CommandId::from(frame.id) == CommandId::GenericNack;
        let answer = if nacked {
            Answer::Refused(SYSTEM_ERROR, Class::Temporary)
        } else if frame.status == OK {
            Answer::Id(normalised(&message_id(frame), self.profile.id_base))
        } else {
            if frame.status.is_throttling() {
                self.throttle.complaint(self.tick);
            }
            Answer::Refused(frame.status, self.profile.class_of(frame.status))
        };
        self.settle(frame.sequence, answer, host);
        self.tell(host);
    }

    fn settle(&mut self, sequence: u32, answer: Answer, host: &mut SessionHost) {
        if let Some((token, outcome)) = self.flight.answered(sequence, answer) {
            host.complete(token, outcome);
        }
    }

    /// A receipt or a message: answered when it is stored.
    fn delivered(&mut self, frame: &Frame, host: &mut SessionHost) {
        let Some(delivered) = Delivered::of(frame) else {
            return;
        };
        let event = receipt::read(&delivered, &self.profile)
            .unwrap_or_else(|| inbound::read(&delivered, &self.profile));
        let answer = |status| {
            let pdu = match CommandId::from(frame.id) {
                CommandId::DataSm => Pdu::DataSmResp(DataSmResp::default()),
                _ => Pdu::DeliverSmResp(DeliverSmResp::default()),
            };
            encode(status, frame.sequence, pdu)
        };
        host.event(event, &answer(OK), &answer(TRY_AGAIN));
    }

    fn alive(&mut self, sequence: u32, host: &mut SessionHost) {
        if self.enquired == Some(sequence) {
            self.enquired = None;
            host.cancel_timer(SILENCE);
        }
    }
}

/// As the codec reads it, else what can be read.
fn message_id(frame: &Frame) -> String {
    match frame.pdu() {
        Some(Pdu::SubmitSmResp(read)) => read.message_id().as_str().to_owned(),
        _ => lenient::message_id(&frame.body),
    }
}

impl Session for Machine {
    fn on_bytes(&mut self, bytes: &[u8], host: &mut SessionHost) {
        self.frames.push(bytes);
        while self.phase != Phase::Closed {
            match self.frames.next() {
                Ok(Some(frame)) => self.hear(&frame, host),
                Ok(None) => return,
                Err(bad) => {
                    host.write(&encode(INVALID_COMMAND_LENGTH, bad.sequence, Pdu::GenericNack));
                    self.close(
                        Class::Temporary,
                        "the SMSC sent a command_length that cannot be",
                        host,
                    );
                }
            }
        }
    }

    fn on_timer(&mut self, id: u32, host: &mut SessionHost) {
        match id {
            SECOND => {
                self.tick += 1;
                host.timer(SECOND, TICK);
                for sequence in self.flight.overdue(self.tick, self.profile.answer.as_secs()) {
                    self.settle(sequence, Answer::Silence, host);
                }
                self.throttle.tick(self.tick);
                self.tell(host);
            }
            ENQUIRE if self.phase != Phase::Closed => {
                self.enquired = Some(self.ask(Pdu::EnquireLink, host));
                host.timer(SILENCE, self.profile.answer);
                host.timer(ENQUIRE, self.profile.enquire_link.max(self.profile.answer + TICK));
            }
            SILENCE if self.phase == Phase::Binding => {
                self.close(Class::Temporary, "the SMSC did not answer the bind", host);
            }
            SILENCE => self.close(Class::Temporary, "the SMSC did not answer an enquire_link", host),
            _ => {}
        }
    }

    fn submit(&mut self, token: u64, message: &Message<'_>, host: &mut SessionHost) {
        self.reference = self.reference.wrapping_add(1);
        match submit::requests(message, &self.profile, self.reference) {
            Ok(requests) => {
                let sequences: Vec<_> = requests.into_iter().map(|pdu| self.ask(pdu, host)).collect();
                self.flight.carry(token, &sequences, self.tick);
                self.tell(host);
            }
            Err(outcome) => host.complete(token, outcome),
        }
    }

    fn drain(&mut self, host: &mut SessionHost) {
        if self.phase == Phase::Bound {
            self.phase = Phase::Leaving;
            self.ask(Pdu::Unbind, host);
        } else {
            self.close(Class::Temporary, "drained before the bind", host);
        }
    }
}

#[cfg(test)]
mod tests;
