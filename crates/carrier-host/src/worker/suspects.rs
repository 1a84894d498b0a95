//! Whose calls workers die in: after two deaths nobody calls with that message again. Pure.

use std::collections::{HashMap, VecDeque};

#[cfg(test)]
mod tests;

/// So many deaths in calls about one thing, and it is left out.
pub(crate) const DEATHS: u32 = 2;

/// How many suspects are remembered; the oldest is forgotten first.
const MOST: usize = 4096;

/// A message or a call-back, by a hash of what it is.
pub(crate) type Subject = u64;

#[derive(Debug, Default)]
pub(crate) struct Suspects {
    deaths: HashMap<Subject, u32>,
    order: VecDeque<Subject>,
}

impl Suspects {
    /// A worker died in a call about it; true: that was once too often.
    pub(crate) fn died(&mut self, subject: Subject) -> bool {
        let deaths = self.deaths.entry(subject).or_default();
        if *deaths == 0 {
            self.order.push_back(subject);
        }
        *deaths += 1;
        let out = *deaths >= DEATHS;
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.deaths.remove(&oldest);
        }
        out
    }

    /// A worker has died in a call about it.
    pub(crate) fn is_known(&self, subject: Subject) -> bool {
        self.deaths.contains_key(&subject)
    }

    /// Calls about it are not made any more.
    pub(crate) fn is_out(&self, subject: Subject) -> bool {
        self.deaths.get(&subject).is_some_and(|deaths| *deaths >= DEATHS)
    }
}
