//! The submits that wait for their answers, and the messages they are parts of. Pure: time comes in, in ticks.

use crate::config::IdBase;
use crate::status::Status;
use aldis_carrier::{Class, Outcome};
use std::collections::BTreeMap;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// When to try again after the SMSC said that it is too much: the bind itself has slowed down by then.
const BREATH: Duration = Duration::from_millis(500);

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
    parts: BTreeMap<u32, Part>,
    messages: BTreeMap<u64, Vec<Option<Answer>>>,
}

struct Part {
    token: u64,
    number: usize,
    since: u64,
}

impl Flight {
    /// Parts that wait for their answer.
    pub(crate) fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Messages they belong to.
    pub(crate) fn messages(&self) -> usize {
        self.messages.len()
    }

    /// A message leaves in these submits.
    pub(crate) fn carry(&mut self, token: u64, sequences: &[u32], tick: u64) {
        for (number, sequence) in sequences.iter().enumerate() {
            let part = Part {
                token,
                number,
                since: tick,
            };
            self.parts.insert(*sequence, part);
        }
        self.messages.insert(token, vec![None; sequences.len()]);
    }

    /// An answer came; the message's end, if it was the last.
    pub(crate) fn answered(&mut self, sequence: u32, answer: Answer) -> Option<(u64, Outcome)> {
        let Part { token, number, .. } = self.parts.remove(&sequence)?;
        let answers = self.messages.get_mut(&token)?;
        if let Some(place) = answers.get_mut(number) {
            *place = Some(answer);
        }
        if answers.iter().any(Option::is_none) {
            return None;
        }
        let answers: Vec<_> = self.messages.remove(&token)?.into_iter().flatten().collect();
        Some((token, outcome(&answers)))
    }

    /// Those that have waited for longer than `most` ticks get no answer any more.
    pub(crate) fn overdue(&self, tick: u64, most: u64) -> Vec<u32> {
        let late = |part: &Part| tick.saturating_sub(part.since) > most;
        let overdue = self.parts.iter().filter(|(_, part)| late(part));
        overdue.map(|(sequence, _)| *sequence).collect()
    }
}

/// What became of the whole: taken if every part was, else what the first part that was not says; but a message of which
/// some parts may have gone out is not sent again.
fn outcome(answers: &[Answer]) -> Outcome {
    let ids = answers.iter().filter_map(|answer| match answer {
        Answer::Id(id) if !id.is_empty() => Some(id.clone()),
        _ => None,
    });
    let out = answers.iter().any(|answer| matches!(answer, Answer::Id(_)));
    if answers.contains(&Answer::Silence) {
        let mut outcome =
            Outcome::refused(Class::Ambiguous, "no_answer").with_detail("the SMSC did not answer a submit");
        outcome.carrier_ids = ids.collect();
        return outcome;
    }
    let refusal = answers.iter().find_map(|answer| match answer {
        Answer::Refused(status, class) => Some((*status, *class)),
        _ => None,
    });
    let Some((status, class)) = refusal else {
        return Outcome::accepted(ids).segments(u32::try_from(answers.len()).unwrap_or(u32::MAX));
    };
    let again = matches!(class, Class::Temporary | Class::RateLimited);
    if out && again {
        let mut outcome = Outcome::refused(Class::Ambiguous, status.to_string())
            .with_detail("the SMSC took some parts and refused others");
        outcome.carrier_ids = ids.collect();
        return outcome;
    }
    let outcome = Outcome::refused(class, status.to_string());
    if class == Class::RateLimited {
        outcome.retry_after(BREATH)
    } else {
        outcome
    }
}

/// The id as receipts will say it. What is no number in that base stays.
pub(crate) fn normalised(id: &str, base: IdBase) -> String {
    let id = id.trim();
    let turned = match base {
        IdBase::Same => None,
        IdBase::HexToDec => u128::from_str_radix(id, 16).ok().map(|number| number.to_string()),
        IdBase::DecToHex => id.parse::<u128>().ok().map(|number| format!("{number:x}")),
    };
    turned.unwrap_or_else(|| id.to_owned())
}
