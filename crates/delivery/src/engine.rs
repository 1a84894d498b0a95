//! The engine: takes a message in, has it delivered, and answers from its row.

use crate::answer::{answer, refusal};
use crate::carriers::{Carriers, Pinned};
use crate::deliver::{Caller, Turn, Work, deliver};
use crate::metrics::Metrics;
use crate::progress::Progress;
use crate::receipts::CallbackUrls;
use crate::recovery;
use crate::reload::Reload;
use crate::retry::{Event, LEAST_ATTEMPT, NextStep};
use crate::running::{Flight, Running};
use crate::store::{Accepted, Arrival, First, Held, Lease, Open, Recorded, Store};
use aldis_daemon::clock;
use aldis_delivery_api::{DeliveryError, ErrorKind, MessageView, Sent};
use aldis_message::{AcceptMode, ClientName, DeliveryStatus, MessageId, NewMessage, Reason, UnixMillis};
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// When to ask again after "too much work": a message's usual time in hand.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// What a caller waits beyond its patience for the last commit to be read back.
const LAST_COMMIT: Duration = Duration::from_millis(200);

/// Everything a message meets on its way.
pub(crate) struct Engine {
    pub(crate) store: Store,
    pub(crate) carriers: Carriers,
    pub(crate) metrics: Metrics,
    /// The addresses that carriers call back.
    pub(crate) callback_urls: CallbackUrls,
    pub(crate) running: Arc<Running>,
    /// Messages that may be in hand because somebody sent them.
    pub(crate) places: Arc<Semaphore>,
    /// Every task that has a message in hand.
    pub(crate) tasks: TaskTracker,
    /// Something was left to the scheduler.
    pub(crate) due: Notify,
    /// Nothing new is taken any more.
    pub(crate) draining: CancellationToken,
    /// How the settings are read again; never, if it is not set.
    pub(crate) reload: OnceLock<Reload>,
}

/// What became of a request at the door.
enum Admitted {
    New,
    Replayed(MessageId),
}

impl Engine {
    /// Sends a message, and answers when what it asked for is durable.
    pub(crate) async fn send(
        self: &Arc<Self>,
        client: ClientName,
        message: NewMessage,
        patience: Duration,
    ) -> Result<Sent, DeliveryError> {
        if self.draining.is_cancelled() {
            let error = DeliveryError::new(ErrorKind::ShuttingDown, "delivery is stopping");
            return Err(error.retry_after(ASK_AGAIN));
        }
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            DeliveryError::new(ErrorKind::Overloaded, "too many messages are under way")
                .retry_after(ASK_AGAIN)
        })?;
        let accept = message.accept;
        let now = clock::now();
        let held = Arc::new(Held {
            id: fresh_id(now)?,
            client: client.clone(),
            message,
        });
        // Registered before it is accepted: a repetition in the same commit finds it.
        let flight = self.running.begin(held.id);
        let mut id = held.id;
        let mut listener = Some(flight.listen());
        let (tell, told) = oneshot::channel();
        // A task of its own: the server drops this future when the caller's time is over.
        self.tasks
            .spawn(Arc::clone(self).take(held, flight, place, patience, now, tell));
        let mut replayed = false;
        if let Admitted::Replayed(first) = told.await.map_err(|_| lost())?? {
            (id, replayed) = (first, true);
            listener = self.running.listen(first);
        }
        if let (AcceptMode::Carrier, Some(listener)) = (accept, listener)
            && tokio::time::timeout(patience + LAST_COMMIT, listener.landed())
                .await
                .is_err()
        {
            // Dropping the listener fences it; what is on the wire now nobody can know.
            return Err(refusal(Reason::OutcomeUnknown, None).about(id));
        }
        let message = self.read(&client, id).await?;
        answer(message, self.carriers.soonest_resume()).map(|message| Sent { message, replayed })
    }

    /// One message of this client.
    pub(crate) async fn message(
        &self,
        client: &ClientName,
        id: MessageId,
    ) -> Result<MessageView, DeliveryError> {
        self.read(client, id).await.map(|record| record.view)
    }

    async fn read(&self, client: &ClientName, id: MessageId) -> Result<crate::store::Record, DeliveryError> {
        let found = self.store.message(client, &id).await;
        found
            .map_err(|error| store_failed(&error).about(id))?
            .ok_or_else(|| DeliveryError::new(ErrorKind::NotFound, "no message of this client has this id"))
    }

    /// Accepts a message and, if it is new and to be sent now, delivers it.
    async fn take(
        self: Arc<Self>,
        held: Arc<Held>,
        flight: Flight,
        _place: OwnedSemaphorePermit,
        patience: Duration,
        now: UnixMillis,
        tell: oneshot::Sender<Result<Admitted, DeliveryError>>,
    ) {
        let caller = Caller::of(held.message.accept, patience, flight.deserted());
        let work = Work {
            held,
            progress: Progress::default(),
            caller,
            accepted_at: now,
        };
        let (step, pinned) = work.decide(&self, Event::Due, now);
        let first = match &step {
            NextStep::Send(carrier) => First::Send(carrier.clone()),
            NextStep::Hold { .. } => First::Hold,
            NextStep::Leave { wait } => First::Leave(now.plus(*wait)),
            NextStep::Submitted | NextStep::End { .. } => First::Refuse,
        };
        let arrival = Arrival {
            held: Arc::clone(&work.held),
            first,
            now,
        };
        match self.store.accept(arrival).await {
            Ok(Accepted::New {
                lease,
                open,
                superseded,
            }) => {
                self.accepted(&work, superseded);
                // The caller may be gone already; the message is delivered or fenced all the same.
                let _ = tell.send(Ok(Admitted::New));
                self.begin(work, lease, open.zip(pinned), step, now).await;
            }
            Ok(Accepted::Replayed(id)) => drop(tell.send(Ok(Admitted::Replayed(id)))),
            Ok(Accepted::Conflict(id)) => {
                let detail = "this idempotency key came before with other content";
                drop(tell.send(Err(
                    DeliveryError::new(ErrorKind::IdempotencyConflict, detail).about(id),
                )));
            }
            Ok(Accepted::Refused) => drop(tell.send(Err(refused_at_the_door(&step, &work.caller)))),
            Err(error) => drop(tell.send(Err(store_failed(&error)))),
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
            (None, NextStep::Leave { .. }) => return self.due.notify_one(),
            (None, _) => {
                let opted_out = Recorded::Settled(DeliveryStatus::Failed, Some(Reason::OptedOut));
                return self.settled(&work, &opted_out, now);
            }
        };
        self.carry(work, lease, turn).await;
    }

    /// Has a message in hand until it is out of it, whatever happens.
    pub(crate) async fn carry(&self, work: Work, lease: Lease, turn: Turn) {
        let _in_hand = self.metrics.in_hand();
        let id = lease.id();
        match AssertUnwindSafe(deliver(self, work, lease, turn))
            .catch_unwind()
            .await
        {
            Ok(Ok(())) => return,
            Ok(Err(error)) => tracing::error!(message_id = %id, %error, "outcome could not be recorded"),
            Err(_) => tracing::error!(message_id = %id, "delivery of one message failed by a fault of ours"),
        }
        if let Err(error) = recovery::settle_one(self, id).await {
            tracing::error!(message_id = %id, %error, "message is left to the next start");
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

    /// A message is out of hand.
    pub(crate) fn settled(&self, work: &Work, recorded: &Recorded, now: UnixMillis) {
        let message_id = work.held.id;
        match recorded {
            Recorded::Settled(DeliveryStatus::Queued, _) => {
                tracing::info!(%message_id, "message waits for its next try");
                self.due.notify_one();
            }
            Recorded::Settled(status, reason) => {
                let class = work.held.message.class;
                self.metrics.message(class, *status, *reason, 1);
                match status {
                    DeliveryStatus::Submitted => self.metrics.submitted(work.accepted_at, now),
                    // The receipt was there before the answer.
                    DeliveryStatus::Delivered | DeliveryStatus::Undelivered => {
                        self.metrics.message(class, DeliveryStatus::Submitted, None, 1);
                        self.metrics.submitted(work.accepted_at, now);
                    }
                    _ => {}
                }
                let reason = reason.map(Reason::as_str);
                tracing::info!(%message_id, state = status.as_str(), reason, "message settled");
            }
            Recorded::Fenced => tracing::info!(%message_id, "message was decided elsewhere"),
            Recorded::Held | Recorded::Opened(_) => {}
        }
    }

    /// For jitter: 32 random bits.
    #[expect(
        clippy::unused_self,
        reason = "where randomness comes from is the engine's to know"
    )]
    pub(crate) fn random_bits(&self) -> u32 {
        let mut bits = [0; 4];
        // Without randomness waits merely lose their jitter.
        let _ = aws_lc_rs::rand::fill(&mut bits);
        u32::from_be_bytes(bits)
    }
}

fn fresh_id(now: UnixMillis) -> Result<MessageId, DeliveryError> {
    let mut random = [0; 10];
    aws_lc_rs::rand::fill(&mut random)
        .map_err(|_| DeliveryError::new(ErrorKind::Internal, "the system has no randomness"))?;
    Ok(MessageId::from_parts(now, random))
}

/// Nothing was stored, because nothing could be done with it.
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

fn store_failed(error: &crate::store::StoreError) -> DeliveryError {
    tracing::error!(%error, "store call failed");
    DeliveryError::new(ErrorKind::Internal, "the store failed")
}

fn lost() -> DeliveryError {
    DeliveryError::new(ErrorKind::Internal, "the request was lost by a fault of ours")
}
