//! The messages in hand and their parts: which wait to be written, which rest, which wait for their answer, and which
//! had none in time but may yet get it. Pure: time comes in, in ticks and in milliseconds.

mod late;
mod text;

use crate::status::Status;
use aldis_carrier::{Class, Outcome};
use late::Late;
use rusmpp_core::pdus::owned::Pdu;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;
use text::Text;

#[cfg(test)]
mod tests;

/// The shortest rest of a part that the SMSC wants later: the bind itself has slowed down by then.
pub(crate) const BREATH: Duration = Duration::from_millis(500);

/// The longest rest, in breaths: half a minute.
const LONGEST_REST: u32 = 60;

/// The milliseconds before its end at which a resting part is tried once more: three breaths.
const LAST_CHANCE: u64 = 1500;

/// The number of texts that may be out in part before no other long one is begun. They keep their places at delivery until
/// their deadline, and messages of one part must find some (a carrier's `max_in_flight` is 64 by default).
pub(crate) const MOST_STUCK: usize = 16;

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
    resting: BTreeMap<u64, Rest>,
    texts: BTreeMap<u64, Text>,
    late: Late,
    /// The bind is ending: a part that the SMSC wants later cannot be written here.
    stopped: bool,
}

#[derive(Clone, Copy)]
struct Sent {
    token: u64,
    number: usize,
    since: u64,
}

/// The parts of a text that are written later.
struct Rest {
    numbers: BTreeSet<usize>,
    breaths: u32,
}

impl Flight {
    /// Parts that wait for their answer.
    pub(crate) fn sent(&self) -> usize {
        self.sent.len()
    }

    /// Returns whether parts wait to be written now.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Returns whether parts wait to be written later.
    pub(crate) fn is_resting(&self) -> bool {
        !self.resting.is_empty()
    }

    /// Returns whether so many texts are out in part that no other long one is to be begun.
    pub(crate) fn is_stuck(&self) -> bool {
        self.resting.len() >= MOST_STUCK
    }

    /// Returns whether the SMSC may yet answer something.
    pub(crate) fn is_outstanding(&self) -> bool {
        !self.sent.is_empty() || !self.late.is_empty()
    }

    /// Returns the number of messages that have not ended.
    pub(crate) fn messages(&self) -> usize {
        self.texts.len()
    }

    /// Returns whether the answer to something under this sequence number may yet come.
    pub(crate) fn knows(&self, sequence: u32) -> bool {
        self.sent.contains_key(&sequence) || self.late.knows(sequence)
    }

    /// Returns how often the part under this sequence number has been written.
    pub(crate) fn tries(&self, sequence: u32) -> u32 {
        let sent = self.sent.get(&sequence);
        let text = sent.and_then(|sent| self.texts.get(&sent.token)?.parts.get(sent.number));
        text.map_or(0, |part| part.tries)
    }

    /// Takes a message that is to leave in these submits, all of them before this moment. The host counts so many parts.
    pub(crate) fn carry(&mut self, token: u64, pdus: Vec<Pdu>, until_unix_ms: u64, segments: u32) {
        self.waiting.extend((0..pdus.len()).map(|number| (token, number)));
        self.texts.insert(token, Text::new(pdus, until_unix_ms, segments));
    }

    /// The next part, which leaves under this sequence number, and whether it is one of several.
    pub(crate) fn next(&mut self, sequence: u32, tick: u64) -> Option<(Pdu, bool)> {
        let (token, number) = self.waiting.pop_front()?;
        let text = self.texts.get_mut(&token)?;
        let several = text.is_several();
        let pdu = text.leaves(number)?;
        let since = tick;
        self.sent.insert(sequence, Sent { token, number, since });
        Some((pdu, several))
    }

    /// Takes an answer, in time or late; returns the message's end, if it was the last. A part of several that the SMSC
    /// wants later rests; after any other refusal nothing more of its message leaves.
    pub(crate) fn answered(&mut self, sequence: u32, answer: Answer) -> Option<(u64, Outcome)> {
        let in_time = self.sent.remove(&sequence);
        let silent = answer == Answer::Silence;
        let Sent { token, number, since } = match in_time {
            Some(sent) => sent,
            None if silent => return None,
            None => self.late.found(sequence)?,
        };
        if silent {
            self.late.miss(sequence, Sent { token, number, since });
        }
        let Some(text) = self.texts.get_mut(&token) else {
            return self.late.answered(token, number, answer);
        };
        text.flying -= usize::from(in_time.is_some());
        if text.wants_again(number, &answer) && !self.stopped {
            self.rest(token, number);
            return None;
        }
        if matches!(answer, Answer::Refused(..)) {
            self.forsake(token);
        }
        self.end(token)
    }

    /// Puts off a part, and what waits of its text.
    fn rest(&mut self, token: u64, number: usize) {
        let Some(text) = self.texts.get_mut(&token) else {
            return;
        };
        let others = self.waiting.iter().filter(|(other, _)| *other == token);
        let numbers = others.map(|(_, number)| *number).chain([number]);
        let rest = self.resting.entry(token).or_insert_with(|| Rest {
            numbers: BTreeSet::new(),
            breaths: text.rests(LONGEST_REST),
        });
        rest.numbers.extend(numbers);
        self.waiting.retain(|(other, _)| *other != token);
    }

    /// Lets a breath pass: the parts whose rest is over are written next.
    pub(crate) fn breathe(&mut self, now_unix_ms: u64) {
        let mut rested = Vec::new();
        for (token, rest) in &mut self.resting {
            rest.breaths = rest.breaths.saturating_sub(1);
            let Some(text) = self.texts.get_mut(token) else {
                continue;
            };
            let ends = text.until_unix_ms.saturating_sub(now_unix_ms) <= LAST_CHANCE;
            if rest.breaths == 0 || ends && !std::mem::replace(&mut text.had_last_chance, true) {
                rested.push(*token);
            }
        }
        for token in rested.into_iter().rev() {
            let numbers = self.resting.remove(&token).map(|rest| rest.numbers);
            for number in numbers.into_iter().flatten().rev() {
                self.waiting.push_front((token, number));
            }
        }
    }

    /// Returns the long texts of which something has not left, once each: only here they can be finished.
    pub(crate) fn unfinished(&mut self) -> Vec<u64> {
        let mut tokens = self.unwritten();
        tokens.retain(|token| {
            let text = self.texts.get_mut(token).filter(|text| text.is_several());
            text.is_some_and(|text| !std::mem::replace(&mut text.held, true))
        });
        tokens.into_iter().collect()
    }

    /// Gives up the messages whose time is up; returns the ends of those of which nothing is in flight.
    pub(crate) fn give_up(&mut self, now_unix_ms: u64) -> Vec<(u64, Outcome)> {
        let texts = &self.texts;
        let is_over = |token: &u64| {
            texts
                .get(token)
                .is_none_or(|text| text.until_unix_ms <= now_unix_ms)
        };
        let over = self.unwritten().into_iter().filter(is_over).collect();
        self.end_all(over)
    }

    /// Gives up whatever has not left, for good; returns the ends of the messages of which nothing is in flight.
    pub(crate) fn stop(&mut self) -> Vec<(u64, Outcome)> {
        self.stopped = true;
        let all = self.unwritten().into_iter().collect();
        self.end_all(all)
    }

    fn unwritten(&self) -> BTreeSet<u64> {
        let waiting = self.waiting.iter().map(|(token, _)| *token);
        waiting.chain(self.resting.keys().copied()).collect()
    }

    fn end_all(&mut self, tokens: Vec<u64>) -> Vec<(u64, Outcome)> {
        for token in &tokens {
            self.forsake(*token);
        }
        tokens.into_iter().filter_map(|token| self.end(token)).collect()
    }

    /// Gives up what has not left of this message.
    fn forsake(&mut self, token: u64) {
        self.waiting.retain(|(other, _)| *other != token);
        self.resting.remove(&token);
    }

    /// Ends a message, if nothing of it waits for anything. Answers that are missing may come yet.
    fn end(&mut self, token: u64) -> Option<(u64, Outcome)> {
        let flies = self.texts.get(&token).is_none_or(|text| text.flying > 0);
        let unwritten =
            self.resting.contains_key(&token) || self.waiting.iter().any(|(other, _)| *other == token);
        if flies || unwritten {
            return None;
        }
        let text = self.texts.remove(&token)?;
        let outcome = text.outcome();
        self.late.ended(token, text.answers());
        Some((token, outcome))
    }

    /// Returns the parts that have waited for longer than `most` ticks: they have no place any more.
    pub(crate) fn overdue(&self, tick: u64, most: u64) -> Vec<u32> {
        let late = |sent: &Sent| tick.saturating_sub(sent.since) > most;
        let overdue = self.sent.iter().filter(|(_, sent)| late(sent));
        overdue.map(|(sequence, _)| *sequence).collect()
    }

    /// Forgets those that had their place taken away a minute ago.
    pub(crate) fn forget(&mut self, tick: u64, most: u64) {
        self.late.forget(tick, most);
    }
}
