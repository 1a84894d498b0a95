//! Two deaths are once too often, and nothing is remembered without end.

use super::{DEATHS, MOST, Suspects};

#[test]
fn the_second_death_is_once_too_often() {
    let mut suspects = Suspects::default();
    assert!(!suspects.is_known(7) && !suspects.died(7));
    assert!(suspects.is_known(7) && !suspects.is_out(7));
    assert!(suspects.died(7) && suspects.is_out(7));
    assert!(!suspects.is_out(8));
}

#[test]
fn the_oldest_is_forgotten_first() {
    let mut suspects = Suspects::default();
    let count = MOST as u64 + 10;
    for subject in 0..count {
        (0..DEATHS).for_each(|_| _ = suspects.died(subject));
    }
    assert!(!suspects.is_known(9) && suspects.is_out(10) && suspects.is_out(count - 1));
    assert_eq!((suspects.deaths.len(), suspects.order.len()), (MOST, MOST));
}
