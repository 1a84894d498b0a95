//! An answer is a success only by the template's own rule, and a refusal is what its tables say.

use crate::Http;
use aldis_carrier::testing::{Answer, Bench, TestMessage};
use aldis_carrier::{Class, Outcome};
use proptest::prelude::*;
use serde_json::json;
use std::time::Duration;

/// An API that answers 200 to everything, as some do.
fn carrier(otherwise: &str) -> Bench<Http> {
    Bench::new(
        &json!({
            "base_url": "https://api.acme.example",
            "receipts": false,
            "template": {
                "request": { "url": "{{ base_url }}/sms", "form": { "to": "{{ to.digits }}" } },
                "answer": {
                    "accepted": { "status": [200], "when": { "at": { "json": "$.messages[*].status" }, "is": ["0"] } },
                    "id": { "json": "$.messages[*].id" },
                    "segments": { "json": "$.count" },
                    "code": { "first_of": [{ "json": "$.messages[?@.status != '0'].status" }, { "header": "x-error" }] },
                    "codes": { "6": "invalid_number", "1": "rate_limited", "E*": "blocked", "E7*": "too_long" },
                    "statuses": { "503": "rate_limited", "409": "blocked" },
                    "otherwise": otherwise,
                    "retry_after": { "json": "$.wait" },
                },
            },
        }),
        &[],
    )
    .unwrap_or_else(|error| panic!("{}: {}", error.key, error.reason))
}

fn outcome(answer: Answer) -> Outcome {
    outcome_of("temporary", answer)
}

fn outcome_of(otherwise: &str, answer: Answer) -> Outcome {
    let message = TestMessage::new("+12025550100", "Hello");
    carrier(otherwise).attempt(&message, [answer]).unwrap().outcome
}

/// The manual's "repeat after 502 and 504" says nothing of what became of the first request; a key does.
#[test]
fn a_gateway_that_gave_up_is_no_no_unless_a_key_goes_along() {
    for (idempotent, class) in [(false, Class::Ambiguous), (true, Class::Temporary)] {
        let template = json!({
            "request": { "url": "{{ base_url }}/sms", "form": { "to": "{{ to.e164 }}" }, "idempotent": idempotent },
            "answer": {
                "id": { "json": "$.id" },
                "code": { "json": "$.error" },
                "codes": { "*timeout*": "temporary", "queue full": "rate_limited" },
                "statuses": { "502": "temporary", "504": "rate_limited", "503": "temporary", "521": "temporary" },
            },
        });
        let settings = json!({ "base_url": "https://api.acme.example", "template": template });
        let carrier = Bench::<Http>::new(&settings, &[]).unwrap();
        let message = TestMessage::new("+12025550100", "Hello");
        let meaning = |answer| carrier.attempt(&message, [answer]).unwrap().outcome.class;
        let means = |status| meaning(Answer::new(status, "<html>"));
        assert_eq!(means(502), class);
        assert_eq!(means(504) == Class::Ambiguous, !idempotent);
        assert_eq!((means(503), means(521)), (Class::Temporary, Class::Temporary));
        // The gateway's own words are no more of a proof, those of a carrier that refused are.
        let says = |status, words: &str| meaning(Answer::json(status, &json!({ "error": words })));
        assert_eq!(says(520, "upstream request timeout"), class);
        assert_eq!(says(503, "upstream request timeout"), Class::Temporary);
        assert_eq!(says(520, "queue full"), Class::RateLimited);
    }
}

#[test]
fn every_part_must_have_been_taken() {
    let parts = |second: &str| {
        Answer::json(
            200,
            &json!({ "count": 2, "messages": [{ "status": "0", "id": "a" }, { "status": second, "id": "b" }] }),
        )
    };
    let both = outcome(parts("0"));
    assert_eq!((both.class, both.segments), (Class::Accepted, Some(2)));
    assert_eq!(both.carrier_ids, ["a", "b"]);
    let one = outcome(parts("6"));
    assert_eq!((one.class, one.code.as_str()), (Class::InvalidNumber, "6"));
}

/// Sent again, here or elsewhere, the parts that were taken would arrive twice.
#[test]
fn what_was_taken_in_part_is_never_sent_again() {
    let parts = |status: u16, second: &str| {
        let first = json!({ "status": "0", "id": "a" });
        let answer =
            json!({ "messages": [first, { "status": second, "id": "b" }, { "status": second, "id": "a" }] });
        outcome(Answer::json(status, &answer))
    };
    for (status, second) in [
        (200, "1"),
        (200, "E1"),
        (200, "99"),
        (503, "1"),
        (409, "99"),
        (429, "99"),
    ] {
        let partly = parts(status, second);
        assert_eq!(partly.class, Class::Ambiguous, "{status} {second}");
        assert_eq!(partly.code, second);
        assert_eq!(partly.retry_after, None);
        assert_eq!(partly.carrier_ids, ["a", "b"], "receipts may still tell of those");
    }
    assert_eq!(parts(200, "E77").class, Class::TooLong);
}

/// An API that answers 200 with an id and an error.
#[test]
fn a_code_that_is_listed_is_a_refusal_where_only_an_id_tells_a_success() {
    let carrier = Bench::<Http>::new(
        &json!({
            "base_url": "https://api.acme.example",
            "receipts": false,
            "template": {
                "request": { "url": "{{ base_url }}/sms", "form": { "to": "{{ to.digits }}" } },
                "answer": {
                    "id": { "json": "$.id" },
                    "code": { "json": "$.error" },
                    "codes": { "User * balance*": "no_funds" },
                },
            },
        }),
        &[],
    )
    .unwrap();
    let outcome = |answer: serde_json::Value| {
        let message = TestMessage::new("+12025550100", "Hello");
        let attempt = carrier.attempt(&message, [Answer::json(200, &answer)]);
        let outcome = attempt.unwrap().outcome;
        (outcome.class, outcome.code)
    };
    let poor = outcome(json!({ "id": "a", "error": "User acme has a balance of 0" }));
    assert_eq!(poor, (Class::NoFunds, "User_balance".to_owned()));
    assert_eq!(outcome(json!({ "id": "a", "error": "0" })).0, Class::Accepted);
    assert_eq!(outcome(json!({ "error": "0" })).0, Class::Ambiguous);
}

#[test]
fn a_refusal_is_what_the_tables_say() {
    let code = |code: &str| Answer::json(200, &json!({ "messages": [{ "status": code }] }));
    assert_eq!(outcome(code("6")).class, Class::InvalidNumber);
    assert_eq!(outcome(code("E1")).class, Class::Blocked);
    assert_eq!(outcome(code("E77")).class, Class::TooLong, "the longer beginning");
    assert_eq!(
        outcome(code("99")).class,
        Class::Temporary,
        "not listed: otherwise"
    );
    assert_eq!(outcome_of("ambiguous", code("99")).class, Class::Ambiguous);
    assert_eq!(outcome(Answer::new(409, "")).class, Class::Blocked);
    assert_eq!(
        outcome(Answer::new(418, "").header("X-Error", "E3")).class,
        Class::Blocked
    );
    assert_eq!(
        outcome(Answer::new(418, "")).class,
        Class::BadRequest,
        "the kit's own rule"
    );
    assert_eq!(outcome(Answer::new(401, "")).class, Class::Unauthorized);
}

#[test]
fn it_says_when_to_come_back() {
    let limited = json!({ "wait": 7, "messages": [{ "status": "1" }] });
    let body = outcome(Answer::json(200, &limited));
    assert_eq!(
        (body.class, body.retry_after),
        (Class::RateLimited, Some(Duration::from_secs(7)))
    );
    let header = outcome(Answer::new(503, "").header("retry-after", "9"));
    assert_eq!(
        (header.class, header.retry_after),
        (Class::RateLimited, Some(Duration::from_secs(9)))
    );
}

#[test]
fn a_success_without_an_id_and_a_garbled_one_are_not_sent_again() {
    let no_id = Answer::json(200, &json!({ "messages": [{ "status": "0" }] }));
    assert_eq!(outcome(no_id).class, Class::Ambiguous);
    let with_code = Answer::json(200, &json!({ "messages": [{ "status": "0" }] })).header("x-error", "1");
    assert_eq!(
        outcome(with_code).class,
        Class::Ambiguous,
        "it was taken, whatever else is said"
    );
    assert_eq!(outcome(Answer::new(200, "<html>")).class, Class::Ambiguous);
    assert_eq!(outcome(Answer::lost()).class, Class::Ambiguous);
    assert_eq!(outcome(Answer::not_sent()).class, Class::Temporary);
}

proptest! {
    /// Whatever comes: no panic, and no success that the rule does not name.
    #[test]
    fn nothing_else_is_a_success(status in 100..600_u16, body in proptest::collection::vec(any::<u8>(), 0..400)) {
        let carrier = carrier("temporary");
        let message = TestMessage::new("+12025550100", "Hello");
        let outcome = carrier.attempt(&message, [Answer::new(status, body)]).unwrap().outcome;
        prop_assert_ne!(outcome.class, Class::Accepted);
    }
}
