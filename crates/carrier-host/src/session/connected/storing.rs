//! The events that the carrier tells, on their way into the store.

use super::{Connected, MOST_EVENTS};
use crate::border::RawEvent;
use crate::broken::Broken;
use crate::limits;
use crate::session::events::Stored;
use crate::verdict;
use std::pin::Pin;
use tokio::time::Instant;

/// No more than one call may tell besides those for which the carrier has to wait: who tells more, without having heard
/// anything, breaks the contract.
const TOO_MANY: usize = MOST_EVENTS + limits::EVENTS;
const TOO_HEAVY: usize = 2 * limits::CALL;

/// An event's way into the store; then what to answer, and the memory that the event took.
pub(super) type Storing = Pin<Box<dyn Future<Output = (Vec<u8>, usize)> + Send>>;

impl Connected<'_> {
    /// Sends an event on its way; the answer for the carrier follows when it is stored.
    pub(super) fn store(&mut self, event: RawEvent, ack: Vec<u8>, nack: Vec<u8>) -> Result<(), Broken> {
        let weight = event.weight() + ack.len() + nack.len();
        if self.storing.len() >= TOO_MANY || self.heavy + weight > TOO_HEAVY {
            return Err("tells more events than can be stored in time".into());
        }
        self.heavy += weight;
        self.weigh()?;
        let stored: Stored = match verdict::event(event) {
            Ok(event) => self.keeper.events.take(self.keeper.resident.name(), event),
            Err(broken) => {
                self.keeper.resident.note_fault(&broken.into());
                Box::pin(std::future::ready(false))
            }
        };
        self.storing.push(Box::pin(async move {
            (if stored.await { ack } else { nack }, weight)
        }));
        Ok(())
    }

    /// An event is in the store, or cannot be.
    pub(super) fn stored(&mut self, (answer, weight): &(Vec<u8>, usize), now: Instant) -> Result<(), Broken> {
        self.heavy -= weight;
        self.queue(answer, None, now)
    }
}
