//! Messages that wait for a place on a link, and the two ways out: taken or withdrawn, never both.

use super::fence::Fence;
use crate::report::Report;
use crate::submission::{CarrierMessage, Submission};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

#[cfg(test)]
mod tests;

/// The messages of one instance that wait, oldest first. Bounded by the places that delivery gives to a carrier.
#[derive(Default)]
pub(super) struct Queue {
    jobs: Mutex<VecDeque<Job>>,
    arrived: Notify,
}

impl Queue {
    pub(super) fn push(&self, job: Job) {
        self.jobs().push_back(job);
        self.arrived.notify_one();
    }

    /// Lets go of those at the front that nobody waits for any more.
    pub(super) fn sweep(&self) {
        let mut jobs = self.jobs();
        while jobs.front().is_some_and(Job::is_forsaken) {
            jobs.pop_front();
        }
    }

    /// The oldest that somebody still waits for.
    pub(super) fn pop(&self) -> Option<Job> {
        let mut jobs = self.jobs();
        loop {
            let job = jobs.pop_front()?;
            if job.place.take() && !job.reply.is_closed() {
                return Some(job);
            }
        }
    }

    /// Gives back, to the front, one that was taken and has not been handed over. Returned: its caller has waited as long
    /// as it would, and relies on an answer.
    #[must_use]
    pub(super) fn put_back(&self, job: Job) -> Option<Job> {
        if !job.place.release() {
            return Some(job);
        }
        self.jobs().push_front(job);
        self.arrived.notify_one();
        None
    }

    /// Ends when there may be one. A link that cannot take all passes the word on with [`Queue::pass_on`].
    pub(super) async fn arrived(&self) {
        self.arrived.notified().await;
    }

    pub(super) fn pass_on(&self) {
        if !self.jobs().is_empty() {
            self.arrived.notify_one();
        }
    }

    fn jobs(&self) -> MutexGuard<'_, VecDeque<Job>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One message that waits.
pub(super) struct Job {
    pub(super) message: CarrierMessage,
    pub(super) fence: Fence,
    /// The last moment to write any of it, if the library needs longer than an attempt may take.
    pub(super) last: Instant,
    pub(super) reply: oneshot::Sender<Report>,
    place: Place,
}

/// What the one who waits keeps of it.
pub(super) struct Ticket {
    pub(super) answer: oneshot::Receiver<Report>,
    pub(super) place: Place,
}

impl Job {
    pub(super) fn new(submission: Submission, now: Instant) -> (Self, Ticket) {
        let (reply, answer) = oneshot::channel();
        let place = Place::default();
        let lasts = submission.lasts();
        let Submission {
            message,
            time_limit,
            gone,
            ..
        } = submission;
        let job = Self {
            last: now + lasts,
            fence: Fence::new(now + time_limit, message.deadline_unix_ms, gone),
            message,
            reply,
            place: place.clone(),
        };
        (job, Ticket { answer, place })
    }

    fn is_forsaken(&self) -> bool {
        self.place.0.load(Ordering::Acquire) != FREE || self.reply.is_closed()
    }
}

/// Whoever is first has it: the link that takes the message, or the caller who goes elsewhere with it.
#[derive(Clone, Default)]
pub(super) struct Place(Arc<AtomicU8>);

const FREE: u8 = 0;
/// A link has it, and may give it back.
const TAKEN: u8 = 1;
/// The caller went elsewhere, or relies on the link that has it.
const SETTLED: u8 = 2;

impl Place {
    fn take(&self) -> bool {
        self.change(FREE, TAKEN)
    }

    /// True: whoever waits still looks for a place.
    fn release(&self) -> bool {
        self.change(TAKEN, FREE)
    }

    /// True: no link has it, and none will. Otherwise the one that has it answers.
    pub(super) fn withdraw(&self) -> bool {
        self.0.swap(SETTLED, Ordering::AcqRel) == FREE
    }

    fn change(&self, from: u8, to: u8) -> bool {
        let changed = self
            .0
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
        changed.is_ok()
    }
}
