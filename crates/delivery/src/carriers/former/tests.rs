//! The latest few, for a day.

use super::{Former, IN_ALL, KEPT_FOR, OF_ONE_NAME};
use aldis_message::CarrierName;
use std::time::Duration;
use tokio::time::Instant;

fn name(text: &str) -> CarrierName {
    CarrierName::parse(text).unwrap()
}

#[test]
fn the_newest_is_asked_first_and_only_those_of_the_name() {
    let mut former = Former::default();
    for (carrier, one) in [("a", 1), ("b", 2), ("a", 3)] {
        former.keep(name(carrier), one, Instant::now());
    }
    assert_eq!(former.of(&name("a")), [3, 1]);
    assert_eq!(former.of(&name("b")), [2]);
    assert!(former.of(&name("c")).is_empty());
}

#[test]
fn they_are_few() {
    let mut former = Former::default();
    for one in 0..100 {
        former.keep(name("a"), one, Instant::now());
    }
    assert_eq!(former.of(&name("a")), [99, 98, 97, 96]);
    assert_eq!(former.of(&name("a")).len(), OF_ONE_NAME);
    for one in 0..IN_ALL {
        former.keep(name(&format!("b{one}")), one, Instant::now());
    }
    assert!(former.of(&name("a")).is_empty(), "the oldest make room");
    assert_eq!(former.of(&name("b0")), [0]);
}

#[test]
fn they_are_let_go_after_a_day() {
    let (mut former, now) = (Former::default(), Instant::now());
    former.keep(name("a"), 1, now);
    former.forget(now + KEPT_FOR.saturating_sub(Duration::from_secs(1)));
    assert_eq!(former.of(&name("a")), [1]);
    former.forget(now + KEPT_FOR);
    assert!(former.of(&name("a")).is_empty());
}
