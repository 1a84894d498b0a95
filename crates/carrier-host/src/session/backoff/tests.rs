//! A lost link comes back soon, but does not knock all the time.

use super::Backoff;
use aldis_carrier::Class;
use std::time::Duration;

const NONE: Duration = Duration::ZERO;

#[test]
fn it_doubles_up_to_a_minute() {
    let mut backoff = Backoff::default();
    let rests: Vec<_> = (0..8)
        .map(|_| backoff.rest(Class::Temporary, NONE, 1.0).as_secs())
        .collect();
    assert_eq!(rests, [1, 2, 4, 8, 16, 32, 60, 60]);
}

#[test]
fn a_connection_that_held_begins_anew() {
    let mut backoff = Backoff::default();
    for _ in 0..5 {
        backoff.rest(Class::Temporary, NONE, 1.0);
    }
    let rest = backoff.rest(Class::Temporary, Duration::from_secs(10), 1.0);
    assert_eq!(rest, Duration::from_secs(1));
}

#[test]
fn chance_spreads_over_the_upper_half() {
    let rest = |chance| Backoff::default().rest(Class::Temporary, NONE, chance);
    assert_eq!(rest(0.0), Duration::from_millis(500));
    assert_eq!(rest(1.0), Duration::from_secs(1));
    assert_eq!(rest(f64::INFINITY), Duration::from_secs(1));
}

#[test]
fn a_refused_account_rests_long_at_once() {
    for class in [Class::Unauthorized, Class::NoFunds] {
        let rest = Backoff::default().rest(class, NONE, 1.0);
        assert_eq!(rest, Duration::from_mins(5));
    }
}
