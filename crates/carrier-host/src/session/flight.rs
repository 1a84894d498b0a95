//! The messages that one connection has in its hands. Pure: time comes in.

use super::events::LateAnswer;
use super::queue::Job;
use crate::border::RawOutcome;
use crate::judge::{Truth, fault, judge, out_of_time};
use crate::redact::Redactor;
use crate::report::Report;
use crate::submission::CarrierMessage;
use aldis_carrier::Class;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

#[cfg(test)]
mod tests;

/// A message whose time ran out still fills its place at the carrier: until the library completes it, or this long.
const LATE: Duration = Duration::from_mins(1);

/// By token.
#[derive(Default)]
pub(super) struct Flight {
    carried: HashMap<u64, Carried>,
    due: BTreeSet<(Instant, u64)>,
}

struct Carried {
    due: Instant,
    /// How many bytes had been queued before this message's own.
    first: u64,
    message: CarrierMessage,
    /// Who waits; `None`: has been answered, because the time ran out.
    waiting: Option<oneshot::Sender<Report>>,
}

/// Whom the library's word on a message reached.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reached {
    /// Who waited for it.
    Somebody,
    /// Nobody: the time had run out, or there is no such message.
    Nobody(Option<LateAnswer>),
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
        self.due.first().map(|(due, _)| *due)
    }

    /// A message is in the library's hands from now on.
    pub(super) fn carry(&mut self, token: u64, first: u64, job: Job) {
        self.due.insert((job.due, token));
        let carried = Carried {
            due: job.due,
            first,
            message: job.submission.message,
            waiting: Some(job.reply),
        };
        self.carried.insert(token, carried);
    }

    /// The library's word on a message. The error ends a sentence about the library.
    pub(super) fn complete(
        &mut self,
        token: u64,
        outcome: RawOutcome,
        left: u64,
        redactor: &Redactor<'_>,
    ) -> Result<Reached, String> {
        let Some(carried) = self.carried.remove(&token) else {
            return Ok(Reached::Nobody(None));
        };
        self.due.remove(&(carried.due, token));
        let truth = truth(left > carried.first);
        let CarrierMessage {
            id,
            attempt,
            text,
            to,
            ..
        } = carried.message;
        let judged = judge(outcome, truth, &redactor.for_message(&text, &to));
        let Some(reply) = carried.waiting else {
            let late = |report| LateAnswer {
                message: id,
                attempt,
                report,
            };
            return judged.map(|report| Reached::Nobody(Some(late(report))));
        };
        let (report, broken) = match judged {
            Ok(report) => (report, Ok(Reached::Somebody)),
            Err(broken) => (fault(&broken, truth), Err(broken)),
        };
        // Whoever waited may have gone.
        let _ = reply.send(report);
        broken
    }

    /// Answers those whose time is up. They may yet leave, if they have not: the bytes are queued.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some((due, token)) = self.due.first().copied().filter(|(due, _)| *due <= now) {
            self.due.remove(&(due, token));
            let Some(carried) = self.carried.get_mut(&token) else {
                continue;
            };
            match carried.waiting.take() {
                Some(reply) => {
                    let _ = reply.send(out_of_time(truth(true)));
                    carried.due = now + LATE;
                    self.due.insert((carried.due, token));
                }
                None => {
                    self.carried.remove(&token);
                }
            }
        }
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
