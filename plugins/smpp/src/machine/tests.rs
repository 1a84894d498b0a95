//! A bind's life: made or refused, kept awake, throttled, left; nothing that is told on it is dropped.

mod an_unbind;
mod any_smsc;
mod late_answers;
mod long_texts;

use super::{ENQUIRE, PACE, SECOND, SILENCE};
use crate::Smpp;
use crate::frame::{Frame, Frames, encode};
use crate::status::{OK, Status};
use aldis_carrier::testing::{Connection, SessionBench, TestMessage};
use aldis_carrier::{Act, Class, EventKind, Outcome, ReceiptState};
use rusmpp_core::pdus::owned::{
    BindReceiverResp, BindTransceiverResp, BindTransmitterResp, DeliverSm, Pdu, SubmitSmResp,
};
use rusmpp_core::types::owned::{COctetString, OctetString};
use rusmpp_core::values::EsmClass;
use serde_json::{Value, json};

fn bench(more: &Value) -> SessionBench<Smpp> {
    let mut settings = json!({"host": "127.0.0.1", "system_id": "acme"});
    for (key, value) in more.as_object().expect("a table") {
        settings[key] = value.clone();
    }
    SessionBench::new(&settings, &[("password", "a-password-of-twenty")]).expect("an instance")
}

fn frames(acts: &[Act]) -> Vec<Frame> {
    let mut frames = Frames::default();
    for act in acts {
        if let Act::Write(bytes) = act {
            frames.push(bytes);
        }
    }
    std::iter::from_fn(|| frames.next().expect("whole PDUs")).collect()
}

fn closed(acts: &[Act]) -> Option<&Outcome> {
    acts.iter().find_map(|act| match act {
        Act::Close(outcome) => Some(outcome),
        _ => None,
    })
}

fn ready(acts: &[Act]) -> Option<(u32, Option<f64>)> {
    acts.iter().rev().find_map(|act| match act {
        Act::Ready { window, per_second } => Some((*window, *per_second)),
        _ => None,
    })
}

fn ended(acts: &[Act]) -> Vec<(u64, Class)> {
    acts.iter()
        .filter_map(|act| match act {
            Act::Complete(token, outcome) => Some((*token, outcome.class)),
            _ => None,
        })
        .collect()
}

fn hear(connection: &mut Connection<'_, Smpp>, status: Status, sequence: u32, pdu: Pdu) -> Vec<Act> {
    connection
        .on_bytes(&encode(status, sequence, pdu))
        .expect("heard")
}

/// A transceiver that is bound.
fn bound(bench: &SessionBench<Smpp>) -> Connection<'_, Smpp> {
    let (mut connection, acts) = bench.connect(0).expect("connected");
    let sequence = frames(&acts)[0].sequence;
    hear(
        &mut connection,
        OK,
        sequence,
        Pdu::BindTransceiverResp(BindTransceiverResp::default()),
    );
    connection
}

fn answer(id: &str) -> Pdu {
    let id = COctetString::from_string(id.to_owned()).expect("an id");
    Pdu::SubmitSmResp(SubmitSmResp::new(id, Vec::new()))
}

fn message() -> TestMessage {
    TestMessage::new("+12025550100", "Hello")
}

/// Sends one and returns its sequence number.
fn send(connection: &mut Connection<'_, Smpp>, token: u64) -> u32 {
    let acts = connection.submit(token, &message()).expect("submitted");
    frames(&acts)[0].sequence
}

#[test]
fn links_of_each_kind() {
    let names = |more| {
        let links = bench(&more).links().expect("links");
        links
            .iter()
            .map(|link| link.name().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(json!({})), ["trx-1"]);
    assert_eq!(
        names(json!({"bind": "transmitter_receiver", "binds": 2})),
        ["tx-1", "rx-1", "tx-2", "rx-2"]
    );
}

#[test]
fn a_bind_is_made_as_it_should_be() {
    let bench = bench(
        &json!({"bind": "transmitter_receiver", "system_type": "OTP", "address_range": "404*", "window": 7, "max_per_second": 2.5}),
    );
    let resp = [
        (
            2,
            Pdu::BindTransmitterResp(BindTransmitterResp::default()),
            Some((7, Some(2.5))),
        ),
        (1, Pdu::BindReceiverResp(BindReceiverResp::default()), None),
    ];
    for ((id, resp, window), link) in resp.into_iter().zip(0..) {
        let (mut connection, acts) = bench.connect(link).expect("connected");
        let bind = &frames(&acts)[0];
        assert_eq!(bind.id, id);
        assert!(
            bind.body
                .starts_with(b"acme\0a-password-of-twenty\0OTP\0\x34\0\0"),
            "{:?}",
            bind.body
        );
        assert_eq!(bind.body.ends_with(b"404*\0"), id == 1, "who receives says what");
        assert_eq!(ready(&acts), None, "nothing is sent before the answer");
        assert_eq!(ready(&hear(&mut connection, OK, bind.sequence, resp)), window);
    }
}

#[test]
fn a_refused_bind_says_how_to_go_on() {
    let bench = bench(&json!({"statuses": {"0x410": "no_funds"}}));
    for (status, class) in [
        (0x0e, Class::Unauthorized),
        (0x0d, Class::Unauthorized),
        (0x0f, Class::Unauthorized),
        (0x05, Class::Temporary),
        (0x08, Class::Temporary),
        (0x0b, Class::Temporary),
        (0x410, Class::NoFunds),
    ] {
        let (mut connection, acts) = bench.connect(0).expect("connected");
        let sequence = frames(&acts)[0].sequence;
        // Without a body, as the specification lets them.
        let resp = [16_u32, 0x8000_0009, status, sequence]
            .map(u32::to_be_bytes)
            .concat();
        let acts = connection.on_bytes(&resp).expect("heard");
        assert_eq!(
            closed(&acts).map(|outcome| outcome.class),
            Some(class),
            "{status:#x}"
        );
        // Some nack it.
        let (mut connection, acts) = bench.connect(0).expect("connected");
        let acts = hear(
            &mut connection,
            Status(status),
            frames(&acts)[0].sequence,
            Pdu::GenericNack,
        );
        assert_eq!(
            closed(&acts).map(|outcome| outcome.class),
            Some(class),
            "{status:#x}"
        );
    }
    let (mut connection, _) = bench.connect(0).expect("connected");
    assert!(
        closed(&connection.on_timer(SILENCE).expect("heard")).is_some(),
        "no answer at all"
    );
}

#[test]
fn answers_in_any_order_end_their_messages() {
    let bench = bench(&json!({"id_base": "hex_to_dec"}));
    let mut connection = bound(&bench);
    let (one, two) = (send(&mut connection, 1), send(&mut connection, 2));
    let acts = hear(&mut connection, OK, two, answer("FF"));
    assert_eq!(acts, [Act::Complete(2, Outcome::accepted(["255"]).segments(1))]);
    assert_eq!(
        ended(&hear(&mut connection, Status(0x0b), one, Pdu::GenericNack)),
        [(1, Class::InvalidNumber)]
    );
    // Nobody asked.
    assert_eq!(hear(&mut connection, OK, 999, answer("1")), []);
}

#[test]
fn a_bind_that_its_smsc_forgot_is_made_anew() {
    let bench = bench(&json!({}));
    let mut connection = bound(&bench);
    let (one, two) = (send(&mut connection, 1), send(&mut connection, 2));
    let acts = hear(
        &mut connection,
        Status(0x04),
        one,
        Pdu::SubmitSmResp(SubmitSmResp::default()),
    );
    assert_eq!(
        (ended(&acts), ready(&acts)),
        (vec![(1, Class::Temporary)], Some((0, None)))
    );
    assert!(
        closed(&acts).is_none(),
        "the other one's answer may be on its way"
    );
    let acts = hear(&mut connection, OK, two, answer("a"));
    assert_eq!(ended(&acts), [(2, Class::Accepted)]);
    assert_eq!(closed(&acts).map(|why| why.class), Some(Class::Temporary));
}

#[test]
fn a_submit_without_an_answer_is_ambiguous() {
    let bench = bench(&json!({"answer_seconds": 2}));
    let mut connection = bound(&bench);
    send(&mut connection, 1);
    for _ in 0..2 {
        assert_eq!(ended(&connection.on_timer(SECOND).expect("heard")), []);
    }
    assert_eq!(
        ended(&connection.on_timer(SECOND).expect("heard")),
        [(1, Class::Ambiguous)]
    );
}

#[test]
fn throttling_halves_the_pace_and_calm_brings_it_back() {
    let bench = bench(&json!({"max_per_second": 100.0}));
    let mut connection = bound(&bench);
    let sequence = send(&mut connection, 1);
    let acts = hear(
        &mut connection,
        Status(0x58),
        sequence,
        Pdu::SubmitSmResp(SubmitSmResp::default()),
    );
    assert_eq!(
        (ended(&acts), ready(&acts)),
        (vec![(1, Class::RateLimited)], Some((10, Some(50.0))))
    );
    let mut rates = Vec::new();
    for _ in 0..15 {
        rates.extend(ready(&connection.on_timer(SECOND).expect("heard")));
    }
    assert!(rates.windows(2).all(|pair| pair[0].1 < pair[1].1), "{rates:?}");
    assert_eq!(rates.last(), Some(&(10, Some(100.0))));
}

#[test]
fn both_sides_keep_awake() {
    let bench = bench(&json!({}));
    let mut connection = bound(&bench);
    let acts = hear(&mut connection, OK, 77, Pdu::EnquireLink);
    assert_eq!(
        (frames(&acts)[0].id, frames(&acts)[0].sequence),
        (0x8000_0015, 77)
    );
    for alive in [
        Pdu::EnquireLinkResp,
        Pdu::GenericNack,
        Pdu::EnquireLink,
        answer("a"),
    ] {
        let acts = connection.on_timer(ENQUIRE).expect("heard");
        assert_eq!(frames(&acts)[0].id, 0x15);
        // Whatever its number.
        let acts = hear(&mut connection, OK, 0, alive);
        assert!(acts.contains(&Act::Timer(SILENCE, None)), "{acts:?}");
    }
    connection.on_timer(ENQUIRE).expect("heard");
    assert_eq!(
        closed(&connection.on_timer(SILENCE).expect("heard")).map(|why| why.class),
        Some(Class::Temporary)
    );
}

fn deliver(esm_class: u8, text: &str) -> Pdu {
    let mut deliver = DeliverSm::default();
    deliver.esm_class = EsmClass::from(esm_class);
    deliver.source_addr = COctetString::from_string("12025550100".into()).expect("a number");
    deliver.set_short_message(OctetString::from_string(text.into()).expect("a text"));
    Pdu::DeliverSm(deliver)
}

#[test]
fn what_is_told_is_answered_when_it_is_stored() {
    let bench = bench(&json!({}));
    let mut connection = bound(&bench);
    for (pdu, kind) in [
        (deliver(0x04, "id:9 stat:DELIVRD err:000"), EventKind::Receipt),
        (deliver(0x00, "Hello"), EventKind::Inbound),
        (deliver(0x00, "STOP"), EventKind::OptOut),
    ] {
        let acts = hear(&mut connection, OK, 40, pdu);
        let [Act::Event { event, ack, nack }] = acts.as_slice() else {
            panic!("{acts:?}");
        };
        assert_eq!(event.kind, kind);
        assert_eq!(event.state == ReceiptState::Delivered, kind == EventKind::Receipt);
        for (bytes, status) in [(ack, 0), (nack, 0x64)] {
            let mut frames = Frames::default();
            frames.push(bytes);
            let resp = frames.next().expect("whole").expect("one");
            assert_eq!((resp.id, resp.status.0, resp.sequence), (0x8000_0005, status, 40));
        }
    }
}

#[test]
fn what_nobody_knows_is_answered_and_nonsense_ends_it() {
    let bench = bench(&json!({}));
    let mut connection = bound(&bench);
    let unknown = [16_u32, 0x0777, 0, 5].map(u32::to_be_bytes).concat();
    let nack = &frames(&connection.on_bytes(&unknown).expect("heard"))[0];
    assert_eq!((nack.id, nack.status.0, nack.sequence), (0x8000_0000, 3, 5));
    let answer_of_nobody = [16_u32, 0x8000_0777, 0, 5].map(u32::to_be_bytes).concat();
    assert_eq!(connection.on_bytes(&answer_of_nobody).expect("heard"), []);
    let nonsense = [7_u32, 0x15, 0, 6].map(u32::to_be_bytes).concat();
    let acts = connection.on_bytes(&nonsense).expect("heard");
    assert_eq!(frames(&acts)[0].status.0, 2);
    assert_eq!(closed(&acts).map(|why| why.class), Some(Class::Temporary));
    assert_eq!(
        connection.on_bytes(&unknown).expect("heard"),
        [],
        "nothing after the end"
    );
}

#[test]
fn leave_is_taken_from_either_side() {
    let bench = bench(&json!({}));
    let mut connection = bound(&bench);
    assert!(closed(&hear(&mut connection, OK, 3, Pdu::Unbind)).is_none());
    let acts = connection.on_timer(super::PARTING).expect("heard");
    assert_eq!(frames(&acts)[0].id, 0x8000_0006);
    assert_eq!(closed(&acts).map(|why| why.class), Some(Class::Temporary));
    let mut connection = bound(&bench);
    let unbind = &frames(&connection.drain().expect("heard"))[0];
    assert_eq!(unbind.id, 0x06);
    assert!(closed(&hear(&mut connection, OK, unbind.sequence, Pdu::UnbindResp)).is_some());
}
