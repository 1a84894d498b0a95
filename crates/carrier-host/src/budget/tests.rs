//! Slow calls are counted, and complained of once a minute.

use super::{Budget, Conduct};
use std::time::Duration;

#[test]
fn slow_calls_are_counted_by_how_slow() {
    let budget = Budget::default();
    for millis in [1, 5, 6, 250, 251] {
        budget.note(Duration::from_millis(millis), Duration::ZERO);
    }
    let times = budget.times();
    assert_eq!((times.calls, times.over_soft, times.over_hard), (5, 3, 1));
    assert_eq!(times.longest, Duration::from_millis(251));
}

#[test]
fn the_complaint_comes_once_a_minute() {
    let budget = Budget::default();
    let slow = |at| budget.note(Duration::from_secs(1), Duration::from_secs(at));
    assert!(slow(0) && !slow(1) && !slow(59) && slow(60) && !slow(61));
    assert!(
        !budget.note(Duration::from_millis(250), Duration::from_secs(500)),
        "fast enough"
    );
}

#[test]
fn a_library_outstays_its_welcome_at_the_third_slow_call_or_a_hopeless_one() {
    let (often, once) = (Conduct::default(), Conduct::default());
    let note = |conduct: &Conduct, millis| conduct.note(Duration::from_millis(millis));
    assert!(!note(&often, 250) && !note(&often, 251) && !note(&often, 300));
    assert!(!often.outstayed());
    assert!(note(&often, 251) && often.outstayed());
    assert!(!note(&often, 251), "it is said once");
    assert!(!note(&once, 2000) && note(&once, 2001) && once.outstayed());
}
