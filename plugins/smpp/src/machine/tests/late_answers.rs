//! An answer that comes after `answer_seconds` finds its message: its place is free by then, its sequence number is kept.

use super::super::PARTING;
use super::{SECOND, answer, bench, bound, ended, frames, hear, send};
use crate::bind::Role;
use crate::config::tests::profile;
use crate::flight::Answer;
use crate::machine::Machine;
use crate::status::{OK, Status};
use aldis_carrier::testing::{Connection, TestMessage};
use aldis_carrier::{Act, Class, Outcome, SessionHost};
use rusmpp_core::pdus::owned::Pdu;
use serde_json::json;
use std::sync::Arc;

fn seconds(connection: &mut Connection<'_, crate::Smpp>, count: u32) -> Vec<Act> {
    let second = |_| connection.on_timer(SECOND).expect("heard");
    (0..count).flat_map(second).collect()
}

#[test]
fn it_is_known_with_its_id() {
    for late in [13, 30, 69] {
        let bench = bench(&json!({"window": 1}));
        let mut connection = bound(&bench);
        let sequence = send(&mut connection, 1);
        let acts = seconds(&mut connection, 11);
        assert_eq!(ended(&acts), [(1, Class::Ambiguous)]);
        // Its place is another's.
        let other = send(&mut connection, 2);
        assert_ne!(other, sequence);
        assert_eq!(
            ended(&hear(&mut connection, OK, other, answer("b"))),
            [(2, Class::Accepted)]
        );
        seconds(&mut connection, late - 11);
        let acts = hear(&mut connection, OK, sequence, answer("a"));
        assert_eq!(
            acts,
            [Act::Complete(1, Outcome::accepted(["a"]).segments(1))],
            "{late} s"
        );
        assert_eq!(hear(&mut connection, OK, sequence, answer("a")), [], "once");
    }
}

#[test]
fn it_is_let_go_after_a_minute() {
    let bench = bench(&json!({}));
    let mut connection = bound(&bench);
    let sequence = send(&mut connection, 1);
    seconds(&mut connection, 75);
    assert_eq!(hear(&mut connection, OK, sequence, answer("a")), []);
}

#[test]
fn each_part_of_a_long_text_may_be_late() {
    let bench = bench(&json!({}));
    let mut connection = bound(&bench);
    let long = TestMessage::new("+12025550100", &"a".repeat(400));
    let parts = frames(&connection.submit(1, &long).expect("submitted"));
    assert_eq!(
        ended(&hear(&mut connection, OK, parts[1].sequence, answer("b"))),
        []
    );
    assert_eq!(ended(&seconds(&mut connection, 11)), [(1, Class::Ambiguous)]);
    assert_eq!(
        ended(&hear(&mut connection, OK, parts[2].sequence, answer("c"))),
        []
    );
    let acts = hear(&mut connection, OK, parts[0].sequence, answer("a"));
    assert_eq!(
        acts,
        [Act::Complete(1, Outcome::accepted(["a", "b", "c"]).segments(3))]
    );
}

/// A slow SMSC's window is given free, all of it, while a text is on its way.
#[test]
fn the_parts_that_waited_for_a_place_leave_after_all() {
    let bench = bench(&json!({"window": 2}));
    let mut connection = bound(&bench);
    let long = TestMessage::new("+12025550100", &"a".repeat(400));
    let acts = connection.submit(1, &long).expect("submitted");
    assert!(acts.contains(&Act::Hold(1)));
    let mut parts = frames(&acts);
    let acts = seconds(&mut connection, 11);
    assert_eq!(ended(&acts), []);
    parts.extend(frames(&acts).into_iter().filter(|frame| frame.id == 4));
    let sequences: Vec<u32> = parts.iter().map(|frame| frame.sequence).collect();
    assert_eq!(sequences.len(), 3);
    let mut acts = Vec::new();
    for (sequence, id) in sequences.into_iter().zip(["a", "b", "c"]) {
        acts.extend(hear(&mut connection, OK, sequence, answer(id)));
    }
    assert_eq!(ended(&acts), [(1, Class::Accepted)]);
}

#[test]
fn a_late_refusal_and_the_unbind_know_it_too() {
    let bench = bench(&json!({}));
    let mut connection = bound(&bench);
    let (one, two) = (send(&mut connection, 1), send(&mut connection, 2));
    seconds(&mut connection, 11);
    let acts = hear(&mut connection, Status(0x0b), one, Pdu::GenericNack);
    assert_eq!(ended(&acts), [(1, Class::InvalidNumber)]);
    let acts = hear(&mut connection, OK, 77, Pdu::Unbind);
    assert_eq!(frames(&acts).len(), 0, "its answer may stand behind it");
    let acts = hear(&mut connection, OK, two, answer("b"));
    assert_eq!(ended(&acts), [(2, Class::Accepted)]);
    let acts = connection.on_timer(PARTING).expect("heard");
    assert_eq!(frames(&acts)[0].id, 0x8000_0006);
}

#[test]
fn a_sequence_number_is_not_used_again_while_its_answer_may_come() {
    let mut host = SessionHost::at(0);
    let mut machine = Machine::open(Arc::new(profile(&json!({}))), Role::Transceiver, &mut host);
    machine.sequence = 0x7fff_fffe;
    let mut used = Vec::new();
    for token in 1..=4 {
        machine.flight.carry(token, vec![Pdu::EnquireLink], 1, 1);
        let sequence = machine.following();
        machine.flight.next(sequence, 0);
        machine.flight.answered(sequence, Answer::Silence);
        machine.sequence = if token == 2 { 0x7fff_fffe } else { sequence };
        used.push(sequence);
    }
    assert_eq!(used, [0x7fff_ffff, 1, 2, 3]);
}
