//! Who is being delivered right now, and who is listening.
//!
//! A caller that goes away fences its message; several callers may listen to one (a repeated
//! idempotency key attaches), and the last one to leave fences it.
//!
//! "It is stored" is a promise that is given once for all callers: before it is given, nothing of a stored message goes
//! on the wire, and once it was withdrawn nobody is told so any more.

use aldis_message::MessageId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

/// The messages in this process's hands.
#[derive(Default)]
pub(crate) struct Running {
    flights: Mutex<HashMap<MessageId, Arc<Shared>>>,
}

#[derive(Default)]
struct Shared {
    listeners: AtomicUsize,
    deserted: CancellationToken,
    landed: CancellationToken,
    promise: watch::Sender<Promise>,
}

/// The state of the promise that a message is stored. It is decided once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Promise {
    #[default]
    Open,
    Given,
    Withdrawn,
}

impl Shared {
    /// Decides the promise, unless that was done before; true if it is `so` now.
    fn decide(&self, so: Promise) -> bool {
        self.promise.send_if_modified(|promise| {
            let open = *promise == Promise::Open;
            if open {
                *promise = so;
            }
            open
        });
        *self.promise.borrow() == so
    }
}

/// Held by the task that delivers; its end is the landing.
pub(crate) struct Flight {
    id: MessageId,
    shared: Arc<Shared>,
    running: Arc<Running>,
}

/// Held by a caller for as long as it waits.
pub(crate) struct Listener {
    shared: Arc<Shared>,
}

impl Running {
    /// Registers a message, before it is accepted, so that no repetition can miss it.
    pub(crate) fn begin(self: &Arc<Self>, id: MessageId) -> Flight {
        let shared = Arc::new(Shared::default());
        self.flights().insert(id, Arc::clone(&shared));
        Flight {
            id,
            shared,
            running: Arc::clone(self),
        }
    }

    /// Listens to a message that is under way.
    pub(crate) fn listen(&self, id: MessageId) -> Option<Listener> {
        self.flights().get(&id).map(Listener::new)
    }

    fn flights(&self) -> std::sync::MutexGuard<'_, HashMap<MessageId, Arc<Shared>>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flight {
    /// Listens to this message.
    pub(crate) fn listen(&self) -> Listener {
        Listener::new(&self.shared)
    }

    /// Cancelled when the last listener has left.
    pub(crate) fn deserted(&self) -> CancellationToken {
        self.shared.deserted.clone()
    }

    /// Waits until a caller was told that the message is stored; false if nobody was, and then nobody will be. The wait
    /// ends when the callers' time is over, or when all have left and no other can come: `others` may where there is an
    /// idempotency key, which a repetition attaches by.
    pub(crate) async fn promised(&self, until: Instant, others: bool) -> bool {
        let mut promise = self.shared.promise.subscribe();
        let decided = async {
            // The sender is ours, so the channel is open.
            let _ = promise.wait_for(|promise| *promise != Promise::Open).await;
        };
        let deserted = async {
            self.shared.deserted.cancelled().await;
            if others {
                std::future::pending::<()>().await;
            }
        };
        let waiting = async {
            tokio::select! {
                () = decided => {}
                () = deserted => {}
            }
        };
        let _ = timeout_at(until, waiting).await;
        !self.shared.decide(Promise::Withdrawn)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut flights = self.running.flights();
        // The scheduler may have begun another one since.
        let own = flights
            .get(&self.id)
            .is_some_and(|shared| Arc::ptr_eq(shared, &self.shared));
        if own {
            flights.remove(&self.id);
        }
        drop(flights);
        self.shared.landed.cancel();
    }
}

impl Listener {
    fn new(shared: &Arc<Shared>) -> Self {
        shared.listeners.fetch_add(1, Ordering::SeqCst);
        Self {
            shared: Arc::clone(shared),
        }
    }

    /// Gives the promise that the message is stored; false if it was withdrawn before.
    pub(crate) fn promise(&self) -> bool {
        self.shared.decide(Promise::Given)
    }

    /// Waits until the message is out of hand.
    pub(crate) async fn landed(&self) {
        self.shared.landed.cancelled().await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if self.shared.listeners.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.shared.deserted.cancel();
        }
    }
}

#[cfg(test)]
mod tests;
