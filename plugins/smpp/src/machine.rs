//! One bind, from its first PDU to its last.

mod parting;

use crate::bind::{self, Role};
use crate::config::Profile;
use crate::delivered::Delivered;
use crate::flight::{Answer, BREATH, Flight};
use crate::frame::{Frame, Frames, encode};
use crate::status::{
    INVALID_COMMAND_ID, INVALID_COMMAND_LENGTH, NOT_BOUND, OK, QUEUE_FULL, SYSTEM_ERROR, Status, TRY_AGAIN,
};
use crate::throttle::Throttle;
use crate::{ids, inbound, lenient, receipt, submit};
use aldis_carrier::{Class, Message, Outcome, Scope, Session, SessionHost};
use rusmpp_core::CommandId;
use rusmpp_core::pdus::owned::{DataSmResp, DeliverSmResp, Pdu};
use std::sync::Arc;
use std::time::Duration;

/// Timers.
const SECOND: u32 = 1;
const ENQUIRE: u32 = 2;
const SILENCE: u32 = 3;
const PACE: u32 = 4;
const PARTING: u32 = 5;
const RESTING: u32 = 6;

const TICK: Duration = Duration::from_secs(1);

/// The time before a message's end in which nothing of it is written: its caller would hear before the SMSC answers.
const MARGIN_MS: u64 = 300;

/// Where the bind is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Binding,
    Bound,
    /// The SMSC does not know the bind any more: what is in flight is waited for, then it is made anew.
    Forgotten,
    /// The SMSC unbound, under this sequence number: what is in flight is waited for, then it is answered.
    Unbound(u32),
    /// The SMSC was asked to let the bind go.
    Leaving,
    /// The SMSC let it go: what arrived together with that is read, then the connection ends.
    Left,
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
    /// An `enquire_link` waits for a sign of life.
    enquired: bool,
    /// The next part of a long text has to wait for the timer.
    paced: bool,
    /// The timer of what rests runs.
    breathing: bool,
    /// The tick until which, after the SMSC unbound, what is on its way is waited for.
    lingers: u64,
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
            enquired: false,
            paced: false,
            breathing: false,
            lingers: 0,
            profile,
        };
        let request = bind::request(role, &machine.profile);
        machine.ask(request, host);
        host.timer(SILENCE, machine.profile.answer);
        host.timer(SECOND, TICK);
        machine
    }

    /// Returns the next sequence number [3.2: 1 to 0x7fffffff] that nothing unanswered has.
    fn following(&self) -> u32 {
        let after = |sequence: &u32| Some(*sequence % 0x7fff_ffff + 1);
        let mut all = std::iter::successors(after(&self.sequence), after);
        all.find(|sequence| !self.flight.knows(*sequence)).unwrap_or(1)
    }

    /// Writes a request.
    fn ask(&mut self, pdu: Pdu, host: &mut SessionHost) {
        self.sequence = self.following();
        host.write(&encode(OK, self.sequence, pdu));
    }

    fn close(&mut self, class: Class, why: &str, host: &mut SessionHost) {
        self.phase = Phase::Closed;
        host.close(Outcome::refused(class, "").with_detail(why));
    }

    /// Writes the parts that there is room and time for, then tells the host how many messages may come.
    ///
    /// The window and the pace are those of parts. The host keeps to them where each message is one part; those of a
    /// long text that do not fit wait here, and no message is taken before they have left, so that one is in the
    /// host's hands or on the wire, but for the rest of the last one.
    fn go_on(&mut self, host: &mut SessionHost) {
        if self.phase != Phase::Bound || !self.role.sends() {
            return;
        }
        for (token, outcome) in self.flight.give_up(host.now_unix_ms() + MARGIN_MS) {
            host.complete(token, outcome);
        }
        let window = usize::try_from(self.profile.window).unwrap_or(usize::MAX);
        while !self.paced && self.flight.sent() < window && self.flight.is_waiting() {
            let sequence = self.following();
            let Some((pdu, several)) = self.flight.next(sequence, self.tick) else {
                break;
            };
            host.write(&encode(OK, sequence, pdu));
            self.sequence = sequence;
            // The host counts it as one message; the pace of its parts is ours.
            if let Some(rate) = self.throttle.per_second().filter(|_| several) {
                self.pause(Duration::from_secs_f64(1.0 / rate), host);
            }
        }
        for token in self.flight.unfinished() {
            host.hold(token);
        }
        if self.flight.is_resting() && !std::mem::replace(&mut self.breathing, true) {
            host.timer(RESTING, BREATH);
        }
        let places = if self.paced || self.flight.is_waiting() {
            0
        } else {
            window.saturating_sub(self.flight.sent())
        };
        let messages = u32::try_from(self.flight.messages() + places).unwrap_or(u32::MAX);
        let now = (messages, self.throttle.per_second());
        if self.told != Some(now) {
            self.told = Some(now);
            host.ready(now.0, now.1);
        }
    }

    /// No part leaves for so long.
    fn pause(&mut self, pause: Duration, host: &mut SessionHost) {
        self.paced = true;
        host.timer(PACE, pause);
    }

    fn hear(&mut self, frame: &Frame, host: &mut SessionHost) {
        // Whatever it says, it is alive; some never answer an enquire_link.
        if std::mem::take(&mut self.enquired) {
            host.cancel_timer(SILENCE);
        }
        match CommandId::from(frame.id) {
            CommandId::BindTransceiverResp | CommandId::BindTransmitterResp | CommandId::BindReceiverResp => {
                self.bound(frame.status, host);
            }
            CommandId::SubmitSmResp => self.answered(frame, host),
            CommandId::GenericNack => self.nacked(frame, host),
            CommandId::DeliverSm | CommandId::DataSm => self.delivered(frame, host),
            CommandId::EnquireLink => host.write(&encode(OK, frame.sequence, Pdu::EnquireLinkResp)),
            CommandId::Unbind => self.unbound(frame.sequence, host),
            CommandId::UnbindResp => self.phase = Phase::Left,
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
        self.go_on(host);
    }

    /// The answer to a submit.
    fn answered(&mut self, frame: &Frame, host: &mut SessionHost) {
        if frame.status != OK {
            return self.refused(frame.sequence, frame.status, host);
        }
        let id = ids::of_answer(&message_id(frame), self.profile.id_base);
        self.settle(frame.sequence, Answer::Id(id), host);
        self.go_on(host);
    }

    /// A nack of anything, the bind too.
    fn nacked(&mut self, frame: &Frame, host: &mut SessionHost) {
        let status = if frame.status == OK {
            SYSTEM_ERROR
        } else {
            frame.status
        };
        if self.phase == Phase::Binding {
            return self.bound(status, host);
        }
        self.refused(frame.sequence, status, host);
    }

    fn refused(&mut self, sequence: u32, status: Status, host: &mut SessionHost) {
        let class = self.profile.class_of(status);
        // Often said of one recipient: the part that is tried again and again must not slow down everybody else.
        let known = status == QUEUE_FULL && self.flight.tries(sequence) > 1;
        if class == Class::RateLimited && !known {
            self.throttle.complaint(self.tick);
        }
        if status == NOT_BOUND && self.phase == Phase::Bound {
            self.phase = Phase::Forgotten;
            self.stop(host);
        }
        self.settle(sequence, Answer::Refused(status, class), host);
        self.go_on(host);
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
                Ok(Some(frame)) => {
                    self.hear(&frame, host);
                    self.linger(host);
                }
                Ok(None) => break,
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
        self.part(host);
    }

    fn on_timer(&mut self, id: u32, host: &mut SessionHost) {
        match id {
            SECOND => {
                self.tick += 1;
                host.timer(SECOND, TICK);
                for sequence in self.flight.overdue(self.tick, self.profile.answer.as_secs()) {
                    self.settle(sequence, Answer::Silence, host);
                }
                self.flight.forget(self.tick, self.profile.answer.as_secs());
                self.throttle.tick(self.tick);
                self.go_on(host);
                self.part(host);
            }
            PACE => {
                self.paced = false;
                self.go_on(host);
            }
            RESTING => {
                self.breathing = false;
                self.flight.breathe(host.now_unix_ms());
                self.go_on(host);
            }
            ENQUIRE if self.phase == Phase::Bound => {
                self.ask(Pdu::EnquireLink, host);
                self.enquired = true;
                host.timer(SILENCE, self.profile.answer);
                host.timer(ENQUIRE, self.profile.enquire_link.max(self.profile.answer + TICK));
            }
            SILENCE if self.phase == Phase::Binding => {
                self.close(Class::Temporary, "the SMSC did not answer the bind", host);
            }
            PARTING => self.part_unanswered(host),
            SILENCE => self.close(Class::Temporary, "the SMSC did not answer an enquire_link", host),
            _ => {}
        }
    }

    fn submit(&mut self, token: u64, message: &Message<'_>, host: &mut SessionHost) {
        if self.phase != Phase::Bound {
            let unsent = Outcome::refused(Class::Temporary, "not_bound");
            return host.complete(token, unsent.with_detail("the bind is not there any more"));
        }
        self.reference = self.reference.wrapping_add(1);
        match submit::requests(message, &self.profile, self.reference) {
            Ok(requests) if requests.len() > 1 && self.flight.is_stuck() => {
                let full = Outcome::refused(Class::RateLimited, "long_texts");
                let full = full
                    .with_detail("too many long texts are out in part")
                    .retry_after(BREATH);
                host.complete(token, full.scope(Scope::Message));
            }
            Ok(requests) => {
                let (until, segments) = (message.until_unix_ms(), message.segments());
                self.flight.carry(token, requests, until, segments);
                self.go_on(host);
            }
            Err(outcome) => host.complete(token, outcome),
        }
    }

    fn drain(&mut self, host: &mut SessionHost) {
        self.leave(host);
    }
}

#[cfg(test)]
mod tests;
