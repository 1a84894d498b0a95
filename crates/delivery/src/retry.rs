//! What happens after an outcome: the next carrier, a wait, or an end. Pure: time, attempts and
//! outcome go in, the next step comes out.

use crate::progress::Progress;
use crate::routing::{Candidate, Onward, PauseCause, Policy, next_carrier};
use aldis_message::{AcceptMode, CarrierName, DeliveryStatus, OutcomeClass, Reason};
use std::time::Duration;

/// Nothing goes on the wire with less than this left of its deadline. A carrier's validity is
/// counted in whole seconds, so less cannot be told to it. It is not longer because the deadline is
/// the caller's own word for "worthless after this": a caller that asks for 20 s shall get 20 s.
pub const LEAST_VALIDITY: Duration = Duration::from_secs(1);

/// No attempt is begun with less than this left of the caller's patience: cut off before a carrier
/// can answer, it would only turn a clear refusal into an unknown outcome.
pub const LEAST_ATTEMPT: Duration = Duration::from_millis(300);

/// Attempts while a caller waits.
const MOST_WHILE_ASKED: usize = 5;

/// Attempts of a stored message, over its whole life (48 h at most, one round every few minutes).
const MOST_EVER: usize = 1000;

/// Backoff: decorrelated jitter, `min(cap, between(base, 3 * previous))`.
const BASE: Duration = Duration::from_millis(200);
const CAP_WHILE_ASKED: Duration = Duration::from_secs(2);
const CAP_STORED: Duration = Duration::from_mins(5);

/// The wait before the one quick retry.
const QUICK: (Duration, Duration) = (Duration::from_millis(200), Duration::from_millis(400));

/// After a pause ends, messages that waited for it start over this span, not all at once.
const AFTER_PAUSE: Duration = Duration::from_millis(100);

/// How long a carrier that asked for a pause without saying how long gets one.
pub const DEFAULT_PAUSE: Duration = Duration::from_secs(1);

/// How long a carrier that refuses our credentials or our account gets nothing.
pub const BROKEN_PAUSE: Duration = Duration::from_mins(1);

/// What the decision is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The message is due: just accepted, claimed, or its wait is over.
    Due,
    /// An attempt ended; [`Progress`] already holds it.
    Ended {
        /// What came of it.
        class: OutcomeClass,
        /// How long the carrier asked to be left alone.
        retry_after: Option<Duration>,
    },
}

/// Everything else the decision depends on.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The attempts so far.
    pub progress: &'a Progress,
    /// The route's carriers in order, as they stand now.
    pub candidates: &'a [Candidate],
    /// What the route allows.
    pub policy: Policy,
    /// Whether a caller waits for a carrier's word.
    pub mode: AcceptMode,
    /// What is left until the message is worthless.
    pub deadline_left: Duration,
    /// What is left of the caller's patience; nobody waits if `None`.
    pub budget_left: Option<Duration>,
    /// The caller has its answer, which was not "accepted", or went away.
    pub fenced: bool,
    /// Where in its span a random wait falls.
    pub jitter: Jitter,
}

/// A number from 0 to 1 drawn outside, so that the decision stays pure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jitter(f64);

impl Jitter {
    /// From 32 random bits.
    pub fn new(random: u32) -> Self {
        Self(f64::from(random) / f64::from(u32::MAX))
    }

    fn between(self, low: Duration, high: Duration) -> Duration {
        low + high.saturating_sub(low).mul_f64(self.0)
    }
}

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// A carrier took it.
    Submitted,
    /// Send through this carrier.
    Send(CarrierName),
    /// Keep the message in hand and look again after the wait.
    Hold {
        /// How long.
        wait: Duration,
        /// Set for the quick retry: the same carrier again, not a new round.
        repeat: Option<CarrierName>,
    },
    /// Leave it to the store; the scheduler looks again after the wait.
    Leave {
        /// How long.
        wait: Duration,
    },
    /// It is over.
    End {
        /// How it ended.
        status: DeliveryStatus,
        /// Why.
        reason: Reason,
        /// When asking again may help.
        retry_after: Option<Duration>,
    },
}

/// Decides what happens to a message now.
pub fn next_step(event: Event, facts: &Facts<'_>) -> NextStep {
    if let Event::Ended { class, .. } = event
        && let Some(step) = settled(class, facts)
    {
        return step;
    }
    if facts.fenced {
        return end(facts, DeliveryStatus::Cancelled, Reason::Fenced);
    }
    if facts.deadline_left < LEAST_VALIDITY {
        return end(facts, DeliveryStatus::Expired, Reason::DeadlineExceeded);
    }
    let limit = if facts.mode == AcceptMode::Carrier {
        MOST_WHILE_ASKED
    } else {
        MOST_EVER
    };
    let patience_over = facts.budget_left.is_some_and(|left| left < LEAST_ATTEMPT);
    if patience_over || facts.progress.charged() >= limit || facts.progress.attempts() >= MOST_EVER {
        return end(facts, DeliveryStatus::Failed, refusal(facts));
    }
    match next_carrier(facts.candidates, facts.progress, facts.mode) {
        Some(carrier) => NextStep::Send(carrier.clone()),
        None => wait(event, facts),
    }
}

/// The outcomes that settle the matter whatever else is true.
fn settled(class: OutcomeClass, facts: &Facts<'_>) -> Option<NextStep> {
    let failed = |reason| Some(end(facts, DeliveryStatus::Failed, reason));
    match class {
        OutcomeClass::Accepted => Some(NextStep::Submitted),
        // The same number is as invalid, and the same person as unwilling, everywhere.
        OutcomeClass::InvalidNumber => failed(Reason::InvalidNumber),
        OutcomeClass::OptedOut => failed(Reason::OptedOut),
        OutcomeClass::TooLong => failed(Reason::TooLong),
        OutcomeClass::Blocked if facts.policy.on_blocked == Onward::Stop => failed(Reason::Blocked),
        OutcomeClass::Expired => Some(end(facts, DeliveryStatus::Expired, Reason::DeadlineExceeded)),
        // At most one copy more than wanted, and only where the route accepts one.
        OutcomeClass::Ambiguous
            if facts.policy.lost_answer == Onward::Stop || facts.progress.ambiguous() > 1 =>
        {
            Some(end(facts, DeliveryStatus::Unknown, Reason::OutcomeUnknown))
        }
        _ => None,
    }
}

/// An end says what is known: once an answer was lost, nothing later can say "not sent".
fn end(facts: &Facts<'_>, status: DeliveryStatus, reason: Reason) -> NextStep {
    if facts.progress.ambiguous() > 0 {
        let (status, reason) = (DeliveryStatus::Unknown, Reason::OutcomeUnknown);
        return NextStep::End {
            status,
            reason,
            retry_after: None,
        };
    }
    let soonest = facts
        .candidates
        .iter()
        .filter_map(|candidate| candidate.pause)
        .map(|pause| pause.left)
        .min();
    let retry_after = (reason == Reason::CarrierThrottled).then(|| soonest.unwrap_or(DEFAULT_PAUSE));
    NextStep::End {
        status,
        reason,
        retry_after,
    }
}

/// No carrier can be tried now: wait for one, if that still helps.
fn wait(event: Event, facts: &Facts<'_>) -> NextStep {
    let open = || {
        facts
            .candidates
            .iter()
            .filter(|candidate| !facts.progress.is_out(&candidate.carrier, facts.mode))
    };
    if open().next().is_none() {
        return end(facts, DeliveryStatus::Failed, refusal(facts));
    }
    if let Some(carrier) = quick_retry(event, facts)
        && open().any(|candidate| candidate.carrier == *carrier && candidate.pause.is_none())
    {
        let wait = facts.jitter.between(QUICK.0, QUICK.1);
        if fits(wait, facts) {
            return NextStep::Hold {
                wait,
                repeat: Some(carrier.clone()),
            };
        }
    }
    let asked = match event {
        Event::Ended {
            class: OutcomeClass::RateLimited,
            retry_after,
        } => retry_after.unwrap_or(DEFAULT_PAUSE),
        _ => Duration::ZERO,
    };
    let all_paused = open()
        .map(|candidate| candidate.pause.map(|pause| pause.left))
        .min()
        .flatten();
    let wait = match all_paused {
        Some(left) => left.max(BASE) + facts.jitter.between(Duration::ZERO, AFTER_PAUSE),
        None => last_chance(backoff(facts).max(asked), facts),
    };
    match facts.mode {
        AcceptMode::Carrier if fits(wait, facts) => NextStep::Hold { wait, repeat: None },
        AcceptMode::Carrier => end(facts, DeliveryStatus::Failed, refusal(facts)),
        // Where no attempt fits any more, what is left to wait for is the deadline.
        AcceptMode::Stored if fits(wait, facts) => NextStep::Leave { wait },
        AcceptMode::Stored => NextStep::Leave {
            wait: facts.deadline_left,
        },
    }
}

/// One quick retry in a message's life, and only after a failure that may be gone in a moment.
fn quick_retry<'f>(event: Event, facts: &Facts<'f>) -> Option<&'f CarrierName> {
    match event {
        Event::Ended {
            class: OutcomeClass::Temporary | OutcomeClass::PluginFault,
            ..
        } if !facts.progress.quick_retry_used() => facts.progress.last().map(|past| &past.carrier),
        _ => None,
    }
}

fn backoff(facts: &Facts<'_>) -> Duration {
    let cap = if facts.mode == AcceptMode::Carrier {
        CAP_WHILE_ASKED
    } else {
        CAP_STORED
    };
    let previous = facts.progress.backoff().unwrap_or(BASE);
    facts.jitter.between(BASE, previous.saturating_mul(3)).min(cap)
}

/// A stored message gets its last attempt just before its deadline, not a wait beyond it.
fn last_chance(wait: Duration, facts: &Facts<'_>) -> Duration {
    let room = facts.deadline_left.saturating_sub(LEAST_VALIDITY * 2);
    if facts.mode == AcceptMode::Stored && room >= BASE {
        wait.min(room)
    } else {
        wait
    }
}

fn fits(wait: Duration, facts: &Facts<'_>) -> bool {
    wait + LEAST_VALIDITY <= facts.deadline_left
        && facts.budget_left.is_none_or(|left| wait + LEAST_ATTEMPT <= left)
}

/// How a message ends whose next carrier knows that this person opted out.
pub fn opted_out(progress: &Progress) -> (DeliveryStatus, Reason) {
    if progress.ambiguous() > 0 {
        return (DeliveryStatus::Unknown, Reason::OutcomeUnknown);
    }
    (DeliveryStatus::Failed, Reason::OptedOut)
}

/// Why no carrier took it, as one word: the one that tells the caller most about asking again.
///
/// A carrier that only asked for a pause will take the next message, and one that failed may; the
/// rest need somebody to mend something, so the last carrier's word is named.
fn refusal(facts: &Facts<'_>) -> Reason {
    if facts.candidates.is_empty() {
        return Reason::NoRoute;
    }
    let words: Vec<Reason> = facts
        .candidates
        .iter()
        .filter_map(|candidate| last_word(candidate, facts.progress))
        .collect();
    [Reason::CarrierThrottled, Reason::CarrierFailed]
        .into_iter()
        .find(|reason| words.contains(reason))
        .or_else(|| words.last().copied())
        .unwrap_or(Reason::CarrierFailed)
}

/// What a carrier has to say against this message: its present pause, or its last outcome.
fn last_word(candidate: &Candidate, progress: &Progress) -> Option<Reason> {
    if let Some(pause) = candidate.pause {
        return Some(match pause.cause {
            PauseCause::Throttled => Reason::CarrierThrottled,
            PauseCause::Unauthorized => Reason::CarrierUnauthorized,
            PauseCause::NoFunds => Reason::CarrierNoFunds,
            PauseCause::LeftAlone => Reason::CarrierFailed,
        });
    }
    let last = progress
        .past()
        .iter()
        .rev()
        .find(|past| past.carrier == candidate.carrier)?;
    Some(match last.class {
        OutcomeClass::RateLimited => Reason::CarrierThrottled,
        OutcomeClass::Unauthorized => Reason::CarrierUnauthorized,
        OutcomeClass::NoFunds => Reason::CarrierNoFunds,
        OutcomeClass::SenderNotAllowed => Reason::SenderNotAllowed,
        OutcomeClass::Blocked => Reason::Blocked,
        OutcomeClass::BadRequest | OutcomeClass::Unsupported => Reason::CarrierRejected,
        _ => Reason::CarrierFailed,
    })
}

#[cfg(test)]
mod tests;
