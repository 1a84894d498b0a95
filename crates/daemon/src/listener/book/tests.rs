//! The connection that goes when there is no room.

use super::*;
use proptest::prelude::*;
use std::net::{Ipv4Addr, Ipv6Addr};

struct Hall {
    book: Book,
    cuts: Vec<CancellationToken>,
    begun: Instant,
}

impl Hall {
    fn new() -> Self {
        Self {
            book: Book::default(),
            cuts: Vec::new(),
            begun: Instant::now(),
        }
    }

    fn at(&self, millis: u64) -> Instant {
        self.begun + Duration::from_millis(millis)
    }

    /// A connection, its number, and its place in `cuts`.
    fn enter(&mut self, standing: Standing, millis: u64) -> Id {
        let cut = CancellationToken::new();
        self.cuts.push(cut.clone());
        let now = self.at(millis);
        self.book.enter(standing, cut, now)
    }

    fn begins(&mut self, id: Id) {
        let now = self.book.entries[&id].since;
        assert!(self.book.begins(id, 1000, now).is_none());
    }

    /// The places in `cuts` of those who were told to go, in order.
    fn make_room(&mut self, millis: u64) -> Vec<usize> {
        let (mut gone, now) = (Vec::new(), self.at(millis));
        for _ in 0..9 {
            let Some(cut) = self.book.make_room(now) else {
                break;
            };
            cut.cancel();
            let new = (0..self.cuts.len()).find(|at| self.cuts[*at].is_cancelled() && !gone.contains(at));
            gone.extend(new);
        }
        gone
    }
}

fn stranger(last: u8) -> Standing {
    Standing::Stranger(Group::of(Ipv4Addr::new(192, 0, 2, last).into()))
}

/// A hall with somebody of each kind.
fn one_of_each() -> Hall {
    let mut hall = Hall::new();
    let known = hall.enter(stranger(1), 0);
    hall.begins(known);
    hall.book.known(known);
    let now = hall.at(1);
    hall.book.waits(known, now);
    let sending = hall.enter(stranger(2), 2);
    hall.begins(sending);
    hall.enter(stranger(3), 3);
    let idle = hall.enter(stranger(4), 4);
    hall.begins(idle);
    let now = hall.at(5);
    hall.book.waits(idle, now);
    let working = hall.enter(stranger(5), 6);
    hall.begins(working);
    hall.book.works(working);
    hall.enter(Standing::Trusted, 7);
    hall
}

#[test]
fn the_idle_go_before_the_slow_and_the_known_go_last() {
    // The proxy's connection says nothing, and ranks as such; whoever is served stays.
    assert_eq!(one_of_each().make_room(10_000), [3, 2, 5, 1, 0]);
}

/// The request of a young connection may be about to be read; an idle one, though known, loses nothing.
#[test]
fn the_young_go_after_the_idle() {
    assert_eq!(one_of_each().make_room(10), [3, 0, 1, 2, 5]);
}

#[test]
fn among_equals_whoever_waits_longest_goes() {
    let mut hall = Hall::new();
    let ids: Vec<Id> = (0..4).map(|at| hall.enter(stranger(1), at)).collect();
    for at in [2, 0, 3, 1] {
        hall.begins(ids[at]);
        let now = hall.at(10);
        hall.book.waits(ids[at], now);
    }
    assert_eq!(hall.make_room(10), [2, 0, 3, 1]);
}

#[test]
fn an_address_has_so_many_and_shown_ones_do_not_count() {
    let mut hall = Hall::new();
    let group = Group::of(Ipv4Addr::new(192, 0, 2, 1).into());
    for at in 0..4 {
        let id = hall.enter(stranger(1), at);
        hall.begins(id);
        hall.book.known(id);
    }
    let idle = hall.enter(stranger(1), 10);
    let now = hall.at(11);
    assert!(hall.book.crowd_out(group, 2, now).is_none(), "one of two");
    hall.begins(idle);
    let now = hall.at(12);
    hall.book.waits(idle, now);
    hall.enter(stranger(1), 13);
    let closed = hall.book.crowd_out(group, 2, now).expect("two of two");
    closed.cancel();
    assert!(hall.cuts[4].is_cancelled(), "the idle one");
    assert!(hall.book.crowd_out(group, 2, now).is_none());
    let other = Group::of(Ipv4Addr::new(192, 0, 2, 2).into());
    assert!(hall.book.crowd_out(other, 2, now).is_none(), "nobody else's");
}

/// Auth0 may call five hundred times at once from one address: none of them has shown anything yet.
#[test]
fn a_burst_of_new_connections_is_given_a_moment() {
    let mut hall = Hall::new();
    let group = Group::of(Ipv4Addr::new(192, 0, 2, 1).into());
    for _ in 0..500 {
        hall.enter(stranger(1), 0);
        let now = hall.at(2900);
        assert!(hall.book.crowd_out(group, 64, now).is_none());
    }
    let now = hall.at(3001);
    assert!(hall.book.crowd_out(group, 64, now).is_some(), "and no longer");
}

#[test]
fn a_subscriber_of_ipv6_is_one_party() {
    let of = |text: &str| Group::of(text.parse().expect("an address"));
    assert_eq!(of("2001:db8:0:1::1"), of("2001:db8:0:1:ffff::9"));
    assert_ne!(of("2001:db8:0:1::1"), of("2001:db8:0:2::1"));
    assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    assert_ne!(Group::of(Ipv6Addr::LOCALHOST.into()), of("127.0.0.1"));
}

/// Slow bodies do not keep out those that come at once.
#[test]
fn the_slowest_of_too_many_unproven_goes() {
    let mut hall = Hall::new();
    let (slow, now) = (hall.enter(stranger(1), 0), hall.at(3));
    assert!(hall.book.begins(slow, 2, now).is_none());
    let shown = hall.enter(stranger(2), 1);
    assert!(hall.book.begins(shown, 2, now).is_none());
    hall.book.known(shown);
    let second = hall.enter(stranger(3), 2);
    assert!(
        hall.book.begins(second, 2, now).is_none(),
        "who has shown a token does not count"
    );
    let third = hall.enter(stranger(4), 3);
    hall.book.begins(third, 2, now).expect("one too many").cancel();
    assert!(hall.cuts[0].is_cancelled());
}

proptest! {
    /// Whatever happens in whatever order, lines and counts say the same, and the book is empty once everybody left.
    #[test]
    fn the_lines_and_the_counts_agree(steps in proptest::collection::vec((0_u8..7, 0_usize..8), 1..200)) {
        let mut hall = Hall::new();
        let mut ids: Vec<Id> = Vec::new();
        for (step, which) in steps {
            let now = hall.at(u64::from(step));
            let at = which % ids.len().max(1);
            match (step, ids.get(at).copied()) {
                (0, _) => ids.push(hall.enter(stranger(u8::try_from(which % 3).expect("small")), 0)),
                (1, Some(id)) => drop(hall.book.begins(id, 3, now)),
                (2, Some(id)) => hall.book.works(id),
                (3, Some(id)) => hall.book.known(id),
                (4, Some(id)) => hall.book.waits(id, now),
                (5, _) => drop(hall.book.make_room(now)),
                (6, Some(_)) => hall.book.leave(ids.swap_remove(at)),
                _ => {}
            }
            let entries = hall.book.entries.values();
            let strangers = entries.clone().filter(|entry| entry.counts().is_some()).count();
            let counted: usize = hall.book.strangers.values().map(|strangers| strangers.all).sum();
            prop_assert_eq!(counted, strangers);
            let waiting = entries.clone().filter(|entry| entry.line.is_some()).count();
            prop_assert_eq!(hall.book.line.len(), waiting);
            let unproven = entries.filter(|entry| matches!(entry.line, Some((Rank::Unproven, _)))).count();
            prop_assert_eq!(hall.book.unproven, unproven);
            prop_assert!(unproven <= 3);
        }
        for id in ids {
            hall.book.leave(id);
        }
        prop_assert!(hall.book.entries.is_empty() && hall.book.line.is_empty() && hall.book.strangers.is_empty());
    }
}
