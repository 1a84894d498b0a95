//! When a worker is started again, and when it is left alone.

use super::{ANSWERS_PER_END, FIRST, FORGIVEN, FREE, LOOP, MANY, Next, PENANCE, Restarts, SAFE_MODE, STORM};
use proptest::prelude::*;
use std::time::Duration;

const AT_ONCE: Next = Next::Start(Duration::ZERO);

#[test]
fn a_crash_amid_work_is_mended_at_once() {
    let mut restarts = Restarts::default();
    for minute in 0..100 {
        assert_eq!(restarts.ended(Duration::from_mins(minute * 2), 1), AT_ONCE);
    }
}

#[test]
fn crashes_in_a_row_rest_longer_and_longer_until_safe_mode() {
    let mut restarts = Restarts::default();
    let mut ended = || restarts.ended(Duration::ZERO, 0);
    for _ in 0..FREE {
        assert_eq!(ended(), AT_ONCE);
    }
    for doublings in 0..LOOP - FREE - 1 {
        assert_eq!(ended(), Next::Start(FIRST * 2_u32.pow(doublings)));
    }
    assert_eq!(ended(), Next::Stay(SAFE_MODE));
    // One more trial, and only one.
    assert_eq!(ended(), Next::Stay(SAFE_MODE));
    // A trial that worked for a while is forgiven.
    assert_eq!(restarts.ended(Duration::from_mins(5), 3), AT_ONCE);
}

#[test]
fn a_library_that_mostly_crashes_comes_to_safe_mode_too() {
    let mut restarts = Restarts::default();
    let ended: Vec<_> = (0..MANY)
        .map(|_| restarts.ended(Duration::ZERO, ANSWERS_PER_END - 1))
        .collect();
    let (last, before) = ended.split_last().expect("many");
    assert!(before.iter().all(|next| *next == AT_ONCE));
    assert_eq!(*last, Next::Stay(SAFE_MODE));
    let mut restarts = Restarts::default();
    let often = Duration::from_mins(1) / 200;
    let mut rare = (0..1_000).map(|end| restarts.ended(often * end, ANSWERS_PER_END));
    assert!(rare.all(|next| next == AT_ONCE), "rare crashes never do");
}

#[test]
fn a_storm_of_ends_comes_to_safe_mode_whatever_was_answered() {
    let mut restarts = Restarts::default();
    let ended: Vec<_> = (0..STORM)
        .map(|_| restarts.ended(Duration::ZERO, 1_000_000))
        .collect();
    assert_eq!(ended.iter().position(|next| *next != AT_ONCE), Some(STORM - 1));
    assert_eq!(ended.last(), Some(&Next::Stay(SAFE_MODE)));
}

#[test]
fn misdeeds_rest_longer_and_longer_and_are_forgiven_late() {
    let (mut restarts, mut now) = (Restarts::default(), Duration::ZERO);
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
        now += Duration::from_mins(1);
        assert_eq!(restarts.misbehaved(now), Next::Stay(Duration::from_secs(seconds)));
        // Good work in between changes nothing.
        assert_eq!(restarts.ended(now, 1_000), AT_ONCE);
    }
    now += FORGIVEN + Duration::from_secs(1);
    assert_eq!(restarts.misbehaved(now), Next::Stay(PENANCE));
}

proptest! {
    #[test]
    fn a_rest_is_never_longer_than_safe_mode(ends in prop::collection::vec((0..100_000_u64, 0..30_u64), 0..200)) {
        let (mut restarts, mut now) = (Restarts::default(), Duration::ZERO);
        for (passed, answers) in ends {
            now += Duration::from_millis(passed);
            match restarts.ended(now, answers) {
                Next::Start(rest) => prop_assert!(rest < Duration::from_secs(2)),
                Next::Stay(rest) => prop_assert_eq!(rest, SAFE_MODE),
            }
        }
    }
}
