//! A message ends once, when its last part has its answer; one of which some parts are out is not sent again.

use super::*;
use proptest::prelude::*;

/// The moment from which nothing of a message leaves any more.
const UNTIL: u64 = 60_000;

/// The parts of a message by the host's count: more than any here has, so that the ids of some are told.
const SEGMENTS: u32 = 10;

fn pdus(count: usize) -> Vec<Pdu> {
    vec![Pdu::EnquireLink; count]
}

/// Writes all that waits, under the numbers from this one on.
fn write_all(flight: &mut Flight, from: u32) -> Vec<u32> {
    let written = (from..).take_while(|sequence| flight.next(*sequence, 0).is_some());
    written.collect()
}

/// Returns a message of one part and one of two, written as 1 to 3, of which none had its answer in time.
fn unanswered() -> Flight {
    let mut flight = Flight::default();
    flight.carry(1, pdus(1), UNTIL, SEGMENTS);
    flight.carry(2, pdus(2), UNTIL, SEGMENTS);
    assert_eq!(write_all(&mut flight, 1), [1, 2, 3]);
    for (sequence, ends) in [(1, Some(1)), (2, None), (3, Some(2))] {
        let end = flight.answered(sequence, Answer::Silence);
        assert_eq!(end.as_ref().map(|(token, _)| *token), ends);
        assert!(end.is_none_or(|(_, outcome)| outcome.class == Class::Ambiguous));
    }
    flight
}

/// Returns the end of a message of which each part gets its answer, as often as it is written.
fn ends(answers: &[Answer]) -> Outcome {
    let mut flight = Flight::default();
    flight.carry(7, pdus(answers.len()), UNTIL, SEGMENTS);
    let mut end = None;
    let mut sequence = 10;
    // Each time it is written; until its time is up, if it comes to that.
    for now in (0..=UNTIL).step_by(500) {
        let mut written = Vec::new();
        while let Some(number) = flight.waiting.front().map(|(_, number)| *number) {
            flight.next(sequence, 0).expect("it waits");
            written.push((sequence, number));
            sequence += 1;
        }
        for (sequence, number) in written {
            assert_eq!(end, None, "not before the last");
            end = flight.answered(sequence, answers[number].clone());
        }
        if end.is_some() {
            break;
        }
        assert!(flight.is_resting(), "there is something to wait for");
        flight.breathe(now);
        end = flight.give_up(now).pop();
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
    // Half of it is out: whoever sent it again would send that half twice. What the SMSC wants later is tried to the end.
    for status in [0x58, 0x14, 0x08, 0x0a, 0x0d, 0x33, 0x65] {
        let half = ends(&[id("a"), refused(status)]);
        assert_eq!(
            (half.class, half.carrier_ids),
            (Class::Ambiguous, vec!["a".to_owned()]),
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
fn a_part_that_there_is_no_room_for_goes_out_later() {
    let mut flight = Flight::default();
    flight.carry(7, pdus(3), UNTIL, SEGMENTS);
    assert_eq!(write_all(&mut flight, 1), [1, 2, 3]);
    assert_eq!(flight.answered(1, id("a")), None);
    assert_eq!(flight.answered(2, refused(0x58)), None);
    assert_eq!(flight.answered(3, id("c")), None);
    assert_eq!(write_all(&mut flight, 4), Vec::<u32>::new(), "not at once");
    flight.breathe(0);
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
    flight.carry(8, pdus(1), UNTIL, SEGMENTS);
    write_all(&mut flight, 9);
    let (_, outcome) = flight.answered(9, refused(0x58)).expect("the end");
    assert_eq!(outcome.class, Class::RateLimited);
}

#[test]
fn after_a_refusal_the_rest_stays_here() {
    let mut flight = Flight::default();
    flight.carry(7, pdus(3), UNTIL, SEGMENTS);
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
    flight.carry(1, pdus(1), UNTIL, SEGMENTS);
    flight.next(1, 0);
    flight.carry(2, pdus(1), UNTIL, SEGMENTS);
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
                // Not one that is wanted later: that part would be written again.
                2 => refused(0x0a),
                _ => Answer::Silence,
            })
            .collect();
        let mut order: Vec<u32> = (0..u32::try_from(answers.len()).unwrap()).collect();
        order.sort_by_key(|place| u64::from(*place).wrapping_mul(seed | 1));
        let mut flight = Flight::default();
        flight.carry(1, pdus(answers.len()), UNTIL, SEGMENTS);
        write_all(&mut flight, 0);
        let ended: Vec<_> = order
            .iter()
            .filter_map(|place| flight.answered(*place, answers[*place as usize].clone()))
            .collect();
        prop_assert_eq!(ended, vec![(1, ends(&answers))]);
    }
}

#[test]
fn what_is_wanted_later_is_written_until_its_time_is_up() {
    let mut flight = Flight::default();
    flight.carry(7, pdus(2), UNTIL, SEGMENTS);
    write_all(&mut flight, 1);
    assert_eq!(flight.answered(1, id("a")), None);
    assert_eq!(flight.answered(2, refused(0x58)), None);
    assert_eq!(
        (flight.unfinished(), flight.unfinished()),
        (vec![7], vec![]),
        "it is told once"
    );
    let mut tries = Vec::new();
    let mut sequence = 3;
    for now in (500..=UNTIL).step_by(500) {
        flight.breathe(now);
        if flight.next(sequence, 0).is_some() {
            tries.push(now);
            assert_eq!(flight.answered(sequence, refused(0x58)), None);
            sequence += 1;
        }
    }
    // Not a hammer, never late by more than half of the time it took, and once more shortly before the end.
    let pauses: Vec<u64> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(tries.len() < 20, "{tries:?}");
    assert_eq!(&tries[..3], [500, 1000, 1500]);
    assert!(
        tries
            .iter()
            .zip(&pauses)
            .all(|(so_far, pause)| pause * 2 <= so_far + 1000),
        "{tries:?}"
    );
    assert!(
        tries.iter().any(|at| (UNTIL - LAST_CHANCE..UNTIL).contains(at)),
        "{tries:?}"
    );
    let (token, outcome) = flight.give_up(UNTIL).pop().expect("its end");
    assert_eq!(
        (token, outcome.class, outcome.code.as_str()),
        (7, Class::Ambiguous, "0x58")
    );
    assert!(!flight.is_resting() && flight.messages() == 0);
}

#[test]
fn the_rest_of_a_text_waits_with_the_part_that_is_wanted_later() {
    let mut flight = Flight::default();
    flight.carry(7, pdus(3), UNTIL, SEGMENTS);
    flight.next(1, 0);
    assert_eq!(flight.answered(1, id("a")), None);
    flight.next(2, 0);
    assert_eq!(flight.answered(2, refused(0x14)), None);
    flight.carry(8, pdus(1), UNTIL, SEGMENTS);
    assert!(flight.next(3, 0).is_some(), "another message");
    assert_eq!(flight.next(4, 0), None);
    flight.breathe(0);
    assert_eq!(write_all(&mut flight, 4), [4, 5]);
    assert_eq!(flight.answered(5, id("c")), None);
    let (_, outcome) = flight.answered(4, id("b")).expect("the end");
    assert_eq!(outcome.carrier_ids, ["a", "b", "c"]);
}

#[test]
fn a_text_of_which_nothing_is_out_is_left_to_others_soon() {
    for (status, tries) in [(0x58, 4), (0x08, 1)] {
        let mut flight = Flight::default();
        flight.carry(7, pdus(2), UNTIL, SEGMENTS);
        let mut written = 0;
        let end = loop {
            flight.next(written, 0).expect("the first part");
            let end = flight.answered(written, refused(status));
            written += 1;
            if let Some((_, outcome)) = end {
                break outcome;
            }
            for _ in 0..10 {
                flight.breathe(0);
            }
        };
        assert_eq!(
            (written, end.class),
            (tries, Status(status).class()),
            "{status:#x}"
        );
    }
}

#[test]
fn what_is_wanted_later_is_left_to_others_where_the_bind_ends() {
    let mut flight = Flight::default();
    flight.carry(7, pdus(2), UNTIL, SEGMENTS);
    flight.carry(8, pdus(2), UNTIL, SEGMENTS);
    write_all(&mut flight, 1);
    assert_eq!(flight.answered(1, refused(0x58)), None);
    assert_eq!(flight.stop(), vec![]);
    let (token, outcome) = flight.answered(2, refused(0x58)).expect("its end");
    assert_eq!((token, outcome.class), (7, Class::RateLimited));
    assert_eq!(flight.answered(3, id("a")), None);
    let (token, outcome) = flight.answered(4, refused(0x58)).expect("its end");
    assert_eq!((token, outcome.class), (8, Class::Ambiguous));
    assert!(!flight.is_resting() && !flight.is_outstanding());
}

#[test]
fn an_answer_that_is_late_finds_its_message() {
    let mut flight = unanswered();
    assert_eq!(
        (flight.sent(), flight.messages()),
        (0, 0),
        "their places are free"
    );
    assert!([1, 2, 3].into_iter().all(|sequence| flight.knows(sequence)) && flight.is_outstanding());
    assert_eq!(flight.answered(3, id("c")), None, "half of it");
    let (token, outcome) = flight.answered(1, id("a")).expect("known after all");
    assert_eq!(
        (token, outcome.class, outcome.carrier_ids),
        (1, Class::Accepted, vec!["a".to_owned()])
    );
    let (token, outcome) = flight.answered(2, id("b")).expect("known after all");
    assert_eq!(
        (token, outcome.carrier_ids),
        (2, vec!["b".to_owned(), "c".to_owned()])
    );
    assert_eq!(flight.answered(1, id("a")), None, "once");
    assert!(!flight.is_outstanding());
}

#[test]
fn a_late_refusal_is_told_where_nothing_is_out() {
    let mut flight = unanswered();
    let (_, outcome) = flight.answered(1, refused(0x0b)).expect("known after all");
    assert_eq!(outcome.class, Class::InvalidNumber);
    assert_eq!(flight.answered(2, id("a")), None);
    assert_eq!(
        flight.answered(3, refused(0x45)),
        None,
        "half of it is out: nothing new"
    );
}

#[test]
fn a_minute_later_it_is_forgotten() {
    let mut flight = unanswered();
    flight.forget(70, 10);
    assert!(flight.knows(1));
    flight.forget(71, 10);
    assert!(!flight.is_outstanding() && !flight.knows(1));
    assert_eq!(flight.answered(1, id("a")), None);
    assert_eq!(flight.late.remembered(), 0);
}

#[test]
fn an_smsc_that_answers_nothing_fills_no_memory() {
    let mut flight = Flight::default();
    for sequence in 1..=20_000 {
        flight.carry(sequence.into(), pdus(1), UNTIL, SEGMENTS);
        flight.next(sequence, 0);
        flight.answered(sequence, Answer::Silence);
    }
    assert_eq!(flight.late.remembered(), 10_000);
    assert!(flight.answered(20_000, id("a")).is_some(), "the newest are kept");
}

#[test]
fn the_ids_of_some_parts_are_told_where_the_host_can_know_them_for_that() {
    for (segments, told) in [(3, vec!["a"]), (2, vec!["a"]), (1, vec![]), (0, vec![])] {
        for last in [Answer::Silence, refused(0x0a)] {
            let mut flight = Flight::default();
            flight.carry(7, pdus(2), UNTIL, segments);
            write_all(&mut flight, 1);
            assert_eq!(flight.answered(1, id("a")), None);
            let (_, outcome) = flight.answered(2, last).expect("its end");
            assert_eq!(outcome.class, Class::Ambiguous);
            assert_eq!(outcome.carrier_ids, told, "{segments}");
        }
    }
    // The bind ends before the second part has left.
    let mut flight = Flight::default();
    flight.carry(7, pdus(2), UNTIL, 2);
    flight.next(1, 0);
    assert_eq!(flight.stop(), vec![]);
    let (_, outcome) = flight.answered(1, id("a")).expect("its end");
    assert_eq!(
        (outcome.class, outcome.carrier_ids),
        (Class::Ambiguous, vec!["a".to_owned()])
    );
}
