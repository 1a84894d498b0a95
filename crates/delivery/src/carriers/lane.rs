//! One carrier's lane: its places, its pause, and whatever is at the other end.

use super::load::Origin;
use super::{Handover, Outcome, words};
use crate::retry::{LEAST_ATTEMPT, LEAST_VALIDITY};
use crate::routing::{Pause, PauseCause};
use aldis_carrier_host::{Events, Instance, Submission};
use aldis_daemon::clock;
use aldis_message::OutcomeClass;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// How long a message waits for a free place at a carrier before it looks elsewhere.
const PLACE_WITHIN: Duration = Duration::from_secs(1);

/// How long an attempt's intent may take to become durable before a lane that is retired stops waiting for it.
const COMMIT_WITHIN: Duration = Duration::from_secs(5);

pub(super) struct Lane {
    pub(super) origin: Origin,
    pub(super) line: Line,
    places: Semaphore,
    timeout: Duration,
    /// Where its call-backs arrive from outside, without a message's name.
    callbacks: Option<String>,
    pause: Mutex<Option<(Instant, PauseCause)>>,
    /// One for each attempt that was decided upon and has not ended.
    hands: TaskTracker,
}

/// What is at the other end of a lane.
pub(super) enum Line {
    /// A loaded library.
    Library(Box<Instance>),
    /// A test's script.
    #[cfg(test)]
    Script(super::tests::Script),
}

/// A lane with a hand on it: no leave is taken of it before the attempt has ended.
pub(crate) struct Pinned {
    lane: Arc<Lane>,
    _hand: TaskTrackerToken,
}

impl Pinned {
    pub(super) fn of(lane: Arc<Lane>) -> Self {
        let hand = lane.hands.token();
        Self { lane, _hand: hand }
    }

    pub(super) fn lane(&self) -> &Lane {
        &self.lane
    }
}

impl Lane {
    pub(super) fn new(origin: Origin, line: Line) -> Self {
        Self {
            line,
            places: Semaphore::new(origin.places()),
            timeout: origin.timeout(),
            callbacks: origin.callbacks().map(str::to_owned),
            pause: Mutex::new(None),
            hands: TaskTracker::new(),
            origin,
        }
    }

    pub(super) async fn submit(&self, handover: &Handover<'_>) -> Outcome {
        let patience = handover
            .caller
            .patience()
            .map_or(PLACE_WITHIN, |left| left.saturating_sub(LEAST_ATTEMPT));
        let place = tokio::time::timeout(PLACE_WITHIN.min(patience), self.places.acquire()).await;
        let Ok(Ok(_place)) = place else {
            return Outcome::unsent(OutcomeClass::RateLimited, "no_free_place");
        };
        // Waiting took time: the last look before the wire.
        let deadline_left = handover.held.message.deadline.remaining(handover.clock.now());
        if deadline_left < LEAST_VALIDITY {
            return Outcome::unsent(OutcomeClass::Expired, "deadline");
        }
        if handover.caller.is_gone() {
            return Outcome::unsent(OutcomeClass::Temporary, "caller_gone");
        }
        // Nothing is written once the caller has an answer.
        let last = handover
            .caller
            .patience()
            .map_or(deadline_left, |left| left.min(deadline_left));
        let patience = handover.caller.patience().unwrap_or(self.timeout);
        // What others are told of the time is the system's.
        let now = clock::now();
        let submission = Submission {
            message: words::message(handover, deadline_left, last, now, self.callbacks.as_deref()),
            time_limit: self.timeout.min(patience).min(deadline_left),
            now_unix_ms: now.as_millis(),
            gone: handover.caller.gone(),
        };
        let report = match &self.line {
            Line::Library(instance) => instance.submit(submission).await,
            #[cfg(test)]
            Line::Script(script) => script(submission).await,
        };
        words::outcome(report)
    }

    #[cfg_attr(not(test), allow(clippy::unnecessary_wraps, reason = "a script has none"))]
    pub(super) fn instance(&self) -> Option<&Instance> {
        match &self.line {
            Line::Library(instance) => Some(instance),
            #[cfg(test)]
            Line::Script(_) => None,
        }
    }

    /// Connects it, if it keeps connections; `former` is in the way of those that still have some.
    pub(super) fn start(&self, events: &Arc<dyn Events>, former: &TaskTracker) {
        if let Some(instance) = self.instance() {
            instance.start_beside(events, former);
        }
    }

    pub(super) fn keeps_links(&self) -> bool {
        self.instance().is_some_and(Instance::keeps_links)
    }

    pub(super) fn reads_callbacks(&self) -> bool {
        self.instance().is_some_and(Instance::reads_callbacks)
    }

    pub(super) async fn leave(&self, limit: Duration) {
        if let Some(instance) = self.instance() {
            instance.drain(limit).await;
        }
    }

    /// Waits until no attempt is under way, or the service stops, and takes leave.
    pub(super) async fn retire(&self, limit: Duration, stopping: &CancellationToken) {
        self.hands.close();
        let longest = COMMIT_WITHIN + PLACE_WITHIN + self.timeout;
        let idle = tokio::time::timeout(longest, self.hands.wait());
        let _ = stopping.run_until_cancelled(idle).await;
        self.leave(limit).await;
    }

    /// Why and for how long nothing is sent through it: its carrier's word, or its library is being left alone.
    pub(super) fn pause(&self) -> Option<Pause> {
        let alone = self.instance().and_then(Instance::rest).map(|left| Pause {
            left,
            cause: PauseCause::LeftAlone,
        });
        let both = [self.asked_for(), alone].into_iter().flatten();
        both.max_by_key(|pause| pause.left)
    }

    /// The carrier's own word.
    pub(super) fn asked_for(&self) -> Option<Pause> {
        let pause = *self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, cause) = pause?;
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(Pause { left, cause })
    }

    /// The longest pause asked for counts.
    pub(super) fn pause_for(&self, pause: Duration, cause: PauseCause) {
        let until = Instant::now() + pause;
        let mut current = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        if current.is_none_or(|(other, _)| other < until) {
            *current = Some((until, cause));
        }
    }
}
