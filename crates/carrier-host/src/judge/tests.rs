//! A library cannot call an answer harmless that does not come from the carrier.

use super::*;

fn judged(status: u16, code: &str, class: Class, idempotent: bool) -> Class {
    let mut truth = Truth {
        idempotent,
        ..Truth::default()
    };
    truth.learn(Transport::Ok, status, true);
    report(truth, code, class)
}

fn report(truth: Truth, code: &str, class: Class) -> Class {
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

fn told(class: Class, exchanges: &[(Transport, u16, bool)]) -> Class {
    let mut truth = Truth::default();
    for (transport, status, written) in exchanges {
        truth.learn(*transport, *status, *written);
    }
    report(truth, "", class)
}

/// The outcome of the former fallback: every 5xx is temporary, with the status for a code.
#[test]
fn a_library_of_before_does_not_send_five_copies_when_a_gateway_gives_up() {
    for status in [499, 502, 504, 520, 522, 524, 598, 599] {
        for class in [
            Class::Temporary,
            Class::RateLimited,
            Class::Unauthorized,
            Class::Unsupported,
            Class::Blocked,
        ] {
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

const LOST: (Transport, u16, bool) = (Transport::Timeout, 0, true);
const UNWRITTEN: (Transport, u16, bool) = (Transport::Connect, 0, false);
const REFUSED: (Transport, u16, bool) = (Transport::Ok, 400, true);

/// The library's word does not count: another carrier would send it again.
#[test]
fn without_an_answer_nobody_has_refused() {
    for number in 0..14 {
        let said = Class::from_number(number).expect("a class");
        let doubtful = if said == Class::Accepted {
            said
        } else {
            Class::Ambiguous
        };
        assert_eq!(told(said, &[LOST]), doubtful, "{said:?}");
        assert_eq!(told(said, &[(Transport::Reset, 0, true)]), doubtful, "{said:?}");
        assert_eq!(told(said, &[UNWRITTEN]), said, "{said:?}");
        assert_eq!(told(said, &[REFUSED]), said, "{said:?}");
        // Said of a second request; the first may have been taken.
        assert_eq!(told(said, &[LOST, REFUSED]), doubtful, "{said:?}");
        assert_eq!(told(said, &[LOST, UNWRITTEN]), doubtful, "{said:?}");
        assert_eq!(told(said, &[REFUSED, REFUSED]), said, "{said:?}");
    }
}

/// A head that arrived says no as well as a whole answer; but what may be tried again is not, on half a word.
#[test]
fn a_status_is_an_answer() {
    let broken = (Transport::Reset, 400, true);
    assert_eq!(told(Class::BadRequest, &[broken]), Class::BadRequest);
    assert_eq!(told(Class::Temporary, &[broken]), Class::Ambiguous);
}
