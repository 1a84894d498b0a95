//! Who is being delivered right now, and who is listening.
//!
//! A caller that goes away fences its message; several callers may listen to one (a repeated
//! idempotency key attaches), and the last one to leave fences it.

use aldis_message::MessageId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.running.flights().remove(&self.id);
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
