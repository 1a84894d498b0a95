//! An unbind, from whichever side, loses nothing that is on its way: answers and receipts behind it are taken.

use super::super::parting::{LAST_ANSWERS, QUIET};
use super::super::{PARTING, SECOND};
use super::{answer, bench, bound, closed, deliver, ended, frames, hear, message, ready, send};
use crate::frame::encode;
use crate::status::OK;
use aldis_carrier::testing::{Connection, TestMessage};
use aldis_carrier::{Act, Class};
use rusmpp_core::pdus::owned::Pdu;
use serde_json::json;

const UNBIND: u32 = 0x06;
const UNBIND_RESP: u32 = 0x8000_0006;

fn receipt() -> Pdu {
    deliver(0x04, "id:9 stat:DELIVRD err:000")
}

fn events(acts: &[Act]) -> usize {
    acts.iter().filter(|act| matches!(act, Act::Event { .. })).count()
}

/// Returns the command ids of what is written, in order, with their sequence numbers.
fn written(acts: &[Act]) -> Vec<(u32, u32)> {
    let frames = frames(acts);
    frames.iter().map(|frame| (frame.id, frame.sequence)).collect()
}

fn quiet_is_waited_for(acts: &[Act]) {
    assert_eq!((written(acts), closed(acts)), (vec![], None));
    assert!(acts.contains(&Act::Timer(PARTING, Some(QUIET))), "{acts:?}");
}

/// Lets nothing more come.
fn quiet(connection: &mut Connection<'_, crate::Smpp>, acts: &[Act]) -> Vec<Act> {
    quiet_is_waited_for(acts);
    connection.on_timer(PARTING).expect("heard")
}

#[test]
fn an_smsc_that_is_never_quiet_is_not_waited_for_long() {
    let bench = bench(&json!({}));
    let mut connection = bound(&bench);
    let one = send(&mut connection, 1);
    hear(&mut connection, OK, 77, Pdu::Unbind);
    hear(&mut connection, OK, one, answer("a"));
    for second in 1..=LAST_ANSWERS.as_secs() {
        assert_eq!(closed(&hear(&mut connection, OK, 78, Pdu::EnquireLink)), None);
        let acts = connection.on_timer(SECOND).expect("heard");
        assert_eq!(closed(&acts).is_some(), second == LAST_ANSWERS.as_secs());
    }
}

#[test]
fn the_answer_in_the_same_segment_counts() {
    let bench = bench(&json!({}));
    let mut connection = bound(&bench);
    assert_eq!(send(&mut connection, 1), 2);
    let segment = b"\0\0\0\x10\0\0\0\x06\0\0\0\0\0\0\x01\xf5\0\0\0\x15\x80\0\0\x04\0\0\0\0\0\0\0\x029001\0";
    let acts = connection.on_bytes(segment).expect("heard");
    assert_eq!(ended(&acts), [(1, Class::Accepted)]);
    let acts = quiet(&mut connection, &acts);
    assert_eq!(written(&acts), [(UNBIND_RESP, 0x1f5)]);
    assert_eq!(closed(&acts).map(|why| why.class), Some(Class::Temporary));
}

#[test]
fn what_is_in_flight_is_waited_for_and_nothing_new_leaves() {
    let bench = bench(&json!({}));
    let mut connection = bound(&bench);
    let (one, two) = (send(&mut connection, 1), send(&mut connection, 2));
    let acts = hear(&mut connection, OK, 77, Pdu::Unbind);
    assert_eq!((written(&acts), closed(&acts)), (vec![], None));
    assert_eq!(ready(&acts), Some((0, None)));
    assert!(acts.contains(&Act::Timer(PARTING, Some(LAST_ANSWERS))));
    assert_eq!(
        ended(&hear(&mut connection, OK, one, answer("a"))),
        [(1, Class::Accepted)]
    );
    // What is told meanwhile is taken; it is asked whether somebody is there; and a message that comes goes elsewhere.
    let acts = hear(&mut connection, OK, 78, receipt());
    assert_eq!((events(&acts), closed(&acts)), (1, None));
    assert_eq!(
        written(&hear(&mut connection, OK, 79, Pdu::EnquireLink)),
        [(0x8000_0015, 79)]
    );
    let acts = connection.submit(3, &message()).expect("submitted");
    assert_eq!(
        (ended(&acts), written(&acts)),
        (vec![(3, Class::Temporary)], vec![])
    );
    let acts = connection.on_timer(SECOND).expect("heard");
    assert_eq!((ready(&acts), closed(&acts)), (None, None));
    let acts = hear(&mut connection, OK, two, answer("b"));
    assert_eq!(ended(&acts), [(2, Class::Accepted)]);
    // The receipt of what was answered, and another one behind it.
    quiet_is_waited_for(&acts);
    let acts = hear(&mut connection, OK, 80, receipt());
    assert_eq!(events(&acts), 1);
    let acts = quiet(&mut connection, &acts);
    assert_eq!(written(&acts), [(UNBIND_RESP, 77)]);
    assert!(closed(&acts).is_some());
}

#[test]
fn an_smsc_that_answers_no_more_is_not_waited_for_long() {
    let bench = bench(&json!({}));
    let mut connection = bound(&bench);
    send(&mut connection, 1);
    hear(&mut connection, OK, 77, Pdu::Unbind);
    let acts = connection.on_timer(PARTING).expect("heard");
    assert_eq!(written(&acts), [(UNBIND_RESP, 77)]);
    assert!(
        closed(&acts).is_some(),
        "the host ends the message with the connection"
    );
}

#[test]
fn a_pdu_that_has_arrived_in_part_is_waited_for() {
    let bench = bench(&json!({}));
    let mut connection = bound(&bench);
    let segment = [encode(OK, 77, Pdu::Unbind), encode(OK, 78, receipt())].concat();
    let (first, rest) = segment.split_at(40);
    let acts = connection.on_bytes(first).expect("heard");
    assert_eq!((written(&acts), closed(&acts)), (vec![], None));
    let acts = connection.on_bytes(rest).expect("heard");
    assert_eq!((events(&acts), written(&acts)), (1, vec![]));
    // Quiet is waited for in any case, so that it does not matter where a segment ends.
    let acts = quiet(&mut connection, &acts);
    assert_eq!(written(&acts), [(UNBIND_RESP, 77)]);
    assert!(closed(&acts).is_some());
}

#[test]
fn receipts_around_our_own_unbind_are_taken() {
    let bench = bench(&json!({}));
    for behind in [false, true] {
        let mut connection = bound(&bench);
        let unbind = &frames(&connection.drain().expect("heard"))[0];
        assert_eq!(unbind.id, UNBIND);
        let answer = encode(OK, unbind.sequence, Pdu::UnbindResp);
        let told = encode(OK, 78, receipt());
        let segment = if behind { [answer, told] } else { [told, answer] }.concat();
        let acts = connection.on_bytes(&segment).expect("heard");
        assert_eq!(events(&acts), 1, "behind: {behind}");
        assert!(closed(&acts).is_some());
    }
}

#[test]
fn a_text_of_which_a_part_has_not_left_is_ambiguous_once_its_others_are_answered() {
    let bench = bench(&json!({"window": 1}));
    let mut connection = bound(&bench);
    let long = TestMessage::new("+12025550100", &"a".repeat(200));
    let first = frames(&connection.submit(1, &long).expect("submitted"))[0].sequence;
    assert_eq!(ended(&hear(&mut connection, OK, 77, Pdu::Unbind)), []);
    let acts = hear(&mut connection, OK, first, answer("a"));
    assert_eq!(ended(&acts), [(1, Class::Ambiguous)]);
    assert_eq!(written(&quiet(&mut connection, &acts)), [(UNBIND_RESP, 77)]);
}

#[test]
fn leave_is_taken_where_the_smsc_has_unbound_already() {
    let bench = bench(&json!({}));
    let mut connection = bound(&bench);
    send(&mut connection, 1);
    hear(&mut connection, OK, 77, Pdu::Unbind);
    let acts = connection.drain().expect("heard");
    assert_eq!(written(&acts), [(UNBIND_RESP, 77)]);
    assert!(closed(&acts).is_some());
    // Both at once.
    let mut connection = bound(&bench);
    connection.drain().expect("heard");
    let acts = hear(&mut connection, OK, 78, Pdu::Unbind);
    assert_eq!(written(&acts), [(UNBIND_RESP, 78)]);
    assert!(closed(&acts).is_some());
}

#[test]
fn a_forgotten_bind_takes_what_stands_behind_the_refusal() {
    let bench = bench(&json!({}));
    let mut connection = bound(&bench);
    let one = send(&mut connection, 1);
    let refusal = encode(crate::status::NOT_BOUND, one, Pdu::GenericNack);
    let segment = [refusal, encode(OK, 78, receipt())].concat();
    let acts = connection.on_bytes(&segment).expect("heard");
    assert_eq!((ended(&acts), events(&acts)), (vec![(1, Class::Temporary)], 1));
    assert!(closed(&acts).is_some());
}
