//! The memory of what waits on a connection: of each by itself, and of all that the instance has.

use super::{Connected, Phase};
use crate::broken::Broken;
use tokio::time::Instant;

/// More bytes than `ALDIS_WRITE_LIMIT`.
pub(super) const TOO_MUCH: &str = "has more than 4 MiB waiting for the carrier to take";

/// More than one instance may take of delivery's memory, however many links it has.
const TOO_MUCH_TOGETHER: &str = "has more than 32 MiB waiting on all of its links together";

impl Connected<'_> {
    /// Queues bytes of a message, or of none.
    pub(super) fn queue(&mut self, bytes: &[u8], token: Option<u64>, now: Instant) -> Result<(), Broken> {
        if matches!(self.phase, Phase::Deaf(..)) || bytes.is_empty() {
            return Ok(());
        }
        if self.outbox.is_empty() {
            self.moved = now;
        }
        if self.outbox.push(bytes, token) {
            return self.weigh();
        }
        Err(TOO_MUCH.into())
    }

    /// Takes the memory of what waits here out of the share, or gives back what has left. The link that goes over what
    /// all may have together ends: nothing says which of them is to blame, and with it room is made for the others.
    pub(super) fn weigh(&mut self) -> Result<(), Broken> {
        if self
            .share
            .hold(self.outbox.weight() + self.farewell.len() + self.heavy)
        {
            return Ok(());
        }
        Err(TOO_MUCH_TOGETHER.into())
    }
}
