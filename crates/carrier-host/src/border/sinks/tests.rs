//! The sinks take nothing that the host would not read in a frame, and refuse nothing that it would: both have the same
//! limits.

use super::session::SessSink;
use super::*;
use crate::limits;
use crate::worker::frame::{self, Answer, Answered, FROM_WORKER, Said};
use aldis_carrier::abi::{Pair, Sess};
use bytes::BytesMut;
use proptest::prelude::*;

/// One thing to want, of some size.
#[derive(Debug, Clone)]
enum Want {
    Write(usize),
    Complete(usize, usize),
    Event(usize, usize, usize),
    Timers(u32),
}

fn wants() -> impl Strategy<Value = Want> {
    prop_oneof![
        (0..3_000_000_usize).prop_map(Want::Write),
        (0..5_000_usize, 0..80_000_usize).prop_map(|(ids, detail)| Want::Complete(ids, detail)),
        (0..300_000_usize, 0..5_000_usize, 0..300_000_usize)
            .prop_map(|(text, pairs, ack)| Want::Event(text, pairs, ack)),
        (0..70_000_u32).prop_map(Want::Timers),
    ]
}

fn want(sess: &Sess, want: &Want, letter: u8) -> bool {
    let long = |length: usize| vec![letter; length];
    let ctx = sess.ctx;
    // SAFETY: the table's own context, and all that is lent outlives each call.
    let answers = unsafe {
        match *want {
            Want::Write(length) => vec![sess.write.expect("a function")(ctx, Str::of(&long(length)))],
            Want::Complete(ids, detail) => {
                let (ids, detail) = (vec![Str::of("id"); ids], long(detail));
                let mut outcome: Outcome = std::mem::zeroed();
                outcome.struct_size = size_of_u32::<Outcome>();
                (outcome.carrier_ids, outcome.detail) = (List::of(&ids), Str::of(&detail));
                vec![sess.complete.expect("a function")(ctx, 1, &raw const outcome)]
            }
            Want::Event(text, pairs, ack) => {
                let (text, pairs, ack) = (long(text), vec![Pair::of("a", "b", 0); pairs], long(ack));
                let mut event: Event = std::mem::zeroed();
                event.struct_size = size_of_u32::<Event>();
                (event.text, event.attrs) = (Str::of(&text), List::of(&pairs));
                let tell = sess.event.expect("a function");
                vec![tell(ctx, &raw const event, Str::of(&ack), Str::EMPTY)]
            }
            Want::Timers(count) => {
                let timer = sess.timer.expect("a function");
                (0..count).map(|id| timer(ctx, id, u32::MAX)).collect()
            }
        }
    };
    answers.iter().all(|answer| *answer == OK)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_a_session_may_want_fits_in_a_frame(
        all in prop::collection::vec(wants(), 1..8),
        letter in prop_oneof![Just(b'x'), Just(0xFF)],
    ) {
        let mut sink = SessSink::default();
        let sess = sink.table(0);
        let all_taken = all.iter().all(|one| want(&sess, one, letter));
        prop_assert_eq!(all_taken, !sink.broken);
        let acts = std::mem::take(&mut sink.acts);
        let count = acts.len();
        let answered = Answered { id: u64::MAX, took_us: u32::MAX, answer: Ok(Answer::Acts(acts)) };
        let mut bytes = Vec::new();
        frame::put(&Said::Answer(answered), &mut bytes).expect("a frame");
        let frame = frame::next(&mut BytesMut::from(bytes.as_slice()), FROM_WORKER);
        let frame = frame.expect("short enough").expect("whole");
        let Said::Answer(Answered { answer: Ok(Answer::Acts(acts)), .. }) = frame::read(&frame).expect("read") else {
            panic!("another frame")
        };
        prop_assert_eq!(acts.len(), count);
        let weight = acts.iter().map(RawAct::weight).sum::<usize>();
        prop_assert!(weight <= limits::CALL, "{} bytes", weight);
    }
}

#[test]
fn a_call_back_has_an_end() {
    let mut sink = CallbackSink::default();
    let table = sink.table();
    // SAFETY: zeros are an event of nothing.
    let mut event: Event = unsafe { std::mem::zeroed() };
    event.struct_size = size_of_u32::<Event>();
    // SAFETY: the table's own context.
    let tell = || unsafe { table.event.expect("a function")(table.ctx, &raw const event) };
    assert!((0..limits::EVENTS).all(|_| tell() == OK));
    assert_eq!(tell(), E_INVALID);
    assert!(sink.broken && sink.events.len() == limits::EVENTS);
}

#[test]
fn a_request_is_looked_at_before_it_is_copied() {
    let much = vec![0; limits::CALL];
    // SAFETY: zeros are a request of nothing; what it lends outlives the copy.
    let taken = |body: &[u8]| unsafe {
        let mut request: HttpReq = std::mem::zeroed();
        request.body = Str::of(body);
        raw_request(&request, &mut Ration::default()).map(|request| request.body.len())
    };
    assert_eq!(taken(&much), Some(limits::CALL));
    assert_eq!(taken(&vec![0; limits::CALL + 1]), None);
}
