//! The parts that had no answer in time. Their places are free, and their sequence numbers are kept, so that an answer which
//! comes late, and the receipts that name its id, still find their message. Pure.

use super::text::outcome;
use super::{Answer, Sent};
use aldis_carrier::{Class, Outcome};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The ticks beyond `answer_seconds` for which they are kept: as long as the host keeps the message.
const KEPT: u64 = 60;

/// The most that are kept, for an SMSC that answers nothing at all: the oldest go first.
const MOST: usize = 10_000;

/// The parts by sequence number, and their messages by token.
#[derive(Default)]
pub(super) struct Late {
    parts: BTreeMap<u32, Sent>,
    /// The order in which they were given up: sequence numbers begin anew.
    order: VecDeque<u32>,
    /// The messages that ended without all answers.
    messages: BTreeMap<u64, Vec<Option<Answer>>>,
}

impl Late {
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    pub(super) fn knows(&self, sequence: u32) -> bool {
        self.parts.contains_key(&sequence)
    }

    /// Notes a part that has no answer yet.
    pub(super) fn miss(&mut self, sequence: u32, sent: Sent) {
        self.parts.insert(sequence, sent);
        self.order.push_back(sequence);
        if self.order.len() > MOST {
            self.drop_oldest();
        }
    }

    /// Takes out the part to which this answer belongs.
    pub(super) fn found(&mut self, sequence: u32) -> Option<Sent> {
        self.parts.remove(&sequence)
    }

    /// Notes that a message ended. If answers are missing it is remembered for them.
    pub(super) fn ended(&mut self, token: u64, answers: Vec<Option<Answer>>) {
        if answers.contains(&Some(Answer::Silence)) {
            self.messages.insert(token, answers);
        }
    }

    /// Takes a late answer; returns what became of the whole, if it was the last one missing and anything is known now.
    pub(super) fn answered(&mut self, token: u64, number: usize, answer: Answer) -> Option<(u64, Outcome)> {
        let answers = self.messages.get_mut(&token)?;
        *answers.get_mut(number)? = Some(answer);
        if answers.contains(&Some(Answer::Silence)) {
            return None;
        }
        let outcome = outcome(&self.messages.remove(&token)?);
        (outcome.class != Class::Ambiguous).then_some((token, outcome))
    }

    /// Forgets what has waited for too long.
    pub(super) fn forget(&mut self, tick: u64, most: u64) {
        while let Some(oldest) = self.order.front() {
            let kept = |sent: &Sent| tick.saturating_sub(sent.since) <= most.saturating_add(KEPT);
            if self.parts.get(oldest).is_some_and(kept) {
                break;
            }
            self.drop_oldest();
        }
        // One that took so long that a part had been forgotten before it ended.
        if self.messages.len() > self.parts.len() {
            let alive: BTreeSet<u64> = self.parts.values().map(|sent| sent.token).collect();
            self.messages.retain(|token, _| alive.contains(token));
        }
    }

    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.messages.len()
    }

    /// Drops the oldest part, and its message, which is never whole without this answer.
    fn drop_oldest(&mut self) {
        if let Some(sent) = self
            .order
            .pop_front()
            .and_then(|oldest| self.parts.remove(&oldest))
        {
            self.messages.remove(&sent.token);
        }
    }
}
