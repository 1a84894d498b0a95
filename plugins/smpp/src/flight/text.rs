//! A message as its parts, and what becomes of the whole. Pure.

use super::{Answer, BREATH};
use aldis_carrier::{Class, Outcome};
use rusmpp_core::pdus::owned::Pdu;

/// The number of times a part is written while nothing of its text is out: after that somebody else may send all of it.
const TRIES: u32 = 4;

/// A message in hand.
pub(super) struct Text {
    pub(super) parts: Vec<Part>,
    /// The number of parts that wait for their answer.
    pub(super) flying: usize,
    /// The moment from which nothing of it leaves.
    pub(super) until_unix_ms: u64,
    /// The number of parts by the host's count.
    segments: u32,
    /// The host was told that it takes longer.
    pub(super) held: bool,
    pub(super) had_last_chance: bool,
    /// The number of breaths it has rested in all.
    rested: u32,
}

/// A part of it, which is one submit.
pub(super) struct Part {
    pdu: Pdu,
    pub(super) tries: u32,
    answer: Option<Answer>,
}

impl Text {
    pub(super) fn new(pdus: Vec<Pdu>, until_unix_ms: u64, segments: u32) -> Self {
        let part = |pdu| Part {
            pdu,
            tries: 0,
            answer: None,
        };
        Self {
            parts: pdus.into_iter().map(part).collect(),
            flying: 0,
            until_unix_ms,
            segments,
            held: false,
            had_last_chance: false,
            rested: 0,
        }
    }

    pub(super) fn is_several(&self) -> bool {
        self.parts.len() > 1
    }

    /// Hands out a part to be written.
    pub(super) fn leaves(&mut self, number: usize) -> Option<Pdu> {
        let part = self.parts.get_mut(number)?;
        part.tries = part.tries.saturating_add(1);
        part.answer = None;
        self.flying += 1;
        Some(part.pdu.clone())
    }

    /// Notes an answer. Returns whether the SMSC wants this part later, and nobody but we can send it.
    pub(super) fn wants_again(&mut self, number: usize, answer: &Answer) -> bool {
        let several = self.is_several();
        let Some(part) = self.parts.get_mut(number) else {
            return false;
        };
        part.answer = Some(answer.clone());
        let tries = part.tries;
        let Answer::Refused(_, class) = answer else {
            return false;
        };
        let is_refused =
            |part: &Part| matches!(&part.answer, Some(Answer::Refused(_, class)) if !is_for_later(*class));
        if !several || !is_for_later(*class) || self.parts.iter().any(is_refused) {
            return false;
        }
        let may_be_out = |part: &Part| matches!(part.answer, Some(Answer::Id(_) | Answer::Silence));
        self.flying > 0 || self.parts.iter().any(may_be_out) || *class == Class::RateLimited && tries < TRIES
    }

    /// Returns how long it rests now: half as long as it has rested so far, so that it is late by half of a pause at most.
    pub(super) fn rests(&mut self, most: u32) -> u32 {
        let breaths = (self.rested / 2).clamp(1, most);
        self.rested = self.rested.saturating_add(breaths);
        breaths
    }

    /// Returns what became of it. The host knows the ids of some parts from those of all by their number, so where it counts
    /// fewer parts than there are, the ids of some are not told: a receipt for one would say that all of it arrived.
    pub(super) fn outcome(&self) -> Outcome {
        let answers: Vec<_> = self.parts.iter().map(|part| part.answer.clone()).collect();
        let mut outcome = outcome(&answers);
        let known = u32::try_from(outcome.carrier_ids.len()).unwrap_or(u32::MAX);
        if outcome.class == Class::Ambiguous && known >= self.segments {
            outcome.carrier_ids.clear();
        }
        outcome
    }

    pub(super) fn answers(self) -> Vec<Option<Answer>> {
        self.parts.into_iter().map(|part| part.answer).collect()
    }
}

/// Returns whether a refusal says that the same may be taken in a moment.
fn is_for_later(class: Class) -> bool {
    matches!(class, Class::RateLimited | Class::Temporary)
}

/// Returns what became of the whole: taken if every part was, else what the first part that was not says; but a message of
/// which some parts may have gone out is not sent again, and the ids of those that were taken are told, for their receipts.
/// The answer of a part that was not written is `None`.
pub(super) fn outcome(answers: &[Option<Answer>]) -> Outcome {
    let told = || answers.iter().flatten();
    if told().any(|answer| *answer == Answer::Silence) {
        return partly("no_answer", "the SMSC did not answer a submit", answers);
    }
    let out = told().any(|answer| matches!(answer, Answer::Id(_)));
    let refusal = told().find_map(|answer| match answer {
        Answer::Refused(status, class) => Some((*status, *class)),
        _ => None,
    });
    let Some((status, class)) = refusal else {
        if answers.contains(&None) {
            let (code, detail) = (
                "parts_unsent",
                "the bind or the time ended before all parts had left",
            );
            return if out {
                partly(code, detail, answers)
            } else {
                Outcome::refused(Class::Temporary, code).with_detail(detail)
            };
        }
        return Outcome::accepted(ids(told())).segments(u32::try_from(answers.len()).unwrap_or(u32::MAX));
    };
    // The same everywhere, so that nobody sends it again.
    let settled = matches!(class, Class::InvalidNumber | Class::OptedOut | Class::TooLong);
    if out && !settled {
        let code = status.to_string();
        return partly(&code, "the SMSC took some parts and refused others", answers);
    }
    let outcome = Outcome::refused(class, status.to_string());
    if class == Class::RateLimited {
        outcome.retry_after(BREATH)
    } else {
        outcome
    }
}

/// Returns the outcome of a message of which some parts may be out, with the ids that are known.
fn partly(code: &str, detail: &str, answers: &[Option<Answer>]) -> Outcome {
    let mut outcome = Outcome::refused(Class::Ambiguous, code).with_detail(detail);
    outcome.carrier_ids = ids(answers.iter().flatten());
    outcome
}

/// Returns each id once: some SMSCs have one id for all parts.
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
