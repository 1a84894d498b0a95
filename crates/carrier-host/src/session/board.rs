//! What is known of each link: shown to the operator, and asked before a message is made to wait.

use aldis_carrier::Class;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// One link as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkMetrics {
    /// The library's name for it.
    pub name: String,
    /// There is a connection.
    pub connected: bool,
    /// So many messages may be in flight.
    pub window: u32,
    /// So many are.
    pub in_flight: usize,
    /// Connections made since the start.
    pub connects: u64,
    /// Connections that failed or were lost since the start.
    pub losses: u64,
    /// Messages whose answer was lost with the connection.
    pub ambiguous: u64,
    /// Answers that came after their message's time was up, or for none.
    pub stale: u64,
}

/// Those of one instance.
pub(super) struct Boards(Mutex<State>);

struct State {
    links: Vec<Board>,
    /// Since when none of them takes messages; `None`: one does.
    down_since: Option<Instant>,
}

struct Board {
    metrics: LinkMetrics,
    /// The library said that messages may be sent, since it is connected.
    sends: bool,
    /// Why it is not connected, if that is the account's fault.
    refused: Option<Class>,
}

impl Boards {
    pub(super) fn new(names: impl Iterator<Item = String>) -> Self {
        let board = |name| Board {
            metrics: LinkMetrics {
                name,
                connected: false,
                window: 0,
                in_flight: 0,
                connects: 0,
                losses: 0,
                ambiguous: 0,
                stale: 0,
            },
            sends: false,
            refused: None,
        };
        Self(Mutex::new(State {
            links: names.map(board).collect(),
            down_since: Some(Instant::now()),
        }))
    }

    pub(super) fn connected(&self, link: usize) {
        self.change(link, |board| {
            board.metrics.connected = true;
            board.metrics.connects += 1;
            board.refused = None;
        });
    }

    /// The library said how many messages it takes.
    pub(super) fn ready(&self, link: usize, window: u32) {
        self.change(link, |board| {
            board.metrics.window = window;
            board.sends |= window > 0;
            board.refused = None;
        });
    }

    pub(super) fn in_flight(&self, link: usize, count: usize) {
        self.change(link, |board| board.metrics.in_flight = count);
    }

    pub(super) fn stale(&self, link: usize) {
        self.change(link, |board| board.metrics.stale += 1);
    }

    /// Not connected any more, or still not.
    pub(super) fn lost(&self, link: usize, class: Class, ambiguous: usize) {
        self.change(link, |board| {
            board.metrics.connected = false;
            board.metrics.window = 0;
            board.metrics.in_flight = 0;
            board.metrics.losses += 1;
            board.metrics.ambiguous += ambiguous as u64;
            board.sends = false;
            board.refused = matches!(class, Class::Unauthorized | Class::NoFunds).then_some(class);
        });
    }

    /// Left in peace.
    pub(super) fn left(&self, link: usize) {
        self.change(link, |board| {
            board.metrics.connected = false;
            board.metrics.window = 0;
            board.sends = false;
        });
    }

    /// Since when no link takes messages; `None`: one does.
    pub(super) fn down_since(&self) -> Option<Instant> {
        self.state().down_since
    }

    /// Why no link is up, if it is the account's fault: each is refused, or only listens.
    pub(super) fn refused(&self) -> Option<Class> {
        let state = self.state();
        let all = state
            .links
            .iter()
            .all(|board| board.refused.is_some() || board.metrics.connected && !board.sends);
        let mut refused = state.links.iter().filter_map(|board| board.refused);
        refused.next().filter(|_| all)
    }

    pub(super) fn metrics(&self) -> Vec<LinkMetrics> {
        self.state()
            .links
            .iter()
            .map(|board| board.metrics.clone())
            .collect()
    }

    fn change(&self, link: usize, change: impl FnOnce(&mut Board)) {
        let mut state = self.state();
        if let Some(board) = state.links.get_mut(link) {
            change(board);
        }
        let down = !state.links.iter().any(|board| board.sends);
        state.down_since = down.then(|| state.down_since.unwrap_or_else(Instant::now));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
