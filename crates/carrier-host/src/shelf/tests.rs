//! An instance cannot take more than its share.

use super::{MetricKind, Series, Shelf};
use proptest::prelude::*;

#[test]
fn a_value_is_replaced_and_removed() {
    let mut shelf = Shelf::default();
    assert!(shelf.put(b"token", b"one") && shelf.put(b"token", b"two"));
    assert_eq!(shelf.get(b"token"), Some(&b"two"[..]));
    assert!(shelf.put(b"token", b""));
    assert_eq!((shelf.get(b"token"), shelf.used), (None, 0));
}

#[test]
fn too_much_is_refused_and_nothing_is_lost() {
    let mut shelf = Shelf::default();
    assert!(shelf.put(b"a", &vec![1; super::CAPACITY - 1]));
    assert!(!shelf.put(b"b", b"x") && !shelf.put(b"a", &vec![2; super::CAPACITY]));
    assert_eq!(shelf.get(b"a").map(<[u8]>::len), Some(super::CAPACITY - 1));
    assert!(shelf.put(b"a", b"x") && shelf.put(b"b", b"x"));
}

#[test]
fn series_are_bounded_and_add_up() {
    let mut series = Series::default();
    for count in 0..1_000 {
        let kept = series.record(format!("n{count}"), Vec::new(), MetricKind::Gauge, 1.0);
        assert_eq!(kept, count < super::SERIES);
    }
    let mut series = Series::default();
    for value in [1.0, 2.0, -5.0, f64::NAN] {
        series.record("sent".into(), Vec::new(), MetricKind::Counter, value);
        series.record("depth".into(), Vec::new(), MetricKind::Gauge, value);
    }
    let values: Vec<_> = series
        .all()
        .into_iter()
        .map(|metric| (metric.name, metric.value))
        .collect();
    assert_eq!(values, [("depth".to_owned(), -5.0), ("sent".to_owned(), 3.0)]);
}

proptest! {
    #[test]
    fn the_count_of_bytes_is_true(puts in proptest::collection::vec(("[a-d]", 0usize..40_000), 0..30)) {
        let mut shelf = Shelf::default();
        for (key, length) in puts {
            shelf.put(key.as_bytes(), &vec![7; length]);
            let held: usize = shelf.values.iter().map(|(key, value)| key.len() + value.len()).sum();
            prop_assert!(held == shelf.used && held <= super::CAPACITY);
        }
    }
}
