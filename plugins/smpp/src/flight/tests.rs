//! A message ends once, when its last part has its answer; one of which some parts are out is not sent again.

use super::*;
use proptest::prelude::*;

fn ends(answers: &[Answer]) -> Outcome {
    let mut flight = Flight::default();
    let sequences: Vec<u32> = (10..).take(answers.len()).collect();
    flight.carry(7, &sequences, 0);
    let mut end = None;
    for (sequence, answer) in sequences.iter().zip(answers) {
        assert_eq!(end, None, "not before the last");
        end = flight.answered(*sequence, answer.clone());
    }
    let (token, outcome) = end.expect("an end");
    assert_eq!((token, flight.parts(), flight.messages()), (7, 0, 0));
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
    // Half of it is out.
    let half = ends(&[id("a"), refused(0x58)]);
    assert_eq!(
        (half.class, half.carrier_ids),
        (Class::Ambiguous, vec!["a".to_owned()])
    );
    assert_eq!(ends(&[id("a"), refused(0x0b)]).class, Class::InvalidNumber);
    assert_eq!(ends(&[refused(0x58), Answer::Silence]).class, Class::Ambiguous);
}

#[test]
fn who_waits_too_long_is_found() {
    let mut flight = Flight::default();
    flight.carry(1, &[1], 0);
    flight.carry(2, &[2], 5);
    assert_eq!(flight.overdue(10, 10), Vec::<u32>::new());
    assert_eq!(flight.overdue(11, 10), [1]);
    assert_eq!(flight.answered(99, id("x")), None, "nobody asked");
}

#[test]
fn ids_become_those_of_receipts() {
    for (id, base, same) in [
        ("0A1b", IdBase::HexToDec, "2587"),
        ("2587", IdBase::DecToHex, "a1b"),
        ("0A1b", IdBase::Same, "0A1b"),
        ("not-a-number", IdBase::HexToDec, "not-a-number"),
        ("  77 ", IdBase::Same, "77"),
    ] {
        assert_eq!(normalised(id, base), same);
    }
}

proptest! {
    #[test]
    fn the_order_of_answers_does_not_matter(kinds in proptest::collection::vec(0_u8..4, 1..6), seed: u64) {
        let answers: Vec<_> = kinds
            .iter()
            .map(|kind| match kind {
                0 => id("x"),
                1 => refused(0x0b),
                2 => refused(0x58),
                _ => Answer::Silence,
            })
            .collect();
        let mut order: Vec<u32> = (0..u32::try_from(answers.len()).unwrap()).collect();
        order.sort_by_key(|place| u64::from(*place).wrapping_mul(seed | 1));
        let mut flight = Flight::default();
        let sequences: Vec<u32> = (0..u32::try_from(answers.len()).unwrap()).collect();
        flight.carry(1, &sequences, 0);
        let ended: Vec<_> = order
            .iter()
            .filter_map(|place| flight.answered(*place, answers[*place as usize].clone()))
            .collect();
        prop_assert_eq!(ended, vec![(1, ends(&answers))]);
    }
}
