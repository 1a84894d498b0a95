//! What a carrier does not recognise is never resent blindly and never given up without reason:
//! `Response::fallback`, seen from outside.

#![allow(missing_docs, clippy::expect_used, reason = "a test")]

#[path = "carriers/acme.rs"]
mod acme;

use aldis_carrier::serde_json::json;
use aldis_carrier::testing::{Answer, Bench, TestMessage};
use aldis_carrier::{Class, Outcome, Scope, Transport};
use proptest::prelude::*;
use std::time::Duration;

fn outcome(answer: Answer) -> Outcome {
    let carrier = Bench::<acme::Acme>::new(&json!({}), &[("api_key", "k3y")]).expect("an instance");
    carrier
        .attempt(&TestMessage::new("+12025550100", "hello"), [answer])
        .expect("an end")
        .outcome
}

#[test]
fn by_status() {
    for (status, class, scope) in [
        (200, Class::Ambiguous, Scope::Message), // a 2xx with nothing in it that could be understood
        (204, Class::Ambiguous, Scope::Message),
        (302, Class::Ambiguous, Scope::Message),
        (400, Class::BadRequest, Scope::Message),
        (401, Class::Unauthorized, Scope::Instance),
        (402, Class::NoFunds, Scope::Instance),
        (403, Class::Unauthorized, Scope::Instance),
        (404, Class::BadRequest, Scope::Message),
        (429, Class::RateLimited, Scope::Instance),
        (500, Class::Temporary, Scope::Message),
        (503, Class::Temporary, Scope::Message),
    ] {
        let outcome = outcome(Answer::new(status, ""));
        assert_eq!((outcome.class, outcome.scope), (class, scope), "{status}");
        assert_eq!(outcome.code, status.to_string());
    }
}

/// 499 and 599 had been a plain no and "certainly not sent": both are said by gateways that gave up.
#[test]
fn a_gateway_that_gave_up_does_not_say_that_nothing_was_sent() {
    let page = "<html><head><title>504 Gateway Time-out</title></head></html>";
    for status in [
        460, 499, 502, 504, 509, 520, 522, 524, 527, 529, 530, 561, 598, 599, 600, 999,
    ] {
        let outcome = outcome(Answer::new(status, page).header("retry-after", "3"));
        assert_eq!(
            (outcome.class, outcome.retry_after),
            (Class::Ambiguous, None),
            "{status}"
        );
    }
}

#[test]
fn what_never_reached_the_carrier_or_was_not_processed_is_sent_again() {
    for status in [408, 421, 425, 521, 523, 525, 526] {
        let outcome = outcome(Answer::new(status, "").header("retry-after", "3"));
        let three_seconds = Some(Duration::from_secs(3));
        assert_eq!(
            (outcome.class, outcome.retry_after),
            (Class::Temporary, three_seconds),
            "{status}"
        );
    }
}

#[test]
fn by_what_was_written() {
    assert_eq!(outcome(Answer::not_sent()).class, Class::Temporary);
    assert_eq!(outcome(Answer::lost()).class, Class::Ambiguous);
    for transport in [Transport::Timeout, Transport::Reset, Transport::TooLarge] {
        let after = Answer {
            transport,
            ..Answer::lost()
        };
        assert_eq!(outcome(after).class, Class::Ambiguous, "{transport:?}");
    }
    let blocked = Answer {
        transport: Transport::Blocked,
        ..Answer::not_sent()
    };
    assert_eq!(outcome(blocked).class, Class::BadRequest);
}

#[test]
fn with_the_carriers_advice() {
    let advised = |value: &str| outcome(Answer::new(429, "").header("Retry-After", value)).retry_after;
    assert_eq!(advised("7"), Some(Duration::from_secs(7)));
    // The bench's clock stands at 2030-01-01T00:00:00Z.
    assert_eq!(
        advised("Tue, 01 Jan 2030 00:01:30 GMT"),
        Some(Duration::from_secs(90))
    );
    assert_eq!(advised("soon"), None);
    assert_eq!(outcome(Answer::new(429, "")).retry_after, None);
    assert_eq!(
        outcome(Answer::new(503, "").header("retry-after", "9")).retry_after,
        Some(Duration::from_secs(9))
    );
}

proptest! {
    /// Whatever comes back, there is an outcome, and it is never "accepted" by accident.
    #[test]
    fn anything(status in 0_u16..1000, written: bool, number in 0_u32..8, body: Vec<u8>, header in "\\PC{0,20}") {
        let mut answer = Answer::new(status, body).header("retry-after", &header);
        answer.transport = Transport::from_number(number).expect("a word");
        answer.request_written = written;
        let outcome = outcome(answer);
        prop_assert!(outcome.class != Class::Accepted || (200..300).contains(&status));
        let sent_again = [408, 421, 425].contains(&status) || (500..=526).contains(&status);
        prop_assert!(outcome.class != Class::Temporary || sent_again || !written);
    }
}
