//! Whatever comes in whatever order, a message's state only goes forward, and the end stays the end.

use super::*;
use proptest::prelude::*;
use proptest::sample::select;

fn told(carrier_id: &str, part: u32, state: ReceiptState) -> Told {
    let is_final = !matches!(
        state,
        ReceiptState::Unknown | ReceiptState::Queued | ReceiptState::Sent | ReceiptState::EnRoute
    );
    Told {
        attempt: 1,
        carrier_id: carrier_id.to_owned(),
        part,
        state,
        is_final,
    }
}

#[test]
fn one_receipt_for_all_parts_is_enough_where_there_is_one_id() {
    use ReceiptState::{Delivered, EnRoute};
    assert_eq!(fate(1, 3, &[told("a", 0, EnRoute)]), Fate::Taken);
    assert_eq!(fate(1, 3, &[told("a", 0, Delivered)]), Fate::Arrived);
    assert_eq!(fate(0, 1, &[told("a", 0, Delivered)]), Fate::Arrived);
    assert_eq!(fate(1, 3, &[]), Fate::Silent);
}

#[test]
fn every_part_must_arrive_where_each_is_told_of() {
    use ReceiptState::{Delivered, Undelivered};
    let ids = [
        told("a", 0, Delivered),
        told("b", 0, Delivered),
        told("c", 0, Delivered),
    ];
    assert_eq!(fate(3, 3, &ids[..2]), Fate::Taken);
    assert_eq!(fate(3, 3, &ids), Fate::Arrived);
    let numbered = [
        told("a", 0, Delivered),
        told("a", 1, Delivered),
        told("a", 2, Delivered),
    ];
    assert_eq!(fate(1, 3, &numbered[..2]), Fate::Taken);
    assert_eq!(fate(1, 3, &numbered), Fate::Arrived);
    assert_eq!(
        fate(3, 3, &[told("a", 0, Delivered), told("b", 0, Undelivered)]),
        Fate::Failed
    );
}

#[test]
fn a_failure_that_may_pass_is_none() {
    let mut maybe = told("a", 0, ReceiptState::Undelivered);
    maybe.is_final = false;
    assert_eq!(fate(1, 1, &[maybe.clone()]), Fate::Taken);
    assert_eq!(
        fate(1, 1, &[maybe, told("a", 0, ReceiptState::Delivered)]),
        Fate::Arrived
    );
}

#[test]
fn a_message_that_is_still_sent_waits_for_its_last_attempt() {
    use DeliveryStatus::{Delivered, Queued, Sending, Submitted, Undelivered, Unknown};
    for status in [Queued, Sending] {
        assert_eq!(becomes(status, Fate::Failed, []), None);
        assert_eq!(becomes(status, Fate::Silent, [Fate::Arrived]), Some(Delivered));
    }
    assert_eq!(becomes(Submitted, Fate::Silent, [Fate::Failed]), None);
    assert_eq!(becomes(Submitted, Fate::Failed, [Fate::Taken]), Some(Undelivered));
    assert_eq!(becomes(Unknown, Fate::Taken, []), Some(Submitted));
    assert_eq!(becomes(Unknown, Fate::Failed, []), Some(Undelivered));
}

fn receipts() -> impl Strategy<Value = Vec<Told>> {
    let one = (select(vec!["a", "b", "c"]), 0..3_u32, select(ReceiptState::ALL));
    proptest::collection::vec(one.prop_map(|(id, part, state)| told(id, part, state)), 0..12)
}

/// As the store goes: each receipt is added, and the state brought up.
fn run(ids: u32, told: &[Told], mut status: DeliveryStatus) -> Vec<DeliveryStatus> {
    let mut history = vec![status];
    for count in 1..=told.len() {
        let last = fate(ids, 3, &told[..count]);
        status = becomes(status, last, []).unwrap_or(status);
        history.push(status);
    }
    history
}

proptest! {
    #[test]
    fn nothing_goes_back(ids in 0_u32..4, told in receipts(), from in select(DeliveryStatus::ALL)) {
        let rank = |status: DeliveryStatus| match status {
            DeliveryStatus::Queued | DeliveryStatus::Sending | DeliveryStatus::Unknown => 0,
            DeliveryStatus::Submitted => 1,
            _ => 2,
        };
        for pair in run(ids, &told, from).windows(2) {
            prop_assert!(rank(pair[0]) <= rank(pair[1]), "{pair:?}");
            prop_assert!(!pair[0].is_final() || pair[0] == pair[1], "{pair:?}");
        }
    }

    /// Carriers that do not contradict themselves on a part.
    #[test]
    fn order_and_repetition_do_not_matter(ids in 0_u32..4, told in receipts(), seed: u64) {
        let mut consistent: Vec<Told> = Vec::new();
        for one in told {
            let contradicts = consistent.iter().any(|other| {
                (&other.carrier_id, other.part) == (&one.carrier_id, one.part)
                    && other.is_final && one.is_final
                    && other.state.is_arrival() != one.state.is_arrival()
            });
            if !contradicts {
                consistent.push(one);
            }
        }
        let mut shuffled: Vec<_> = consistent.iter().chain(&consistent).cloned().collect();
        shuffled.sort_by_key(|told| (u64::from(told.part) * 31 + told.state as u64).wrapping_mul(seed | 1));
        prop_assert_eq!(fate(ids, 3, &consistent), fate(ids, 3, &shuffled));
    }
}
