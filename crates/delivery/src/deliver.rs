//! The one loop. Whoever accepts a message, claims one or takes one over ends up here.
//!
//! Each turn does one thing: an attempt, or a wait. Then the decision is made ([`next_step`]) and
//! written ([`Store::record_attempt`]) before anybody acts on it: an attempt's intent before the
//! wire, its outcome before the answer. No store connection is held while a carrier works.
//!
//! [`Store::record_attempt`]: crate::store::Store::record_attempt

use crate::carriers::{Handover, Pinned};
use crate::engine::Engine;
use crate::progress::Progress;
use crate::retry::{self, Event, Facts, Jitter, NextStep, next_step};
use crate::routing::Asked;
use crate::store::{Ended, Held, Lease, Next, Open, Recorded, StoreError};
use aldis_message::{AcceptMode, OutcomeClass, UnixMillis};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A message in hand, and all that decides its way.
pub(crate) struct Work {
    pub(crate) held: Arc<Held>,
    pub(crate) progress: Progress,
    pub(crate) caller: Caller,
    pub(crate) accepted_at: UnixMillis,
}

/// Who waits for the outcome.
#[derive(Clone)]
pub(crate) enum Caller {
    /// Somebody, until then, unless they leave before.
    Waits { until: Instant, gone: CancellationToken },
    /// Nobody.
    Nobody,
}

/// What the next turn does.
pub(crate) enum Turn {
    /// An attempt whose intent is durable, through the carrier that was held for it.
    Send(Open, Pinned),
    /// A wait.
    Wait(Duration),
}

/// Delivers a message: until a carrier took it, it ended, or it is left to the store.
pub(crate) async fn deliver(
    engine: &Engine,
    mut work: Work,
    lease: Lease,
    mut turn: Turn,
) -> Result<(), StoreError> {
    loop {
        let (event, ended) = match turn {
            Turn::Send(open, pinned) => attempt(engine, &mut work, open, pinned).await,
            Turn::Wait(wait) => {
                work.caller.wait(wait).await;
                (Event::Due, None)
            }
        };
        let now = engine.clock.now();
        let (step, pinned) = work.decide(engine, event, now);
        let recorded = engine
            .store
            .record_attempt(&lease, ended, work.next(&step, now), now)
            .await?;
        turn = match (recorded, step, pinned) {
            (Recorded::Opened(open), _, Some(pinned)) => Turn::Send(open, pinned),
            (Recorded::Held, NextStep::Hold { wait, repeat }, _) => {
                work.progress.hold(wait, repeat);
                Turn::Wait(wait)
            }
            (recorded, _, _) => {
                engine.settled(&work, &recorded, now);
                return Ok(());
            }
        };
    }
}

/// Hands the message to a carrier and hears what came of it.
async fn attempt(engine: &Engine, work: &mut Work, open: Open, pinned: Pinned) -> (Event, Option<Ended>) {
    let handover = Handover {
        held: &work.held,
        open: &open,
        caller: &work.caller,
        callback_urls: &engine.callback_urls,
        clock: &engine.clock,
    };
    let outcome = engine.carriers.submit(pinned, handover).await;
    work.progress.ended(open.carrier.clone(), outcome.class);
    let event = Event::Ended {
        class: outcome.class,
        retry_after: outcome.retry_after,
    };
    let (class, code, carrier_ids) = (outcome.class, outcome.code, outcome.carrier_ids);
    let (message_id, carrier, outcome, said) = (work.held.id, &open.carrier, class.as_str(), code.as_deref());
    match class {
        OutcomeClass::Unauthorized | OutcomeClass::NoFunds | OutcomeClass::PluginFault => {
            tracing::error!(%message_id, %carrier, outcome, code = said, "carrier needs an operator");
        }
        _ => tracing::info!(%message_id, %carrier, outcome, code = said, "attempt ended"),
    }
    (
        event,
        Some(Ended {
            attempt: open,
            class,
            code,
            carrier_ids,
        }),
    )
}

impl Work {
    /// The pure decision, with the facts of this moment: a reload may have changed the route since the last one. A
    /// carrier that is to be sent through is held until the attempt has ended.
    pub(crate) fn decide(
        &self,
        engine: &Engine,
        event: Event,
        now: UnixMillis,
    ) -> (NextStep, Option<Pinned>) {
        let jitter = Jitter::new(engine.random_bits());
        loop {
            let (policy, candidates) = engine.carriers.way(&self.asked());
            let facts = Facts {
                progress: &self.progress,
                candidates: &candidates,
                policy,
                mode: self.held.message.accept,
                deadline_left: self.held.message.deadline.remaining(now),
                budget_left: self.caller.patience(),
                fenced: self.caller.is_gone(),
                jitter,
            };
            let step = next_step(event, &facts);
            let NextStep::Send(carrier) = &step else {
                return (step, None);
            };
            if let Some(pinned) = engine.carriers.pin(carrier) {
                return (step, Some(pinned));
            }
            // Gone between the look and the grasp: there is another line-up to look at.
        }
    }

    fn asked(&self) -> Asked<'_> {
        let message = &self.held.message;
        Asked {
            to: &message.to,
            tenant: message.tenant.as_ref(),
            client: &self.held.client,
            class: message.class,
        }
    }

    /// The decision as the store writes it.
    fn next(&self, step: &NextStep, now: UnixMillis) -> Next {
        match step {
            NextStep::Submitted => Next::Submitted,
            NextStep::Send(carrier) => Next::Send {
                carrier: carrier.clone(),
                if_opted_out: retry::opted_out(&self.progress),
            },
            NextStep::Hold { .. } => Next::Hold,
            NextStep::Leave { wait } => Next::Leave {
                next_at: now.plus(*wait),
                backoff: Some(*wait),
            },
            NextStep::End { status, reason, .. } => Next::End {
                status: *status,
                reason: *reason,
            },
        }
    }
}

impl Caller {
    /// The caller of a message: only those that asked for a carrier's word are waited for.
    pub(crate) fn of(mode: AcceptMode, until: Instant, gone: CancellationToken) -> Self {
        match mode {
            AcceptMode::Carrier => Self::Waits { until, gone },
            AcceptMode::Stored => Self::Nobody,
        }
    }

    /// How much longer somebody waits.
    pub(crate) fn patience(&self) -> Option<Duration> {
        match self {
            Self::Waits { until, .. } => Some(until.saturating_duration_since(Instant::now())),
            Self::Nobody => None,
        }
    }

    /// Whether somebody waited and has left, or has had an answer by now.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self, Self::Waits { gone, .. } if gone.is_cancelled())
    }

    /// Returns a token that is cancelled once somebody waited and has left, or has had an answer.
    pub(crate) fn gone(&self) -> CancellationToken {
        match self {
            Self::Waits { gone, .. } => gone.clone(),
            Self::Nobody => CancellationToken::new(),
        }
    }

    async fn wait(&self, wait: Duration) {
        match self {
            Self::Waits { gone, .. } => {
                let _ = tokio::time::timeout(wait, gone.cancelled()).await;
            }
            Self::Nobody => tokio::time::sleep(wait).await,
        }
    }
}
