//! Takes a message in: accepted in one transaction, and begun only once its caller can count on it.

use super::{Engine, ROOM_AGAIN, conflict, not_accepted, too_late};
use crate::answer::refusal;
use crate::carriers::Pinned;
use crate::deliver::{Caller, Turn, Work};
use crate::progress::Progress;
use crate::retry::{Event, LEAST_ATTEMPT, NextStep};
use crate::running::Flight;
use crate::store::{Accepted, Arrival, Ended, First, Held, Lease, Level, Next, Open, Recorded, Waits};
use aldis_delivery_api::{DeliveryError, ErrorKind};
use aldis_message::{AcceptMode, DeliveryStatus, MessageId, OutcomeClass, Reason, UnixMillis};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::Instant;

/// The verdict on a request at the door.
pub(super) enum Admitted {
    New,
    Replayed(MessageId),
}

impl Engine {
    /// Accepts a message and, if it is new and its caller is told so in time, delivers it.
    pub(super) async fn take(
        self: Arc<Self>,
        held: Arc<Held>,
        flight: Flight,
        _place: OwnedSemaphorePermit,
        until: Instant,
        now: UnixMillis,
        tell: oneshot::Sender<Result<Admitted, DeliveryError>>,
    ) {
        let caller = Caller::of(held.message.accept, until, flight.deserted());
        let work = Work {
            held,
            progress: Progress::default(),
            caller,
            accepted_at: now,
        };
        let (step, pinned) = work.decide(&self, Event::Due, now);
        let full = self.store.room().level() == Level::Full;
        let first = match &step {
            _ if full => First::Refuse,
            NextStep::Send(carrier) => First::Send(carrier.clone()),
            // It is left to the scheduler only after its caller has been told.
            NextStep::Hold { .. } | NextStep::Leave { .. } => First::Hold,
            NextStep::Submitted | NextStep::End { .. } => First::Refuse,
        };
        let waits = Waits::until(until, flight.deserted());
        let arrival = Arrival {
            held: Arc::clone(&work.held),
            first,
            now,
            waits: waits.clone(),
        };
        match self.store.accept(arrival).await {
            Ok(Accepted::New {
                lease,
                open,
                superseded,
            }) => {
                self.accepted(&work, superseded);
                let told = tell.send(Ok(Admitted::New)).is_ok() && !waits.is_over();
                if told && counts_on_it(&work, &flight, until).await {
                    self.begin(work, lease, open.zip(pinned), step, now).await;
                } else {
                    self.withdraw(&work, &lease, open, now).await;
                }
            }
            Ok(Accepted::Replayed(id)) => drop(tell.send(Ok(Admitted::Replayed(id)))),
            Ok(Accepted::Conflict(id)) => drop(tell.send(Err(conflict(id)))),
            Ok(Accepted::Refused) if full => {
                let detail = "the store's disk is full, nothing new is accepted";
                let error = DeliveryError::new(ErrorKind::Overloaded, detail).retry_after(ROOM_AGAIN);
                drop(tell.send(Err(error)));
            }
            Ok(Accepted::Refused) => drop(tell.send(Err(refused_at_the_door(&step, &work.caller)))),
            Ok(Accepted::Deserted) => drop(tell.send(Err(too_late()))),
            // Whoever made this call has been told that nothing is sent by it.
            Ok(Accepted::Closed) => drop(tell.send(Err(refusal(Reason::Fenced, None)))),
            Err(error) => drop(tell.send(Err(not_accepted(&error, work.held.message.accept)))),
        }
        drop(flight);
    }

    /// The first turn of a new message.
    async fn begin(
        &self,
        mut work: Work,
        lease: Lease,
        open: Option<(Open, Pinned)>,
        step: NextStep,
        now: UnixMillis,
    ) {
        let turn = match (open, step) {
            (Some((open, pinned)), _) => Turn::Send(open, pinned),
            (None, NextStep::Hold { wait, repeat }) => {
                work.progress.hold(wait, repeat);
                Turn::Wait(wait)
            }
            // Decided once more, and left to the store then.
            (None, NextStep::Leave { .. }) => Turn::Wait(Duration::ZERO),
            (None, _) => {
                let opted_out = Recorded::Settled(DeliveryStatus::Failed, Some(Reason::OptedOut));
                return self.settled(&work, &opted_out, now);
            }
        };
        self.carry(work, lease, turn).await;
    }

    /// Ends a message that was stored too late for anybody to hear of it, before anything of it was on the wire.
    async fn withdraw(&self, work: &Work, lease: &Lease, open: Option<Open>, now: UnixMillis) {
        let ended = open.map(|attempt| Ended {
            attempt,
            class: OutcomeClass::Temporary,
            code: Some("caller_gone".to_owned()),
            carrier_ids: Vec::new(),
        });
        let end = Next::End {
            status: DeliveryStatus::Cancelled,
            reason: Reason::Fenced,
        };
        match self.store.record_attempt(lease, ended, end, now).await {
            Ok(recorded) => self.settled(work, &recorded, now),
            // As for every message whose outcome cannot be written: it is left to the next start.
            Err(error) => {
                tracing::error!(message_id = %work.held.id, %error, "message could not be withdrawn");
            }
        }
    }

    fn accepted(&self, work: &Work, superseded: usize) {
        let class = work.held.message.class;
        self.metrics.message(class, DeliveryStatus::Queued, None, 1);
        if superseded > 0 {
            self.metrics.message(
                class,
                DeliveryStatus::Cancelled,
                Some(Reason::Superseded),
                superseded,
            );
        }
        let client = &work.held.client;
        tracing::info!(message_id = %work.held.id, %client, class = class.as_str(), superseded, "message accepted");
    }
}

/// Tells whether the caller is there for what comes now: it waits for a carrier's word, or has been told that the message
/// is stored.
async fn counts_on_it(work: &Work, flight: &Flight, until: Instant) -> bool {
    let message = &work.held.message;
    match message.accept {
        AcceptMode::Carrier => true,
        AcceptMode::Stored => flight.promised(until, message.idempotency.is_some()).await,
    }
}

/// The answer where nothing was stored, because nothing could be done with it.
fn refused_at_the_door(step: &NextStep, caller: &Caller) -> DeliveryError {
    if caller.patience().is_some_and(|left| left < LEAST_ATTEMPT) {
        let detail = "the call leaves too little time to hand the message to a carrier";
        return DeliveryError::new(ErrorKind::Timeout, detail);
    }
    match step {
        NextStep::End {
            reason, retry_after, ..
        } => refusal(*reason, *retry_after),
        _ => DeliveryError::new(ErrorKind::Internal, "the message was refused without a reason"),
    }
}
