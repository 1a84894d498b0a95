//! Time goes on whatever the system's clock does, and never back.

use super::*;

const NOON: u64 = 1_700_000_000_000;

fn at(clock: &SteadyClock, system: u64, elapsed: u64) -> u64 {
    let system = UnixMillis::from_millis(system);
    clock.read(system, Duration::from_millis(elapsed)).as_millis()
}

fn fresh(not_before: Option<u64>) -> SteadyClock {
    SteadyClock::begin(not_before.map(UnixMillis::from_millis))
}

#[test]
fn a_clock_that_is_right_is_followed() {
    let clock = fresh(None);
    assert_eq!(at(&clock, NOON, 0), NOON);
    assert_eq!(at(&clock, NOON + 1_500, 1_500), NOON + 1_500);
}

/// The clock is set back by an hour: what waited for 200 ms still does, and what had a minute to live has a minute.
#[test]
fn a_clock_that_is_set_back_stops_nothing_and_prolongs_nothing() {
    let clock = fresh(None);
    at(&clock, NOON, 0);
    let hour = 3_600_000;
    for passed in [0, 200, 60_000, 2 * hour] {
        assert_eq!(at(&clock, NOON - hour + passed, passed), NOON + passed);
    }
    // Set right again: nothing jumps.
    assert_eq!(at(&clock, NOON + 3 * hour, 3 * hour), NOON + 3 * hour);
}

/// A machine that slept, or a clock that was behind.
#[test]
fn a_clock_that_is_set_forward_is_followed() {
    let clock = fresh(None);
    at(&clock, NOON, 0);
    assert_eq!(at(&clock, NOON + 90_000, 1_000), NOON + 90_000);
    assert_eq!(at(&clock, NOON + 91_000, 2_000), NOON + 91_000);
}

#[test]
fn what_was_written_before_the_start_is_not_in_the_future() {
    let clock = fresh(Some(NOON + 5_000));
    assert_eq!(at(&clock, NOON, 0), NOON + 5_000);
    assert_eq!(at(&clock, NOON + 1_000, 1_000), NOON + 6_000);
    let clock = fresh(Some(NOON - 5_000));
    assert_eq!(at(&clock, NOON, 0), NOON);
}
