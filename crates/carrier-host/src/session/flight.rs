//! The messages that one connection has in its hands. Pure: time comes in.

use super::events::LateAnswer;
use super::fence::{Fence, Moment};
use super::outbox::Taken;
use super::queue::Job;
use crate::border::RawOutcome;
use crate::judge::{Truth, fault, judge, out_of_time};
use crate::redact::Redactor;
use crate::report::Report;
use crate::submission::CarrierMessage;
use aldis_carrier::Class;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

#[cfg(test)]
mod tests;

/// A message whose time ran out still fills its place at the carrier: until the library completes it, or this long. When
/// its place is free it is remembered for as long, for an answer that comes late.
const LATE: Duration = Duration::from_mins(1);

/// Messages remembered without a place: the oldest are let go if a carrier answers nothing at all.
const MOST_REMEMBERED: usize = 10_000;

/// The time within which the other side's TCP acknowledges bytes, if it is there: a round trip, and one more after a loss
/// (RFC 6298 section 2: one second before anything is known of the way).
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(1);

/// By token.
#[derive(Default)]
pub(super) struct Flight {
    carried: HashMap<u64, Carried>,
    due: BTreeSet<(Instant, u64)>,
    /// The ends in the stream of messages whose time was up after they left, and when to see whether they arrived.
    doubts: BTreeSet<(Instant, u64)>,
    /// Messages without a place, and until when. Tokens are given out in order, so the first are the oldest.
    remembered: BTreeMap<u64, (Instant, CarrierMessage)>,
}

struct Carried {
    /// The end of the wait; after that, the moment at which its place is free whatever the library says.
    due: Instant,
    fence: Fence,
    /// The latest end, if the library needs longer than an attempt may take.
    last: Instant,
    since: Instant,
    /// How many bytes had been queued before this message's own.
    first: u64,
    /// The same with those that its submit wrote.
    end: u64,
    message: CarrierMessage,
    /// Who waits; `None`: has been answered, because the time ran out.
    waiting: Option<oneshot::Sender<Report>>,
    /// Nothing of it has been written: what the library says of it is about nothing.
    taken_back: bool,
}

/// The state of the connection when the library gives its word on a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// The bytes queued so far: what is queued leaves, or may.
    pub(super) queued: u64,
    /// The bytes of ours that had left, in a call about bytes that arrived. In no other call can the library have an
    /// answer that it did not have before.
    pub(super) heard: Option<u64>,
}

/// Whom the library's word on a message reached.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reached {
    /// Who waited for it.
    Somebody,
    /// Nobody: the time had run out, or there is no such message.
    Nobody(Option<LateAnswer>),
    /// Nobody, and it is no answer: one may yet come.
    NoAnswer,
}

/// Why the messages in flight get no word of the library.
pub(super) enum Loss<'a> {
    /// The connection is gone.
    Link,
    /// The library broke the contract.
    Broken(&'a str),
}

impl Flight {
    /// How many places are taken.
    pub(super) fn len(&self) -> usize {
        self.carried.len()
    }

    /// Somebody waits for one of them.
    pub(super) fn is_awaited(&self) -> bool {
        self.carried.values().any(|carried| carried.waiting.is_some())
    }

    /// When the first one's time is up.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let doubt = self.doubts.first().map(|(seen, _)| *seen);
        let due = self.due.first().map(|(due, _)| *due);
        due.into_iter().chain(doubt).min()
    }

    /// A message is in the library's hands from now on.
    pub(super) fn carry(&mut self, token: u64, first: u64, job: Job, now: Instant) {
        let Job {
            message,
            fence,
            last,
            reply,
            ..
        } = job;
        self.due.insert((fence.due, token));
        let carried = Carried {
            due: fence.due,
            fence,
            last,
            since: now,
            first,
            end: first,
            message,
            waiting: Some(reply),
            taken_back: false,
        };
        self.carried.insert(token, carried);
    }

    /// A message takes longer than an attempt may: part of it has left, and nobody else can send the rest.
    pub(super) fn hold(&mut self, token: u64) {
        let carried = self.carried.get_mut(&token);
        if let Some(carried) = carried.filter(|carried| carried.waiting.is_some()) {
            self.due.remove(&(carried.due, token));
            carried.due = carried.due.max(carried.last);
            carried.fence.due = carried.due;
            self.due.insert((carried.due, token));
        }
    }

    /// Returns whether the library has a message in its hands.
    pub(super) fn carries(&self, token: u64) -> bool {
        self.carried.contains_key(&token)
    }

    /// Notes how far the bytes reach that its submit wrote.
    pub(super) fn wrote(&mut self, token: u64, end: u64) {
        if let Some(carried) = self.carried.get_mut(&token) {
            carried.end = end;
        }
    }

    /// Returns whether nothing of a message may be written any more, and somebody has still to be told.
    pub(super) fn is_over(&self, token: u64, at: Moment) -> bool {
        let carried = self.carried.get(&token);
        carried.is_some_and(|carried| carried.waiting.is_some() && carried.fence.is_over(at))
    }

    /// Nothing of a message that is over has left, and what its submit wrote will not: whoever waits is told so. True:
    /// the library, which cannot be told, may write more of it, for it is a text of several parts.
    pub(super) fn withhold(&mut self, token: u64, at: Moment) -> bool {
        let Some(carried) = self.carried.get_mut(&token) else {
            return false;
        };
        if let (Some(report), Some(reply)) = (carried.fence.unsent(at), carried.waiting.take()) {
            let _ = reply.send(report);
        }
        self.due.remove(&(carried.due, token));
        carried.due = at.now + LATE;
        carried.taken_back = true;
        carried.end = carried.first;
        self.due.insert((carried.due, token));
        carried.message.segments > 1
    }

    /// The bytes of the outbox are counted anew.
    pub(super) fn count_anew(&mut self, taken: &Taken) {
        for carried in self.carried.values_mut() {
            carried.first = taken.moved(carried.first);
            carried.end = taken.moved(carried.end);
        }
        // Of those that are in doubt everything has left, and nothing before it was taken back.
    }

    /// The library's word on a message. The error ends a sentence about the library.
    ///
    /// Only the carrier can say that nothing was sent of a message whose bytes were written: before it has said anything
    /// since, the library's refusal is worth no more than a lost answer.
    pub(super) fn complete(
        &mut self,
        token: u64,
        outcome: RawOutcome,
        known: Known,
        redactor: &Redactor<'_>,
        now: Instant,
    ) -> Result<Reached, String> {
        let Some(carried) = self.carried.remove(&token) else {
            return self.complete_late(token, outcome, known, redactor);
        };
        self.due.remove(&(carried.due, token));
        let written = known.queued > carried.first;
        let answered = known.heard.is_some_and(|left| left > carried.first);
        let truth = truth(written);
        let taken_back = carried.taken_back;
        let message = carried.message;
        let judged = judge(outcome, truth, &redactor.for_message(&message.text, &message.to)).map(|report| {
            if written && !answered {
                doubted(report)
            } else {
                report
            }
        });
        let no_answer = matches!(&judged, Ok(report) if report.class == Class::Ambiguous);
        let whose = (message.id.clone(), message.attempt);
        if no_answer && written && !taken_back {
            self.remember(token, message, now);
        }
        let Some(reply) = carried.waiting else {
            return judged.map(|report| match (taken_back, no_answer) {
                (true, _) => Reached::Nobody(None),
                (false, true) => Reached::NoAnswer,
                (false, false) => late(whose, report),
            });
        };
        let (report, broken) = match judged {
            Ok(report) => (report, Ok(Reached::Somebody)),
            Err(broken) => (fault(&broken, truth), Err(broken)),
        };
        // Whoever waited may have gone.
        let _ = reply.send(report);
        broken
    }

    /// The same of one whose attempt has ended, if it is remembered.
    fn complete_late(
        &mut self,
        token: u64,
        outcome: RawOutcome,
        known: Known,
        redactor: &Redactor<'_>,
    ) -> Result<Reached, String> {
        let Some((until, message)) = self.remembered.remove(&token) else {
            return Ok(Reached::Nobody(None));
        };
        let report = judge(
            outcome,
            truth(true),
            &redactor.for_message(&message.text, &message.to),
        )?;
        // It left long ago: what is said over bytes that arrived may be the answer.
        let report = if known.heard.is_some() {
            report
        } else {
            doubted(report)
        };
        if report.class == Class::Ambiguous {
            self.remembered.insert(token, (until, message));
            return Ok(Reached::NoAnswer);
        }
        Ok(late((message.id, message.attempt), report))
    }

    /// Its place is free, and an answer may yet come.
    fn remember(&mut self, token: u64, message: CarrierMessage, now: Instant) {
        self.remembered.insert(token, (now + LATE, message));
        if self.remembered.len() > MOST_REMEMBERED {
            self.remembered.pop_first();
        }
    }

    /// Answers those whose time is up, but for those that were taken back. The library has them, and may have written them.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some((due, token)) = self.due.first().copied().filter(|(due, _)| *due <= now) {
            self.due.remove(&(due, token));
            let Some(carried) = self.carried.get_mut(&token) else {
                continue;
            };
            if let Some(reply) = carried.waiting.take() {
                let _ = reply.send(out_of_time(truth(true)));
                if carried.end > carried.first {
                    let seen = now.max(carried.since + ACKNOWLEDGED_WITHIN);
                    self.doubts.insert((seen, carried.end));
                }
                carried.due = now + LATE;
                self.due.insert((carried.due, token));
                continue;
            }
            let carried = self.carried.remove(&token);
            if let Some(carried) = carried.filter(|carried| !carried.taken_back) {
                self.remember(token, carried.message, now);
            }
        }
        // Nearly in the order of their age.
        while let Some(oldest) = self
            .remembered
            .first_entry()
            .filter(|oldest| oldest.get().0 <= now)
        {
            oldest.remove();
        }
    }

    /// Returns whether a message whose time is up is still on this machine, though it left long ago: `left` bytes have left,
    /// and of these so many are `unacknowledged`.
    pub(super) fn is_stalled(
        &mut self,
        now: Instant,
        left: u64,
        unacknowledged: impl FnOnce() -> u64,
    ) -> bool {
        let mut first = None;
        while let Some((seen, end)) = self.doubts.first().copied().filter(|(seen, _)| *seen <= now) {
            self.doubts.remove(&(seen, end));
            first = Some(first.map_or(end, |first: u64| first.min(end)));
        }
        // Under TLS they are fewer than that.
        first.is_some_and(|end| end > left.saturating_sub(unacknowledged()))
    }

    /// The connection ended: those whose bytes may have left are ambiguous, the others go elsewhere.
    pub(super) fn lose(self, loss: &Loss<'_>, left: u64) -> usize {
        let mut ambiguous = 0;
        for carried in self.carried.into_values() {
            let may_have_left = left > carried.first;
            let report = match loss {
                Loss::Broken(broken) => fault(broken, truth(may_have_left)),
                Loss::Link => lost(may_have_left),
            };
            if let Some(reply) = carried.waiting {
                ambiguous += usize::from(may_have_left);
                let _ = reply.send(report);
            }
        }
        ambiguous
    }
}

fn late((message, attempt): (String, u32), report: Report) -> Reached {
    Reached::Nobody(Some(LateAnswer {
        message,
        attempt,
        report,
    }))
}

/// A report that nothing was sent, by a library that cannot know.
fn doubted(mut report: Report) -> Report {
    if !matches!(report.class, Class::Accepted | Class::Ambiguous) {
        report.class = Class::Ambiguous;
        report.detail = Some("the carrier library wrote it, and refused it before any answer".to_owned());
    }
    report
}

fn truth(written: bool) -> Truth {
    Truth {
        written,
        ..Truth::default()
    }
}

pub(super) fn lost(may_have_left: bool) -> Report {
    let (class, detail) = if may_have_left {
        (Class::Ambiguous, "the link was lost before the answer")
    } else {
        (Class::Temporary, "the link was lost before the message left")
    };
    let mut report = Report::bare(class, may_have_left, detail);
    report.code = Some("link_lost".to_owned());
    report
}
