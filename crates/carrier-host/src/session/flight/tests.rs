//! Each message gets one answer, and it is true.

use super::super::fence::Moment;
use super::super::queue::{Job, Ticket};
use super::{Flight, Known, LATE, Loss, MOST_REMEMBERED, Reached};
use crate::border::RawOutcome;
use crate::redact::Redactor;
use crate::submission::{CarrierMessage, Submission};
use aldis_carrier::{Class, Encoding};
use proptest::prelude::*;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const LIMIT: Duration = Duration::from_secs(10);

fn job(now: Instant) -> (Job, Ticket) {
    let message = CarrierMessage {
        id: "msg_1".into(),
        to: "+12025550100".into(),
        from: None,
        text: "the code is 123456".into(),
        encoding: Encoding::Gsm7,
        segments: 1,
        attempt: 1,
        validity: None,
        deadline_unix_ms: 100_000,
        until_unix_ms: 100_000,
        callback_url: None,
        idempotency_key: "key_1".into(),
        attributes: Vec::new(),
    };
    let submission = Submission {
        message,
        time_limit: LIMIT,
        now_unix_ms: 5_000,
        gone: CancellationToken::new(),
    };
    Job::new(submission, now)
}

fn outcome(class: u32, detail: &str) -> RawOutcome {
    RawOutcome {
        class,
        scope: 0,
        retry_after_ms: 0,
        segments: 0,
        price_kind: 0,
        price_micros: 0,
        currency: [0; 4],
        carrier_ids: Vec::new(),
        code: String::new(),
        detail: detail.to_owned(),
    }
}

/// The carrier answers: bytes came after ten of ours had left.
const ANSWERED: Known = Known {
    queued: 10,
    heard: Some(10),
};

#[test]
fn what_the_library_says_of_a_message_does_not_quote_it() {
    let now = Instant::now();
    let (job, mut ticket) = job(now);
    let mut flight = Flight::default();
    flight.carry(1, 0, job, now);
    let said = outcome(0, "sent the code is 123456 to +12025550100");
    assert_eq!(
        flight.complete(1, said, ANSWERED, &Redactor::default(), now),
        Ok(Reached::Somebody)
    );
    let report = ticket.answer.try_recv().expect("a report");
    let detail = report.detail.expect("a detail");
    assert!(
        !detail.contains("123456") && !detail.contains("2025550100"),
        "{detail}"
    );
}

#[test]
fn a_late_message_fills_its_place_for_a_minute_more() {
    let now = Instant::now();
    let (job, mut ticket) = job(now);
    let mut flight = Flight::default();
    flight.carry(1, 0, job, now);
    assert_eq!(flight.next_due(), Some(now + LIMIT));
    flight.expire(now + LIMIT);
    assert_eq!(
        ticket.answer.try_recv().expect("a report").class,
        Class::Ambiguous
    );
    assert_eq!((flight.len(), flight.is_awaited()), (1, false));
    flight.expire(now + LIMIT + LATE);
    assert_eq!((flight.len(), flight.next_due()), (0, None));
}

/// A message that never left has no late answer, and nobody learns of one.
#[test]
fn what_was_taken_back_is_unsent() {
    let now = Instant::now();
    let at = Moment {
        now: now + LIMIT,
        unix_ms: 5_000,
    };
    let (job, mut ticket) = job(now);
    let mut flight = Flight::default();
    flight.carry(1, 0, job, now);
    flight.wrote(1, 10);
    assert!(!flight.is_over(1, Moment { now, unix_ms: 5_000 }));
    assert!(flight.is_over(1, at));
    assert!(!flight.withhold(1, at), "it has one part");
    let report = ticket.answer.try_recv().expect("a report");
    assert_eq!((report.class, report.request_written), (Class::Temporary, false));
    assert!(!flight.is_over(1, at) && flight.len() == 1);
    assert!(!flight.is_stalled(at.now + LATE, 0, || 10));
    let said = flight.complete(1, outcome(0, ""), ANSWERED, &Redactor::default(), now);
    assert_eq!(said, Ok(Reached::Nobody(None)));
}

/// Late answers are common; that TCP has taken nothing for a second is not.
#[test]
fn a_message_that_is_on_this_machine_after_its_time_stalls_the_link() {
    let second = Duration::from_secs(1);
    for (left, unacknowledged, stalled) in [(10, 0, false), (10, 1, true), (30, 20, false), (30, 21, true)] {
        let now = Instant::now();
        let (job, _ticket) = job(now);
        let mut flight = Flight::default();
        // Handed over half a second before its end.
        flight.carry(1, 4, job, now + LIMIT - second / 2);
        flight.wrote(1, 10);
        flight.expire(now + LIMIT);
        assert!(!flight.is_stalled(now + LIMIT, left, || unacknowledged));
        let seen = flight.next_due().expect("a moment");
        assert_eq!(seen, now + LIMIT + second / 2);
        assert_eq!(
            flight.is_stalled(seen, left, || unacknowledged),
            stalled,
            "{left} {unacknowledged}"
        );
        assert!(!flight.is_stalled(seen, left, || panic!("it is looked at once")));
    }
}

#[test]
fn a_late_answer_says_whose_it_is() {
    let now = Instant::now();
    let (job, _ticket) = job(now);
    let mut flight = Flight::default();
    flight.carry(1, 0, job, now);
    flight.expire(now + LIMIT);
    let mut said = outcome(0, "took 123456");
    said.carrier_ids = vec!["c-1".to_owned()];
    let Ok(Reached::Nobody(Some(late))) = flight.complete(1, said, ANSWERED, &Redactor::default(), now)
    else {
        panic!("nobody waits, and it is known whose it is");
    };
    assert_eq!((late.message.as_str(), late.attempt), ("msg_1", 1));
    assert_eq!(
        (late.report.class, late.report.carrier_ids),
        (Class::Accepted, vec!["c-1".to_owned()])
    );
    assert!(!late.report.detail.expect("a detail").contains("123456"));
}

#[test]
fn an_answer_may_follow_where_there_was_none() {
    let now = Instant::now();
    for ran_out in [false, true] {
        let (job, mut ticket) = job(now);
        let mut flight = Flight::default();
        flight.carry(1, 0, job, now);
        if ran_out {
            flight.expire(now + LIMIT);
        }
        let none = outcome(Class::Ambiguous.number(), "");
        let expected = if ran_out {
            Reached::NoAnswer
        } else {
            Reached::Somebody
        };
        assert_eq!(
            flight.complete(1, none, ANSWERED, &Redactor::default(), now + LIMIT),
            Ok(expected)
        );
        assert_eq!(
            ticket.answer.try_recv().expect("a report").class,
            Class::Ambiguous
        );
        assert_eq!((flight.len(), flight.next_due()), (0, None), "its place is free");
        let again = outcome(Class::Ambiguous.number(), "");
        assert_eq!(
            flight.complete(1, again, ANSWERED, &Redactor::default(), now + LIMIT),
            Ok(Reached::NoAnswer)
        );
        let said = outcome(0, "took 123456");
        let Ok(Reached::Nobody(Some(late))) =
            flight.complete(1, said, ANSWERED, &Redactor::default(), now + LIMIT)
        else {
            panic!("it is known whose it is");
        };
        assert_eq!(
            (late.message.as_str(), late.report.class),
            ("msg_1", Class::Accepted)
        );
        assert!(!late.report.detail.expect("a detail").contains("123456"));
        assert_eq!(
            flight.complete(1, outcome(0, ""), ANSWERED, &Redactor::default(), now + LIMIT),
            Ok(Reached::Nobody(None)),
            "once"
        );
    }
}

#[test]
fn what_is_remembered_is_let_go() {
    let now = Instant::now();
    let mut flight = Flight::default();
    for token in 0..=MOST_REMEMBERED as u64 {
        flight.carry(token, 0, job(now).0, now);
        let none = outcome(Class::Ambiguous.number(), "");
        assert_eq!(
            flight.complete(token, none, ANSWERED, &Redactor::default(), now),
            Ok(Reached::Somebody)
        );
    }
    assert_eq!(flight.remembered.len(), MOST_REMEMBERED);
    flight.expire(now + LATE);
    assert!(flight.remembered.is_empty());
}

#[test]
fn one_that_is_held_lasts_until_its_deadline() {
    let now = Instant::now();
    let (job, mut ticket) = job(now);
    let last = job.last;
    assert!(last > job.fence.due);
    let mut flight = Flight::default();
    flight.carry(1, 0, job, now);
    flight.hold(1);
    flight.expire(now + LIMIT);
    assert!(ticket.answer.try_recv().is_err());
    assert_eq!(flight.next_due(), Some(last));
    flight.expire(last);
    assert_eq!(
        ticket.answer.try_recv().expect("a report").class,
        Class::Ambiguous
    );
    // Nobody waits any more.
    flight.hold(1);
    assert_eq!(flight.next_due(), Some(last + LATE));
}

/// A message that was written is refused by nobody before the carrier has said anything, whatever the library says.
#[test]
fn a_refusal_before_any_answer_is_ambiguous() {
    let unheard = Known {
        heard: None,
        ..ANSWERED
    };
    let early = Known {
        heard: Some(4),
        ..ANSWERED
    };
    let unwritten = Known {
        queued: 4,
        heard: None,
    };
    for number in 0..14 {
        let said = Class::from_number(number).expect("a class");
        let safe = matches!(said, Class::Accepted | Class::Ambiguous);
        for (known, believed) in [
            (unheard, safe),
            (early, safe),
            (ANSWERED, true),
            (unwritten, true),
        ] {
            let now = Instant::now();
            let (job, mut ticket) = job(now);
            let mut flight = Flight::default();
            flight.carry(1, 4, job, now);
            let reached = flight.complete(1, outcome(number, ""), known, &Redactor::default(), now);
            assert_eq!(reached, Ok(Reached::Somebody));
            let report = ticket.answer.try_recv().expect("a report");
            let class = if believed { said } else { Class::Ambiguous };
            assert_eq!(
                (report.class, report.request_written),
                (class, known.queued > 4),
                "{said:?} {known:?}"
            );
        }
    }
}

/// What a test does with the message of a token.
#[derive(Debug, Clone, Copy)]
enum Do {
    Complete,
    CompleteOddly,
    Expire,
    Nothing,
}

fn does() -> impl Strategy<Value = Do> {
    prop_oneof![
        Just(Do::Complete),
        Just(Do::CompleteOddly),
        Just(Do::Expire),
        Just(Do::Nothing)
    ]
}

proptest! {
    /// Whatever happens in whatever order, each message gets one answer, and the right one.
    #[test]
    fn each_message_gets_one_answer(
        steps in proptest::collection::vec((does(), 0_u64..200), 1..60),
        left in 0_u64..6000,
        broken: bool,
    ) {
        let now = Instant::now();
        let mut flight = Flight::default();
        let mut carried = Vec::new();
        let mut queued = 0;
        for (token, (step, bytes)) in steps.into_iter().enumerate() {
            let (job, ticket) = job(if matches!(step, Do::Expire) { now } else { now + LIMIT });
            flight.carry(token as u64, queued, job, now);
            carried.push((step, queued, ticket));
            queued += bytes;
        }
        let known = Known { queued, heard: Some(left) };
        for (token, (step, ..)) in carried.iter().enumerate() {
            let class = match step {
                Do::Complete => 0,
                Do::CompleteOddly => 99,
                Do::Expire | Do::Nothing => continue,
            };
            let heard = flight.complete(token as u64, outcome(class, ""), known, &Redactor::default(), now);
            prop_assert_eq!(heard.is_ok(), class == 0);
            // Once only.
            prop_assert_eq!(flight.complete(token as u64, outcome(0, ""), known, &Redactor::default(), now), Ok(Reached::Nobody(None)));
        }
        flight.expire(now + LIMIT);
        let loss = if broken { Loss::Broken("panicked") } else { Loss::Link };
        let ambiguous = flight.lose(&loss, left);
        let mut expected = 0;
        for (step, first, mut ticket) in carried {
            let report = ticket.answer.try_recv().expect("exactly one report");
            let may_have_left = left > first;
            let lost = if broken { Class::PluginFault } else { Class::Temporary };
            let class = match step {
                Do::Complete => Class::Accepted,
                // What is queued will leave, and nobody takes it back.
                Do::CompleteOddly if queued > first => Class::Ambiguous,
                Do::CompleteOddly => Class::PluginFault,
                Do::Expire => Class::Ambiguous,
                Do::Nothing if may_have_left => { expected += 1; Class::Ambiguous }
                Do::Nothing => lost,
            };
            prop_assert_eq!(report.class, class);
        }
        prop_assert_eq!(ambiguous, expected);
    }
}
