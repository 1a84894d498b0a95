//! The book of open connections, and the choice of the one that must go when there is no room. Pure: no sockets, and
//! the time comes in.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

#[cfg(test)]
mod tests;

/// The age up to which a connection is not held against its address. Many honest ones may come at once, and a client on a
/// busy machine needs a moment between connecting and sending.
const GRACE: Duration = Duration::from_secs(3);

/// A connection's number.
pub(super) type Id = u64;

/// Addresses that are one party's: one of IPv4, or the 64 bits of IPv6 that a subscriber is given (RFC 6177).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Group(IpAddr);

impl Group {
    /// The party of an address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = u128::from(address) & !u128::from(u64::MAX);
                Self(IpAddr::V6(network.into()))
            }
            address @ IpAddr::V4(_) => Self(address),
        }
    }
}

/// The standing of a connection when it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A connection of which nothing is known but its address.
    Stranger(Group),
    /// A connection that is vouched for: of a proxy of ours, or of somebody on this machine.
    Trusted,
}

/// The kinds of connections that may have to go, in the order in which those of one address do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// A connection that was answered without having authenticated, and waits.
    Idle,
    /// A connection that has not asked anything yet.
    Fresh,
    /// A connection that is sending a request, and has not authenticated.
    Unproven,
    /// A connection that authenticated at its last request, and waits.
    Known,
}

struct Entry {
    standing: Standing,
    /// The place in the line of those that may have to go; none while a request is being served.
    line: Option<(Rank, u64)>,
    /// Whether the last request authenticated.
    known: bool,
    since: Instant,
    cut: CancellationToken,
}

impl Entry {
    /// The address against which it counts.
    fn counts(&self) -> Option<Group> {
        match self.standing {
            Standing::Stranger(group) if !self.known => Some(group),
            _ => None,
        }
    }
}

/// The connections of one address that have not authenticated.
#[derive(Default)]
struct Strangers {
    all: usize,
    line: BTreeSet<(Rank, u64, Id)>,
}

/// The connections.
#[derive(Default)]
pub(super) struct Book {
    last: u64,
    entries: HashMap<Id, Entry>,
    line: BTreeSet<(Rank, u64, Id)>,
    unproven: usize,
    strangers: HashMap<Group, Strangers>,
}

impl Book {
    pub(super) fn enter(&mut self, standing: Standing, cut: CancellationToken, now: Instant) -> Id {
        let id = self.turn();
        let entry = Entry {
            standing,
            line: None,
            known: standing == Standing::Trusted,
            since: now,
            cut,
        };
        self.insert(id, entry, Some(Rank::Fresh));
        id
    }

    pub(super) fn leave(&mut self, id: Id) {
        self.remove(id);
    }

    /// A request begins. Returns the slowest unauthenticated one, if more than `most` are being sent: it must go.
    pub(super) fn begins(&mut self, id: Id, most: usize, now: Instant) -> Option<CancellationToken> {
        self.change(id, Some(Rank::Unproven), |entry| {
            entry.since = now;
            entry.known = entry.standing == Standing::Trusted;
        });
        if self.unproven <= most {
            return None;
        }
        let (_, _, slowest) = *self.line.range((Rank::Unproven, 0, 0)..).next()?;
        self.remove(slowest).map(|entry| entry.cut)
    }

    pub(super) fn works(&mut self, id: Id) {
        self.change(id, None, |_| ());
    }

    pub(super) fn known(&mut self, id: Id) {
        self.change(id, None, |entry| entry.known = true);
    }

    pub(super) fn waits(&mut self, id: Id, now: Instant) {
        let known = self.entries.get(&id).is_some_and(|entry| entry.known);
        let rank = if known { Rank::Known } else { Rank::Idle };
        self.change(id, Some(rank), |entry| entry.since = now);
    }

    /// The connection that must go so that one more may come; none if all are being served. An honest request that is
    /// about to be read goes last: whoever is idle loses nothing, and comes again.
    pub(super) fn make_room(&mut self, now: Instant) -> Option<CancellationToken> {
        let first = |rank| {
            let (found, _, id) = *self.line.range((rank, 0, 0)..).next()?;
            (found == rank).then_some(id)
        };
        let slow = |rank| {
            let since = |id| self.entries.get(&id).map(|entry| entry.since);
            first(rank)
                .filter(|id| since(*id).is_some_and(|since| now.saturating_duration_since(since) >= GRACE))
        };
        let id = first(Rank::Idle)
            .or_else(|| slow(Rank::Fresh))
            .or_else(|| slow(Rank::Unproven))
            .or_else(|| first(Rank::Known))
            .or_else(|| first(Rank::Unproven))
            .or_else(|| first(Rank::Fresh))?;
        self.remove(id).map(|entry| entry.cut)
    }

    /// The connection of this address that must go so that it may have one more, if it has as many as it may.
    pub(super) fn crowd_out(&mut self, group: Group, most: usize, now: Instant) -> Option<CancellationToken> {
        let strangers = self
            .strangers
            .get(&group)
            .filter(|strangers| strangers.all >= most)?;
        let (rank, _, id) = *strangers.line.first()?;
        let since = self.entries.get(&id)?.since;
        if rank != Rank::Idle && now.saturating_duration_since(since) < GRACE {
            return None;
        }
        self.remove(id).map(|entry| entry.cut)
    }

    fn turn(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn change(&mut self, id: Id, rank: Option<Rank>, change: impl FnOnce(&mut Entry)) {
        // Whoever was told to go is no longer in the book.
        if let Some(mut entry) = self.remove(id) {
            change(&mut entry);
            self.insert(id, entry, rank);
        }
    }

    fn insert(&mut self, id: Id, mut entry: Entry, rank: Option<Rank>) {
        entry.line = rank.map(|rank| (rank, self.turn()));
        let line = entry.line.map(|(rank, turn)| (rank, turn, id));
        self.line.extend(line);
        self.unproven += usize::from(rank == Some(Rank::Unproven));
        if let Some(group) = entry.counts() {
            let strangers = self.strangers.entry(group).or_default();
            strangers.all += 1;
            strangers.line.extend(line);
        }
        self.entries.insert(id, entry);
    }

    fn remove(&mut self, id: Id) -> Option<Entry> {
        let entry = self.entries.remove(&id)?;
        let line = entry.line.map(|(rank, turn)| (rank, turn, id));
        if let Some(line) = &line {
            self.line.remove(line);
            self.unproven -= usize::from(line.0 == Rank::Unproven);
        }
        if let Some(group) = entry.counts()
            && let Some(strangers) = self.strangers.get_mut(&group)
        {
            strangers.all -= 1;
            if let Some(line) = &line {
                strangers.line.remove(line);
            }
            if strangers.all == 0 {
                self.strangers.remove(&group);
            }
        }
        Some(entry)
    }
}
