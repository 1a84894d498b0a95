//! The engine: takes a message in, has it delivered, and answers from its row.

mod take;

use crate::answer::{answer, refusal};
use crate::carriers::Carriers;
use crate::clients::Clients;
use crate::clocks::Skews;
use crate::deliver::{Turn, Work, deliver};
use crate::metrics::Metrics;
use crate::receipts::{self, CallbackUrls};
use crate::recovery;
use crate::reload::Reload;
use crate::running::{Listener, Running};
use crate::store::{Accepted, Held, Lease, Recorded, Store, StoreError};
use aldis_daemon::addresses::Shown;
use aldis_daemon::clock::SteadyClock;
use aldis_daemon::complaints::Complaints;
use aldis_delivery_api::{DeliveryError, ErrorKind, MessageView, Sent};
use aldis_message::{AcceptMode, ClientName, DeliveryStatus, MessageId, NewMessage, Reason, UnixMillis};
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use take::Admitted;
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

/// When to ask again after "too much work": a message's usual time in hand.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// The pause before asking again after "the disk is full": somebody must make room.
const ROOM_AGAIN: Duration = Duration::from_secs(10);

/// What a caller waits beyond its patience for the last commit to be read back.
const LAST_COMMIT: Duration = Duration::from_millis(200);

/// Everything a message meets on its way.
pub(crate) struct Engine {
    pub(crate) store: Store,
    pub(crate) clients: Clients,
    pub(crate) carriers: Carriers,
    pub(crate) metrics: Metrics,
    /// The lines about callers whose token is no client's, which anybody may cause.
    pub(crate) refusals: Complaints<&'static str>,
    pub(crate) log_addresses: Shown,
    /// The time of lives and waits.
    pub(crate) clock: SteadyClock,
    /// The clients whose clocks differ from ours.
    pub(crate) skews: Skews,
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
    /// The complaints about what carriers tell over their links.
    pub(crate) complaints: receipts::Complaints,
    /// Cancelled when what is still in hand is left to the next start: whoever waits for it is told that its outcome is
    /// unknown.
    pub(crate) given_up: CancellationToken,
    /// How the settings are read again; never, if it is not set.
    pub(crate) reload: OnceLock<Reload>,
}

impl Engine {
    /// Sends a message, and answers when what it asked for is durable, or at `until`.
    pub(crate) async fn send(
        self: &Arc<Self>,
        client: ClientName,
        message: NewMessage,
        until: Instant,
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
        let now = self.clock.now();
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
        // A task of its own: the server drops this future when the caller's time is over. Its lines keep the request's name.
        self.tasks.spawn(
            Arc::clone(self)
                .take(held, flight, place, until, now, tell)
                .in_current_span(),
        );
        // Whoever is not told in time is not told at all, and then nothing is sent.
        let told = timeout_at(until, told).await.map_err(|_| too_late())?;
        let mut replayed = false;
        if let Admitted::Replayed(first) = told.map_err(|_| lost())?? {
            (id, replayed) = (first, true);
            listener = self.running.listen(first);
        }
        let message = self.outcome(&client, id, accept, listener, until).await?;
        Ok(Sent { message, replayed })
    }

    /// Finds what became of a call whose answer was lost, and sends nothing. `None`: nothing was sent by it, and
    /// nothing will be. While the service drains, too: it takes nothing new.
    pub(crate) async fn attach(
        &self,
        client: ClientName,
        message: NewMessage,
        until: Instant,
    ) -> Result<Option<MessageView>, DeliveryError> {
        let accept = message.accept;
        let attached = self.store.attach(client.clone(), message, self.clock.now());
        let attached = timeout_at(until, attached).await.map_err(|_| too_late())?;
        let id = match attached.map_err(|error| not_attached(&error))? {
            Accepted::Replayed(id) => id,
            Accepted::Conflict(id) => return Err(conflict(id)),
            Accepted::Closed => return Ok(None),
            _ => return Err(DeliveryError::invalid("send.idempotency_key", "is missing")),
        };
        let listener = self.running.listen(id);
        self.outcome(&client, id, accept, listener, until).await.map(Some)
    }

    /// The answer to a caller whose message is in the store: what its accept mode promises, as soon as it is true.
    async fn outcome(
        &self,
        client: &ClientName,
        id: MessageId,
        accept: AcceptMode,
        listener: Option<Listener>,
        until: Instant,
    ) -> Result<MessageView, DeliveryError> {
        if let (AcceptMode::Carrier, Some(listener)) = (accept, &listener) {
            let landed = self.given_up.run_until_cancelled(listener.landed());
            if !matches!(timeout_at(until + LAST_COMMIT, landed).await, Ok(Some(()))) {
                // Dropping the listener fences it; what is on the wire now nobody can know.
                return Err(refusal(Reason::OutcomeUnknown, None).about(id));
            }
        }
        // Accepted, and perhaps sent: whatever keeps its row from being read, nobody may be told to ask again.
        let unknown = |error: DeliveryError| match error.kind {
            ErrorKind::NotFound => error,
            _ => refusal(Reason::OutcomeUnknown, None).about(id),
        };
        let message = self.read(client, id).await.map_err(unknown)?;
        if let (AcceptMode::Stored, Some(listener)) = (accept, &listener) {
            if Instant::now() >= until {
                return Err(too_late().about(id));
            }
            if !listener.promise() {
                return Err(refusal(Reason::Fenced, None).about(id));
            }
        }
        answer(message, self.carriers.soonest_resume())
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
            .map_err(|error| unreadable(&error, id))?
            .ok_or_else(|| DeliveryError::new(ErrorKind::NotFound, "no message of this client has this id"))
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

fn conflict(id: MessageId) -> DeliveryError {
    let detail = "this idempotency key came before with other content";
    DeliveryError::new(ErrorKind::IdempotencyConflict, detail).about(id)
}

/// The caller's time was over before the message was stored, or before that could be said.
pub(crate) fn too_late() -> DeliveryError {
    let detail = "the time of the call was over before the message was stored";
    DeliveryError::new(ErrorKind::Timeout, detail)
}

/// The answer to a caller whose message was not sent. One that was to be stored, and may be, will be sent after the
/// next start.
fn not_accepted(error: &StoreError, accept: AcceptMode) -> DeliveryError {
    tracing::error!(%error, "message could not be accepted");
    match error {
        StoreError::Refused(_) => DeliveryError::new(ErrorKind::Internal, "the store refused the message"),
        StoreError::InDoubt(_) if accept == AcceptMode::Stored => refusal(Reason::OutcomeUnknown, None),
        StoreError::InDoubt(_) | StoreError::Broken(_) | StoreError::Closed => stopping(),
    }
}

/// The answer where nothing is known of the call that was asked about.
fn not_attached(error: &StoreError) -> DeliveryError {
    tracing::error!(%error, "call could not be looked up");
    refusal(Reason::OutcomeUnknown, None)
}

fn unreadable(error: &StoreError, id: MessageId) -> DeliveryError {
    tracing::error!(message_id = %id, %error, "message could not be read");
    let error = match error {
        StoreError::Refused(_) => {
            let detail = "the store's rows of this message cannot be read, the log says why";
            DeliveryError::new(ErrorKind::Internal, detail)
        }
        StoreError::InDoubt(_) | StoreError::Broken(_) | StoreError::Closed => stopping(),
    };
    error.about(id)
}

/// A store that failed ends the process.
fn stopping() -> DeliveryError {
    let detail = "delivery is stopping, because its store failed";
    DeliveryError::new(ErrorKind::ShuttingDown, detail).retry_after(ASK_AGAIN)
}

fn lost() -> DeliveryError {
    DeliveryError::new(ErrorKind::Internal, "the request was lost by a fault of ours")
}
