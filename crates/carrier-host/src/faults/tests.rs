//! Three faults within a minute, then a minute of rest, then a fresh start.

use super::Faults;
use std::time::Duration;

const fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn the_third_fault_within_a_minute_begins_a_minute_of_rest() {
    let mut faults = Faults::default();
    assert!(!faults.note(at(0)) && !faults.note(at(30)));
    assert_eq!(faults.rest(at(30)), None);
    assert!(faults.note(at(59)));
    assert_eq!(faults.rest(at(59)), Some(at(60)));
    assert_eq!(faults.rest(at(118)), Some(at(1)));
    assert_eq!(faults.rest(at(119)), None);
    assert!(!faults.note(at(119)), "it starts afresh");
    assert_eq!(faults.total(), 4);
}

#[test]
fn rare_faults_never_add_up() {
    let mut faults = Faults::default();
    assert!((0..100).all(|count| !faults.note(at(count * 30))));
}
