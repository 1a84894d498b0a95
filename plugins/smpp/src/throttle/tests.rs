//! A complaint halves the pace, and calm brings it back, never beyond what the operator allows.

use super::*;
use proptest::prelude::*;

#[test]
fn it_halves_and_climbs() {
    let mut throttle = Throttle::new(Some(100.0), 10);
    assert!(throttle.complaint(5));
    assert_eq!(throttle.per_second(), Some(50.0));
    assert!(!throttle.complaint(5), "the same burst");
    assert_eq!(throttle.per_second(), Some(50.0));
    assert!(throttle.complaint(6));
    assert_eq!(throttle.per_second(), Some(25.0));
    let mut last = 25.0;
    for tick in 7..21 {
        throttle.tick(tick);
        let rate = throttle.per_second().unwrap();
        assert!(rate > last, "{rate} after {last}");
        last = rate;
    }
    throttle.tick(22);
    assert_eq!(throttle.per_second(), Some(100.0));
    assert!(!throttle.tick(23));
}

#[test]
fn without_a_limit_it_finds_one_and_lifts_it() {
    let mut throttle = Throttle::new(None, 10);
    assert_eq!(throttle.per_second(), None);
    throttle.complaint(1);
    assert_eq!(throttle.per_second(), Some(100.0));
    for tick in 2..30 {
        throttle.tick(tick);
    }
    assert_eq!(throttle.per_second(), None);
}

proptest! {
    #[test]
    fn it_stays_within_bounds(ceiling in 0.01_f64..1000.0, complaints in proptest::collection::vec(any::<bool>(), 0..100)) {
        let mut throttle = Throttle::new(Some(ceiling), 10);
        for (tick, complaint) in (1..).zip(complaints) {
            if complaint {
                throttle.complaint(tick);
            }
            throttle.tick(tick);
            let rate = throttle.per_second().unwrap();
            prop_assert!((SLOWEST.min(ceiling)..=ceiling).contains(&rate));
        }
    }
}
