//! The messages in hand and their parts: which wait to be written, which for their answer. Pure: time comes in, in ticks.

use crate::status::Status;
use aldis_carrier::{Class, Outcome};
use rusmpp_core::pdus::owned::Pdu;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

#[cfg(test)]
mod tests;

/// When to try again after the SMSC said that it is too much: the bind itself has slowed down by then.
pub(crate) const BREATH: Duration = Duration::from_millis(500);

/// How often a part of a longer message is written. Its siblings may have been taken, so that nobody else can send it.
const TRIES: u8 = 4;

/// What came of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The SMSC took it; empty: without an id.
    Id(String),
    /// It did not.
    Refused(Status, Class),
    /// It says nothing.
    Silence,
}

/// By sequence number and by token.
#[derive(Default)]
pub(crate) struct Flight {
    sent: BTreeMap<u32, Sent>,
    waiting: VecDeque<(u64, usize)>,
    messages: BTreeMap<u64, Vec<Part>>,
}

struct Sent {
    token: u64,
    number: usize,
    since: u64,
}

struct Part {
    pdu: Pdu,
    tries: u8,
    answer: Option<Answer>,
}

impl Flight {
    /// Parts that wait for their answer.
    pub(crate) fn sent(&self) -> usize {
        self.sent.len()
    }

    /// Parts wait to be written.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Messages they belong to.
    pub(crate) fn messages(&self) -> usize {
        self.messages.len()
    }

    /// A message is to leave in these submits.
    pub(crate) fn carry(&mut self, token: u64, pdus: Vec<Pdu>) {
        self.waiting.extend((0..pdus.len()).map(|number| (token, number)));
        let part = |pdu| Part {
            pdu,
            tries: 0,
            answer: None,
        };
        self.messages.insert(token, pdus.into_iter().map(part).collect());
    }

    /// The next part, which leaves under this sequence number, and whether it is one of several.
    pub(crate) fn next(&mut self, sequence: u32, tick: u64) -> Option<(Pdu, bool)> {
        let (token, number) = self.waiting.pop_front()?;
        let parts = self.messages.get_mut(&token)?;
        let several = parts.len() > 1;
        let part = parts.get_mut(number)?;
        part.tries += 1;
        let sent = Sent {
            token,
            number,
            since: tick,
        };
        self.sent.insert(sequence, sent);
        Some((part.pdu.clone(), several))
    }

    /// An answer came; the message's end, if it was the last. A part of several that the SMSC has no room for goes out
    /// once more; after a refusal nothing more of its message does.
    pub(crate) fn answered(&mut self, sequence: u32, answer: Answer) -> Option<(u64, Outcome)> {
        let Sent { token, number, .. } = self.sent.remove(&sequence)?;
        let parts = self.messages.get_mut(&token)?;
        let several = parts.len() > 1;
        let part = parts.get_mut(number)?;
        if several && part.tries < TRIES && matches!(answer, Answer::Refused(_, Class::RateLimited)) {
            self.waiting.push_front((token, number));
            return None;
        }
        if !matches!(answer, Answer::Id(_)) {
            self.waiting.retain(|(other, _)| *other != token);
        }
        part.answer = Some(answer);
        self.end(token)
    }

    /// Nothing that waits is written any more; the ends of the messages of which no part waits for its answer.
    pub(crate) fn stop(&mut self) -> Vec<(u64, Outcome)> {
        let stopped: BTreeSet<u64> = self.waiting.drain(..).map(|(token, _)| token).collect();
        stopped.into_iter().filter_map(|token| self.end(token)).collect()
    }

    /// The end of a message, if nothing of it waits for anything.
    fn end(&mut self, token: u64) -> Option<(u64, Outcome)> {
        let outstanding = self.sent.values().any(|sent| sent.token == token)
            || self.waiting.iter().any(|(other, _)| *other == token);
        if outstanding {
            return None;
        }
        let parts = self.messages.remove(&token)?;
        let all: Vec<_> = parts.into_iter().map(|part| part.answer).collect();
        Some((token, outcome(&all)))
    }

    /// Those that have waited for longer than `most` ticks get no answer any more.
    pub(crate) fn overdue(&self, tick: u64, most: u64) -> Vec<u32> {
        let late = |sent: &Sent| tick.saturating_sub(sent.since) > most;
        let overdue = self.sent.iter().filter(|(_, sent)| late(sent));
        overdue.map(|(sequence, _)| *sequence).collect()
    }
}

/// What became of the whole: taken if every part was, else what the first part that was not says; but a message of which
/// some parts may have gone out is not sent again. Its ids are not told then: a receipt for a part would say that all of
/// it arrived. `None`: the part was not written.
fn outcome(answers: &[Option<Answer>]) -> Outcome {
    let told = || answers.iter().flatten();
    if told().any(|answer| *answer == Answer::Silence) {
        return Outcome::refused(Class::Ambiguous, "no_answer")
            .with_detail("the SMSC did not answer a submit");
    }
    let refusal = told().find_map(|answer| match answer {
        Answer::Refused(status, class) => Some((*status, *class)),
        _ => None,
    });
    let out = told().any(|answer| matches!(answer, Answer::Id(_)));
    let Some((status, class)) = refusal else {
        if answers.contains(&None) {
            let class = if out { Class::Ambiguous } else { Class::Temporary };
            return Outcome::refused(class, "unbound")
                .with_detail("the bind ended before all parts had left");
        }
        return Outcome::accepted(ids(told())).segments(u32::try_from(answers.len()).unwrap_or(u32::MAX));
    };
    // The same everywhere, so that nobody sends it again.
    let settled = matches!(class, Class::InvalidNumber | Class::OptedOut | Class::TooLong);
    if out && !settled {
        return Outcome::refused(Class::Ambiguous, status.to_string())
            .with_detail("the SMSC took some parts and refused others");
    }
    let outcome = Outcome::refused(class, status.to_string());
    if class == Class::RateLimited {
        outcome.retry_after(BREATH)
    } else {
        outcome
    }
}

/// Each once: some SMSCs have one id for all parts.
fn ids<'a>(answers: impl Iterator<Item = &'a Answer>) -> Vec<String> {
    let mut ids = Vec::new();
    for answer in answers {
        if let Answer::Id(id) = answer
            && !id.is_empty()
            && !ids.contains(id)
        {
            ids.push(id.clone());
        }
    }
    ids
}
