//! Each message gets one answer, and it is true.

use super::super::queue::{Job, Ticket};
use super::{Flight, LATE, Loss, Reached};
use crate::border::RawOutcome;
use crate::redact::Redactor;
use crate::submission::{CarrierMessage, Submission};
use aldis_carrier::{Class, Encoding};
use proptest::prelude::*;
use std::time::Duration;
use tokio::time::Instant;

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
        callback_url: None,
        idempotency_key: "key_1".into(),
        attributes: Vec::new(),
    };
    let submission = Submission {
        message,
        time_limit: LIMIT,
        now_unix_ms: 5_000,
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

#[test]
fn what_the_library_says_of_a_message_does_not_quote_it() {
    let now = Instant::now();
    let (job, mut ticket) = job(now);
    let mut flight = Flight::default();
    flight.carry(1, 0, job);
    let said = outcome(0, "sent the code is 123456 to +12025550100");
    assert_eq!(
        flight.complete(1, said, 10, &Redactor::default()),
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
    flight.carry(1, 0, job);
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

#[test]
fn a_late_answer_says_whose_it_is() {
    let now = Instant::now();
    let (job, _ticket) = job(now);
    let mut flight = Flight::default();
    flight.carry(1, 0, job);
    flight.expire(now + LIMIT);
    let mut said = outcome(0, "took 123456");
    said.carrier_ids = vec!["c-1".to_owned()];
    let Ok(Reached::Nobody(Some(late))) = flight.complete(1, said, 10, &Redactor::default()) else {
        panic!("nobody waits, and it is known whose it is");
    };
    assert_eq!((late.message.as_str(), late.attempt), ("msg_1", 1));
    assert_eq!(
        (late.report.class, late.report.carrier_ids),
        (Class::Accepted, vec!["c-1".to_owned()])
    );
    assert!(!late.report.detail.expect("a detail").contains("123456"));
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
        steps in proptest::collection::vec((does(), 1_u64..200), 1..60),
        left in 0_u64..6000,
        broken: bool,
    ) {
        let now = Instant::now();
        let mut flight = Flight::default();
        let mut carried = Vec::new();
        let mut queued = 0;
        for (token, (step, bytes)) in steps.into_iter().enumerate() {
            let (job, ticket) = job(if matches!(step, Do::Expire) { now } else { now + LIMIT });
            flight.carry(token as u64, queued, job);
            carried.push((step, queued, ticket));
            queued += bytes;
        }
        for (token, (step, ..)) in carried.iter().enumerate() {
            let class = match step {
                Do::Complete => 0,
                Do::CompleteOddly => 99,
                Do::Expire | Do::Nothing => continue,
            };
            let heard = flight.complete(token as u64, outcome(class, ""), left, &Redactor::default());
            prop_assert_eq!(heard.is_ok(), class == 0);
            // Once only.
            prop_assert_eq!(flight.complete(token as u64, outcome(0, ""), left, &Redactor::default()), Ok(Reached::Nobody(None)));
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
                Do::CompleteOddly if may_have_left => Class::Ambiguous,
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
