//! Messages that are over, because their time is up or their caller has left, and what becomes of their bytes.

use super::{Connected, Stop};
use tokio::time::Instant;

impl Connected<'_> {
    /// Ends what is over: what has not begun to leave is taken back. `Some`: the link has to end, so that nothing more of
    /// a message leaves.
    pub(super) fn expire(&mut self, now: Instant) -> Option<Stop> {
        let at = self.keeper.moment();
        let taken = self.outbox.take_back(|token| self.flight.is_over(token, at));
        self.flight.count_anew(&taken);
        let mut more = false;
        for token in &taken.whole {
            more |= self.flight.withhold(*token, at);
        }
        self.flight.expire(now);
        let (left, socket) = (self.outbox.left(), &self.socket);
        if taken.begun.is_some() || self.flight.is_stalled(now, left, || socket.unacknowledged()) {
            return Some(Stop::Stalled(
                "the carrier takes no bytes, and a message on the way to it is over",
            ));
        }
        more.then(Stop::parts)
    }
}
