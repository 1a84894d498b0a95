//! Timers run out in their order, and none of them for ever.

use super::*;

#[test]
fn one_that_is_set_again_when_it_runs_out_runs_out_once() {
    let now = Instant::now();
    let mut timers = Timers::default();
    timers.set(1, 0, now);
    let later = now + Duration::from_millis(1);
    let mut ran_out = 0;
    while let Some(id) = timers.pop(later) {
        ran_out += 1;
        assert!(ran_out < 2, "it never ends");
        timers.set(id, 0, later);
    }
    assert_eq!(timers.next(), Some(later + Duration::from_millis(1)));
}

#[test]
fn the_first_comes_first_and_one_that_is_off_never() {
    let now = Instant::now();
    let mut timers = Timers::default();
    for (id, after) in [(1, 30), (2, 10), (3, 20), (2, TIMER_OFF)] {
        assert!(timers.set(id, after, now));
    }
    let at = now + Duration::from_millis(30);
    assert_eq!(
        [timers.pop(now), timers.pop(at), timers.pop(at), timers.pop(at)],
        [None, Some(3), Some(1), None]
    );
}

#[test]
fn a_crowd_of_timers_comes_late() {
    let (mut timers, began) = (Timers::default(), Instant::now());
    for id in 0..64 {
        assert!(timers.set(id, 1, began));
    }
    let (mut ran_out, mut now) = (0, began);
    while now < began + Duration::from_secs(10) {
        while let Some(id) = timers.pop(now) {
            ran_out += 1;
            assert!(timers.set(id, 0, now));
        }
        let next = timers.next().expect("a timer");
        assert!(next > now, "nobody waits for nothing");
        now = next;
    }
    assert!((1_000..=1_100).contains(&ran_out), "{ran_out}");
}
