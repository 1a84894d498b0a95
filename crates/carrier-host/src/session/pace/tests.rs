//! The pace is kept, and a fast one is reached.

use super::Pace;
use std::time::Duration;
use tokio::time::Instant;

/// Takes whenever it may for this long, looking every millisecond.
fn taken(pace: &mut Pace, start: Instant, during: Duration) -> u32 {
    let (mut count, mut now) = (0, start);
    while now < start + during {
        while count < 1_000_000 && pace.wait(now).is_none() {
            pace.took(now);
            count += 1;
        }
        now += Duration::from_millis(1);
    }
    count
}

#[test]
fn the_pace_is_kept_and_reached() {
    for per_second in [1_u32, 7, 100, 2_000, 25_000] {
        let mut pace = Pace::default();
        pace.set(per_second * 1000);
        let count = taken(&mut pace, Instant::now(), Duration::from_secs(10));
        let least = per_second * 10;
        assert!(
            (least..=least + per_second / 50 + 1).contains(&count),
            "{per_second}/s: {count} in ten seconds"
        );
    }
}

#[test]
fn a_pause_saves_nothing_up() {
    let mut pace = Pace::default();
    pace.set(100_000);
    let start = Instant::now();
    taken(&mut pace, start, Duration::from_secs(1));
    let later = start + Duration::from_mins(1);
    assert!(taken(&mut pace, later, Duration::from_millis(1)) <= 3);
}

#[test]
fn less_than_one_in_a_second_is_a_pace() {
    let mut pace = Pace::default();
    pace.set(100);
    let now = Instant::now();
    assert_eq!(taken(&mut pace, now, Duration::from_secs(29)), 3);
}

#[test]
fn no_pace_is_no_limit() {
    let mut pace = Pace::default();
    pace.set(1);
    let now = Instant::now();
    pace.took(now);
    pace.set(0);
    assert_eq!(pace.wait(now), None);
}
