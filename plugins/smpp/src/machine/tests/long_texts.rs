//! A long text keeps the window and the pace of its bind, which are those of parts.

use super::super::{PACE, RESTING, SECOND};
use super::{answer, bench, bound, ended, frames, hear, ready};
use crate::flight::{BREATH, MOST_STUCK};
use crate::status::{OK, Status};
use aldis_carrier::testing::{Connection, TestMessage};
use aldis_carrier::{Act, Class};
use rusmpp_core::pdus::owned::Pdu;
use serde_json::json;
use std::time::Duration;

#[test]
fn a_long_text_takes_its_parts_out_of_the_window() {
    let bench = bench(&json!({"window": 4}));
    let mut connection = bound(&bench);
    let long = TestMessage::new("+12025550100", &"a".repeat(400));
    let acts = connection.submit(1, &long).expect("submitted");
    let sequences: Vec<_> = frames(&acts).iter().map(|frame| frame.sequence).collect();
    assert_eq!((sequences.len(), ready(&acts)), (3, Some((2, None))));
    assert_eq!(ended(&hear(&mut connection, OK, sequences[0], answer("a"))), []);
    let acts = hear(&mut connection, OK, sequences[1], answer("b"));
    assert_eq!(ready(&acts), Some((4, None)));
    let acts = hear(&mut connection, OK, sequences[2], answer("c"));
    assert_eq!(ended(&acts), [(1, Class::Accepted)]);
}

/// The parts that are written, and how many messages may come then.
fn parts(acts: &[Act]) -> (Vec<u32>, Option<(u32, Option<f64>)>) {
    let submits = frames(acts).into_iter().filter(|frame| frame.id == 0x04);
    (submits.map(|frame| frame.sequence).collect(), ready(acts))
}

#[test]
fn no_more_parts_than_the_window_are_out() {
    let bench = bench(&json!({"window": 2}));
    let mut connection = bound(&bench);
    let long = TestMessage::new("+12025550100", &"a".repeat(700));
    let (first, window) = parts(&connection.submit(1, &long).expect("submitted"));
    assert_eq!((first.len(), window), (2, Some((1, None))), "no other message");
    let mut all = first.clone();
    for place in 0..3 {
        let (next, _) = parts(&hear(&mut connection, OK, all[place], answer("x")));
        assert_eq!(next.len(), 1, "one for each answer");
        all.extend(next);
    }
    let (none, window) = parts(&hear(&mut connection, OK, all[3], answer("x")));
    assert_eq!((none.len(), window), (0, Some((2, None))));
    assert_eq!(
        ended(&hear(&mut connection, OK, all[4], answer("x"))),
        [(1, Class::Accepted)]
    );
}

#[test]
fn parts_keep_the_pace_of_the_bind() {
    let bench = bench(&json!({"max_per_second": 4.0}));
    let mut connection = bound(&bench);
    let long = TestMessage::new("+12025550100", &"a".repeat(400));
    let mut acts = connection.submit(1, &long).expect("submitted");
    for part in 1..=3 {
        let (written, window) = parts(&acts);
        assert_eq!(
            (written.len(), window.is_none_or(|now| now.0 == 1)),
            (1, true),
            "{part}"
        );
        let pause = Duration::from_millis(250);
        assert!(acts.contains(&Act::Timer(PACE, Some(pause))), "{part}: {acts:?}");
        acts = connection.on_timer(PACE).expect("heard");
    }
    assert_eq!(
        parts(&acts),
        (vec![], Some((8, Some(4.0)))),
        "the next message may come"
    );
}

#[test]
fn a_part_that_is_throttled_goes_out_again_after_a_breath() {
    let bench = bench(&json!({"statuses": {"0x400": "rate_limited"}}));
    for status in [0x58, 0x14, 0x400] {
        let mut connection = bound(&bench);
        let long = TestMessage::new("+12025550100", &"a".repeat(200));
        let (sequences, _) = parts(&connection.submit(1, &long).expect("submitted"));
        assert_eq!(
            ended(&hear(&mut connection, OK, sequences[0], answer("a"))),
            [],
            "{status:#x}"
        );
        let acts = hear(&mut connection, Status(status), sequences[1], Pdu::GenericNack);
        assert_eq!((ended(&acts), parts(&acts).0), (vec![], vec![]), "{status:#x}");
        assert!(
            ready(&acts).is_some_and(|(_, rate)| rate.is_some()),
            "the pace is halved"
        );
        assert!(acts.contains(&Act::Hold(1)), "{acts:?}");
        assert!(acts.contains(&Act::Timer(RESTING, Some(BREATH))), "{acts:?}");
        let (again, _) = parts(&connection.on_timer(RESTING).expect("heard"));
        let acts = hear(&mut connection, OK, again[0], answer("b"));
        assert_eq!(ended(&acts), [(1, Class::Accepted)], "{status:#x}");
    }
}

/// Submits a long text whose first part is taken, and whose second one is wanted later.
fn stuck(connection: &mut Connection<'_, crate::Smpp>, token: u64, status: u32) -> Vec<Act> {
    let long = TestMessage::new("+12025550100", &"a".repeat(200));
    let (mut sequences, _) = parts(&connection.submit(token, &long).expect("submitted"));
    if sequences.len() == 1 {
        // Kept back by the pace.
        sequences.extend(parts(&connection.on_timer(PACE).expect("heard")).0);
    }
    hear(connection, OK, sequences[0], answer("a"));
    hear(connection, Status(status), sequences[1], Pdu::GenericNack)
}

#[test]
fn a_text_that_rests_holds_up_nobody() {
    for status in [0x58, 0x14, 0x45, 0x08] {
        let bench = bench(&json!({"window": 4}));
        let mut connection = bound(&bench);
        let acts = stuck(&mut connection, 1, status);
        assert_eq!(ended(&acts), [], "{status:#x}");
        let other = TestMessage::new("+12025550101", "Hello");
        let (sequences, _) = parts(&connection.submit(2, &other).expect("submitted"));
        let acts = hear(&mut connection, OK, sequences[0], answer("b"));
        assert_eq!(ended(&acts), [(2, Class::Accepted)], "{status:#x}");
    }
}

#[test]
fn a_text_for_a_full_recipient_slows_down_the_others_once() {
    let bench = bench(&json!({"max_per_second": 100.0}));
    let mut connection = bound(&bench);
    let acts = stuck(&mut connection, 1, 0x14);
    assert_eq!(ready(&acts).and_then(|(_, rate)| rate), Some(50.0));
    for _ in 0..5 {
        connection.on_timer(SECOND).expect("heard");
        let mut written = Vec::new();
        while written.is_empty() {
            for timer in [PACE, RESTING] {
                written.extend(parts(&connection.on_timer(timer).expect("heard")).0);
            }
        }
        let acts = hear(&mut connection, Status(0x14), written[0], Pdu::GenericNack);
        assert!(ready(&acts).is_none_or(|(_, rate)| rate > Some(50.0)), "{acts:?}");
    }
}

#[test]
fn a_text_in_the_middle_ends_before_its_caller_has_an_answer() {
    let bench = bench(&json!({}));
    let mut connection = bound(&bench);
    stuck(&mut connection, 1, 0x58);
    connection.clock(TestMessage::new("+12025550100", "").deadline_unix_ms - 200);
    let acts = connection.on_timer(RESTING).expect("heard");
    assert_eq!(
        (parts(&acts).0, ended(&acts)),
        (vec![], vec![(1, Class::Ambiguous)])
    );
}

#[test]
fn no_other_long_text_is_begun_where_many_are_in_the_middle() {
    let bench = bench(&json!({"window": 50}));
    let mut connection = bound(&bench);
    for token in 0..MOST_STUCK as u64 {
        assert_eq!(ended(&stuck(&mut connection, token, 0x45)), []);
    }
    let long = TestMessage::new("+12025550100", &"a".repeat(200));
    let acts = connection.submit(90, &long).expect("submitted");
    assert_eq!(
        (parts(&acts).0, ended(&acts)),
        (vec![], vec![(90, Class::RateLimited)])
    );
    let short = TestMessage::new("+12025550100", "Hello");
    assert_eq!(
        parts(&connection.submit(91, &short).expect("submitted")).0.len(),
        1
    );
}
