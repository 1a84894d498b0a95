//! A message ends once, when its last part has its answer; one of which some parts are out is not sent again.

use super::*;
use proptest::prelude::*;

fn pdus(count: usize) -> Vec<Pdu> {
    vec![Pdu::EnquireLink; count]
}

/// Writes all that waits, under the numbers from this one on.
fn write_all(flight: &mut Flight, from: u32) -> Vec<u32> {
    let written = (from..).take_while(|sequence| flight.next(*sequence, 0).is_some());
    written.collect()
}

/// Each part has its answer, as often as it is written.
fn ends(answers: &[Answer]) -> Outcome {
    let mut flight = Flight::default();
    flight.carry(7, pdus(answers.len()));
    let mut end = None;
    let mut from = 10;
    let mut parts: Vec<usize> = (0..answers.len()).collect();
    while end.is_none() {
        let sequences = write_all(&mut flight, from);
        from += 100;
        assert_eq!(sequences.len(), parts.len(), "nothing is left to wait for");
        let mut again = Vec::new();
        for (sequence, part) in sequences.into_iter().zip(std::mem::take(&mut parts)) {
            assert_eq!(end, None, "not before the last");
            let waiting = flight.waiting.len();
            end = flight.answered(sequence, answers[part].clone());
            if flight.waiting.len() > waiting {
                again.insert(0, part);
            } else if flight.waiting.is_empty() {
                again.clear();
            }
        }
        parts = again;
    }
    let (token, outcome) = end.expect("an end");
    assert_eq!((token, flight.sent(), flight.messages()), (7, 0, 0));
    assert!(!flight.is_waiting());
    outcome
}

fn id(id: &str) -> Answer {
    Answer::Id(id.to_owned())
}

fn refused(status: u32) -> Answer {
    Answer::Refused(Status(status), Status(status).class())
}

#[test]
fn what_becomes_of_the_whole() {
    let taken = ends(&[id("a"), id("b")]);
    assert_eq!(
        (taken.class, taken.carrier_ids),
        (Class::Accepted, vec!["a".to_owned(), "b".to_owned()])
    );
    assert_eq!(ends(&[id("")]).class, Class::Accepted);
    let throttled = ends(&[refused(0x58)]);
    assert_eq!(
        (throttled.class, throttled.code.as_str()),
        (Class::RateLimited, "0x58")
    );
    assert!(throttled.retry_after.is_some());
    assert_eq!(ends(&[refused(0x0b), refused(0x0b)]).class, Class::InvalidNumber);
    // Half of it is out: whoever sent it again would send that half twice.
    for status in [0x58, 0x08, 0x0a, 0x0d, 0x33, 0x65] {
        let half = ends(&[id("a"), refused(status)]);
        assert_eq!(
            (half.class, half.carrier_ids.len()),
            (Class::Ambiguous, 0),
            "{status:#x}"
        );
    }
    assert_eq!(ends(&[id("a"), refused(0x0b)]).class, Class::InvalidNumber);
    assert_eq!(ends(&[refused(0x58), refused(0x58)]).class, Class::RateLimited);
    assert_eq!(ends(&[refused(0x58), Answer::Silence]).class, Class::Ambiguous);
    // Some have one id for all parts.
    assert_eq!(ends(&[id("a"), id("a"), id("b")]).carrier_ids, ["a", "b"]);
}

#[test]
fn a_part_that_there_is_no_room_for_goes_out_once_more() {
    let mut flight = Flight::default();
    flight.carry(7, pdus(3));
    assert_eq!(write_all(&mut flight, 1), [1, 2, 3]);
    assert_eq!(flight.answered(1, id("a")), None);
    assert_eq!(flight.answered(2, refused(0x58)), None);
    assert_eq!(flight.answered(3, id("c")), None);
    assert_eq!(write_all(&mut flight, 4), [4]);
    let (_, outcome) = flight.answered(4, id("b")).expect("the end");
    assert_eq!(
        (outcome.class, outcome.carrier_ids, outcome.segments),
        (
            Class::Accepted,
            vec!["a".to_owned(), "b".to_owned(), "c".to_owned()],
            Some(3)
        )
    );
    // Alone it is the host's to send again.
    flight.carry(8, pdus(1));
    write_all(&mut flight, 9);
    let (_, outcome) = flight.answered(9, refused(0x58)).expect("the end");
    assert_eq!(outcome.class, Class::RateLimited);
}

#[test]
fn after_a_refusal_the_rest_stays_here() {
    let mut flight = Flight::default();
    flight.carry(7, pdus(3));
    assert!(flight.next(1, 0).is_some());
    let (_, outcome) = flight.answered(1, refused(0x0a)).expect("the end");
    assert_eq!(
        outcome.class,
        Class::SenderNotAllowed,
        "nothing is out, so another may"
    );
    assert!(!flight.is_waiting());
}

#[test]
fn who_waits_too_long_is_found() {
    let mut flight = Flight::default();
    flight.carry(1, pdus(1));
    flight.next(1, 0);
    flight.carry(2, pdus(1));
    flight.next(2, 5);
    assert_eq!(flight.overdue(10, 10), Vec::<u32>::new());
    assert_eq!(flight.overdue(11, 10), [1]);
    assert_eq!(flight.answered(99, id("x")), None, "nobody asked");
}

proptest! {
    #[test]
    fn the_order_of_answers_does_not_matter(kinds in proptest::collection::vec(0_u8..4, 1..6), seed: u64) {
        let answers: Vec<_> = kinds
            .iter()
            .map(|kind| match kind {
                0 => id("x"),
                1 => refused(0x0b),
                2 => refused(0x08),
                _ => Answer::Silence,
            })
            .collect();
        let mut order: Vec<u32> = (0..u32::try_from(answers.len()).unwrap()).collect();
        order.sort_by_key(|place| u64::from(*place).wrapping_mul(seed | 1));
        let mut flight = Flight::default();
        flight.carry(1, pdus(answers.len()));
        write_all(&mut flight, 0);
        let ended: Vec<_> = order
            .iter()
            .filter_map(|place| flight.answered(*place, answers[*place as usize].clone()))
            .collect();
        prop_assert_eq!(ended, vec![(1, ends(&answers))]);
    }
}
