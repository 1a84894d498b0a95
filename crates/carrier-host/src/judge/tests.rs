//! A library cannot call an answer harmless that does not come from the carrier.

use super::*;

fn judged(status: u16, code: &str, class: Class, idempotent: bool) -> Class {
    let mut truth = Truth {
        idempotent,
        ..Truth::default()
    };
    truth.learn(Transport::Ok, status, true);
    let raw = RawOutcome {
        class: class.number(),
        scope: 0,
        retry_after_ms: 0,
        segments: 0,
        price_kind: 0,
        price_micros: 0,
        currency: [0; 4],
        carrier_ids: Vec::new(),
        code: code.to_owned(),
        detail: String::new(),
    };
    judge(raw, truth, &Redactor::default()).unwrap().class
}

/// As the fallback of before had it: every 5xx is temporary, with the status for a code.
#[test]
fn a_library_of_before_does_not_send_five_copies_when_a_gateway_gives_up() {
    for status in [499, 502, 504, 520, 522, 524, 598, 599] {
        for class in [Class::Temporary, Class::RateLimited] {
            let code = status.to_string();
            assert_eq!(judged(status, &code, class, false), Class::Ambiguous, "{status}");
        }
    }
}

#[test]
fn the_carriers_own_word_stands() {
    assert_eq!(judged(503, "503", Class::Temporary, false), Class::Temporary);
    assert_eq!(judged(521, "521", Class::Temporary, false), Class::Temporary);
    assert_eq!(judged(429, "429", Class::RateLimited, false), Class::RateLimited);
    // It read in the body that nothing was done.
    assert_eq!(
        judged(504, "not_processed", Class::Temporary, false),
        Class::Temporary
    );
    // It says that it was refused, not that it may be sent again.
    assert_eq!(
        judged(502, "502", Class::InvalidNumber, false),
        Class::InvalidNumber
    );
}

/// The carrier sends it once, whatever became of the first request.
#[test]
fn what_is_idempotent_may_be_sent_again() {
    assert_eq!(judged(504, "504", Class::Temporary, true), Class::Temporary);
}
