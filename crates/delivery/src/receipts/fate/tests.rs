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

/// Of a message of so many segments, whose answer has these ids.
fn parts(ids: &[&str], segments: u32) -> Parts {
    Parts {
        ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        segments,
        id_for_each: false,
        of_some: false,
    }
}

#[test]
fn one_receipt_for_all_parts_is_enough_where_there_is_one_id() {
    use ReceiptState::{Delivered, EnRoute};
    assert_eq!(fate(&parts(&["a"], 3), &[told("a", 0, EnRoute)]), Fate::Taken);
    assert_eq!(fate(&parts(&["a"], 3), &[told("a", 0, Delivered)]), Fate::Arrived);
    assert_eq!(fate(&parts(&[], 1), &[told("a", 0, Delivered)]), Fate::Arrived);
    assert_eq!(fate(&parts(&["a"], 3), &[]), Fate::Silent);
}

#[test]
fn every_part_must_arrive_where_each_is_told_of() {
    use ReceiptState::{Delivered, Undelivered};
    let ids = [
        told("a", 0, Delivered),
        told("b", 0, Delivered),
        told("c", 0, Delivered),
    ];
    assert_eq!(fate(&parts(&["a", "b", "c"], 3), &ids[..2]), Fate::Taken);
    assert_eq!(fate(&parts(&["a", "b", "c"], 3), &ids), Fate::Arrived);
    let numbered = [
        told("a", 0, Delivered),
        told("a", 1, Delivered),
        told("a", 2, Delivered),
    ];
    assert_eq!(fate(&parts(&["a"], 3), &numbered[..2]), Fate::Taken);
    assert_eq!(fate(&parts(&["a"], 3), &numbered), Fate::Arrived);
    assert_eq!(
        fate(
            &parts(&["a", "b", "c"], 3),
            &[told("a", 0, Delivered), told("b", 0, Undelivered)]
        ),
        Fate::Failed
    );
}

/// Some SMSCs answer each part with the same id.
#[test]
fn one_id_for_several_parts_is_one() {
    let same = parts(&["a", "a", "a"], 3);
    assert_eq!(
        fate(&same, &[told("a", 0, ReceiptState::Delivered)]),
        Fate::Arrived
    );
    let two = parts(&["a", "a", "b"], 3);
    let both = [
        told("a", 0, ReceiptState::Delivered),
        told("b", 0, ReceiptState::Delivered),
    ];
    assert_eq!(fate(&two, &both[..1]), Fate::Taken);
    assert_eq!(fate(&two, &both), Fate::Arrived);
}

/// Ids that only receipts have: none of them is waited for, and none stands for a part that was told of by another kind.
#[test]
fn an_id_that_is_not_the_answers_is_not_waited_for() {
    use ReceiptState::{Delivered, EnRoute, Undelivered};
    let one = parts(&["a"], 3);
    assert_eq!(fate(&one, &[told("x", 0, Delivered)]), Fate::Arrived);
    assert_eq!(
        fate(&one, &[told("x", 0, EnRoute), told("a", 0, Delivered)]),
        Fate::Arrived
    );
    assert_eq!(fate(&one, &[told("x", 0, Undelivered)]), Fate::Failed);
    let two = parts(&["a", "b"], 2);
    let others = [told("x", 0, Delivered), told("y", 0, Delivered)];
    assert_eq!(fate(&two, &others[..1]), Fate::Taken);
    assert_eq!(fate(&two, &others), Fate::Arrived);
    let mixed = [
        told("x", 0, EnRoute),
        told("a", 0, Delivered),
        told("x", 0, Delivered),
    ];
    assert_eq!(fate(&two, &mixed), Fate::Taken);
    let all = [told("a", 0, Delivered), told("b", 0, Delivered)];
    assert_eq!(fate(&two, mixed.iter().chain(&all)), Fate::Arrived);
}

#[test]
fn without_an_answer_the_parts_are_those_one_hears_of() {
    use ReceiptState::{Delivered, EnRoute};
    let lost = parts(&[], 3);
    // It may be the only one there is.
    assert_eq!(fate(&lost, &[told("a", 0, Delivered)]), Fate::Arrived);
    let several = [
        told("a", 0, EnRoute),
        told("b", 0, EnRoute),
        told("a", 0, Delivered),
    ];
    assert_eq!(fate(&lost, &several), Fate::Taken);
    let rest = [told("b", 0, Delivered)];
    assert_eq!(fate(&lost, several.iter().chain(&rest)), Fate::Arrived);
}

#[test]
fn without_an_answer_a_carrier_is_known_by_its_earlier_ones() {
    let lost = Parts {
        id_for_each: true,
        ..parts(&[], 3)
    };
    let ids = ["a", "b", "c"].map(|id| told(id, 0, ReceiptState::Delivered));
    assert_eq!(fate(&lost, &ids[..1]), Fate::Taken);
    assert_eq!(fate(&lost, &ids[..2]), Fate::Taken);
    assert_eq!(fate(&lost, &ids), Fate::Arrived);
    let one = Parts { segments: 1, ..lost };
    assert_eq!(fate(&one, &ids[..1]), Fate::Arrived);
}

/// A text of which some parts were taken, and others refused or not answered.
#[test]
fn the_parts_that_are_known_do_not_stand_for_the_others() {
    use ReceiptState::{Delivered, EnRoute, Undelivered};
    let some = |ids: &[&str], segments| Parts {
        of_some: true,
        ..parts(ids, segments)
    };
    let both = [told("a", 0, Delivered), told("b", 0, Delivered)];
    assert_eq!(fate(&some(&["a"], 2), &both[..1]), Fate::Silent);
    assert_eq!(fate(&some(&["a"], 2), &[told("a", 0, EnRoute)]), Fate::Silent);
    assert_eq!(fate(&some(&["a", "b"], 3), &both), Fate::Silent);
    assert_eq!(fate(&some(&["a"], 2), &[told("a", 0, Undelivered)]), Fate::Failed);
    // There are as many as parts, or there is but one, or the answer has none.
    assert_eq!(fate(&some(&["a", "b"], 2), &both), Fate::Arrived);
    assert_eq!(fate(&some(&["a", "b"], 2), &both[..1]), Fate::Taken);
    assert_eq!(fate(&some(&["a"], 1), &both[..1]), Fate::Arrived);
    assert_eq!(fate(&some(&[], 2), &both[..1]), Fate::Arrived);
}

#[test]
fn a_failure_that_may_pass_is_none() {
    let mut maybe = told("a", 0, ReceiptState::Undelivered);
    maybe.is_final = false;
    assert_eq!(fate(&parts(&["a"], 1), &[maybe.clone()]), Fate::Taken);
    assert_eq!(
        fate(&parts(&["a"], 1), &[maybe, told("a", 0, ReceiptState::Delivered)]),
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

fn any_parts() -> impl Strategy<Value = Parts> {
    let ids = proptest::collection::vec(select(vec!["a", "b", "c"]), 0..4);
    let flags = (any::<bool>(), any::<bool>());
    (ids, 1_u32..4, flags).prop_map(|(ids, segments, (id_for_each, of_some))| Parts {
        id_for_each,
        of_some,
        ..parts(&ids, segments)
    })
}

/// As the store goes: each receipt is added, and the state brought up.
fn run(parts: &Parts, told: &[Told], mut status: DeliveryStatus) -> Vec<DeliveryStatus> {
    let mut history = vec![status];
    for count in 1..=told.len() {
        let last = fate(parts, &told[..count]);
        status = becomes(status, last, []).unwrap_or(status);
        history.push(status);
    }
    history
}

proptest! {
    #[test]
    fn nothing_goes_back(parts in any_parts(), told in receipts(), from in select(DeliveryStatus::ALL)) {
        let rank = |status: DeliveryStatus| match status {
            DeliveryStatus::Queued | DeliveryStatus::Sending | DeliveryStatus::Unknown => 0,
            DeliveryStatus::Submitted => 1,
            _ => 2,
        };
        for pair in run(&parts, &told, from).windows(2) {
            prop_assert!(rank(pair[0]) <= rank(pair[1]), "{pair:?}");
            prop_assert!(!pair[0].is_final() || pair[0] == pair[1], "{pair:?}");
        }
    }

    /// Carriers that do not contradict themselves on a part.
    #[test]
    fn order_and_repetition_do_not_matter(parts in any_parts(), told in receipts(), seed: u64) {
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
        prop_assert_eq!(fate(&parts, &consistent), fate(&parts, &shuffled));
    }
}

#[test]
fn a_late_answer_decides_only_what_is_open() {
    use DeliveryStatus::{Queued, Submitted, Unknown};
    for status in DeliveryStatus::ALL.iter().copied() {
        let expected = matches!(status, Queued | Unknown).then_some(Submitted);
        assert_eq!(answered(status, OutcomeClass::Accepted), expected, "{status}");
        assert_eq!(answered(status, OutcomeClass::Temporary), None);
    }
    for fate in [Fate::Silent, Fate::Taken, Fate::Arrived, Fate::Failed] {
        assert!(!contradicts(OutcomeClass::Accepted, fate));
        assert!(contradicts(OutcomeClass::Ambiguous, fate));
        assert_eq!(contradicts(OutcomeClass::Temporary, fate), fate != Fate::Silent);
    }
}
