//! A lost link comes back soon, but does not knock all the time.

use super::{Backoff, End};
use aldis_carrier::Class;
use std::time::Duration;

/// The end of a connection that did not hold.
fn end(class: Class) -> End {
    End {
        class,
        why: String::new(),
        held: Duration::ZERO,
        ours: false,
    }
}

#[test]
fn it_doubles_up_to_a_minute() {
    let mut backoff = Backoff::default();
    let rests: Vec<_> = (0..8)
        .map(|_| backoff.rest(&end(Class::Temporary), 1.0).as_secs())
        .collect();
    assert_eq!(rests, [1, 2, 4, 8, 16, 32, 60, 60]);
}

#[test]
fn a_connection_that_held_begins_anew() {
    let mut backoff = Backoff::default();
    for _ in 0..5 {
        backoff.rest(&end(Class::Temporary), 1.0);
    }
    let held = End {
        held: Duration::from_secs(10),
        ..end(Class::Temporary)
    };
    let rest = backoff.rest(&held, 1.0);
    assert_eq!(rest, Duration::from_secs(1));
}

#[test]
fn chance_spreads_over_the_upper_half() {
    let rest = |chance| Backoff::default().rest(&end(Class::Temporary), chance);
    assert_eq!(rest(0.0), Duration::from_millis(500));
    assert_eq!(rest(1.0), Duration::from_secs(1));
    assert_eq!(rest(f64::INFINITY), Duration::from_secs(1));
}

#[test]
fn a_refused_account_rests_long_at_once() {
    for class in [Class::Unauthorized, Class::NoFunds] {
        let rest = Backoff::default().rest(&end(class), 1.0);
        assert_eq!(rest, Duration::from_mins(5));
    }
}

/// The messages that the link gave back are waiting, and the carrier is well.
#[test]
fn what_was_not_the_carriers_fault_begins_lower() {
    let mut backoff = Backoff::default();
    let ours = End {
        ours: true,
        ..end(Class::Temporary)
    };
    let rests: Vec<_> = (0..3).map(|_| backoff.rest(&ours, 1.0).as_millis()).collect();
    assert_eq!(rests, [100, 200, 400]);
    assert_eq!(backoff.rest(&end(Class::Temporary), 1.0), Duration::from_secs(8));
}
