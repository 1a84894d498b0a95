//! Promise 4: a refusal means something, to the caller and to the next carrier.

use aldis_message::{DeliveryStatus, OutcomeClass};
use aldis_tests::setup::CarrierSetup;
use aldis_tests::{Gateway, Setup};

/// Recipient of the sandbox, its outcome, the edge's answer, and whether another carrier is asked.
const REFUSALS: [(&str, OutcomeClass, u16, &str, bool); 11] = [
    (
        "+12025550103",
        OutcomeClass::InvalidNumber,
        422,
        "invalid_number",
        false,
    ),
    ("+12025550104", OutcomeClass::OptedOut, 422, "opted_out", false),
    ("+12025550106", OutcomeClass::Blocked, 403, "blocked", false),
    ("+12025550107", OutcomeClass::TooLong, 400, "too_long", false),
    (
        "+12025550113",
        OutcomeClass::Expired,
        504,
        "deadline_exceeded",
        false,
    ),
    (
        "+12025550105",
        OutcomeClass::SenderNotAllowed,
        502,
        "sender_not_allowed",
        true,
    ),
    (
        "+12025550108",
        OutcomeClass::BadRequest,
        502,
        "carrier_rejected",
        true,
    ),
    (
        "+12025550109",
        OutcomeClass::Unauthorized,
        502,
        "carrier_unauthorized",
        true,
    ),
    (
        "+12025550110",
        OutcomeClass::NoFunds,
        502,
        "carrier_no_funds",
        true,
    ),
    (
        "+12025550112",
        OutcomeClass::Unsupported,
        502,
        "carrier_rejected",
        true,
    ),
    (
        "+12025550101",
        OutcomeClass::Temporary,
        502,
        "carrier_failed",
        true,
    ),
];

fn two_carriers() -> Setup {
    Setup {
        carriers: vec![CarrierSetup::sandbox("first"), CarrierSetup::sandbox("second")],
        ..Setup::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_class_has_its_answer_and_its_reach() {
    for (recipient, class, status, code, elsewhere) in REFUSALS {
        // A fresh gateway each: an unauthorised carrier is left alone for a while.
        let gateway = Gateway::start(two_carriers()).await;

        let answer = gateway.sms(recipient, "271828").await;

        assert_eq!(answer.status, status, "{class:?}: {answer:?}");
        assert_eq!(answer.json["code"], code, "{class:?}: {answer:?}");
        let life = gateway.life(&answer.message_id()).await;
        let late = class == OutcomeClass::Expired;
        let ended = if late {
            DeliveryStatus::Expired
        } else {
            DeliveryStatus::Failed
        };
        assert_eq!(life.status, ended, "{class:?}");
        assert_eq!(life.attempts[0].outcome, Some(class));
        let asked: std::collections::BTreeSet<_> = life
            .attempts
            .iter()
            .map(|attempt| attempt.carrier.as_str())
            .collect();
        assert_eq!(asked.len(), if elsewhere { 2 } else { 1 }, "{class:?}: {life:?}");
        assert!(
            !answer.json.to_string().contains("271828"),
            "the code is in {answer:?}"
        );
        assert!(
            !answer.json.to_string().contains(&recipient[2..]),
            "the number is in {answer:?}"
        );
    }
}

/// Throttled everywhere: come back later, and when.
#[tokio::test(flavor = "multi_thread")]
async fn throttling_everywhere_says_when_to_come_back() {
    let mut setup = two_carriers();
    setup.tenants[0].answer_within = "2s";
    let gateway = Gateway::start(setup).await;

    let answer = gateway.sms("+12025550102", "271829").await;

    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.json["code"], "carrier_throttled");
    assert_eq!(answer.json["retryable"], true);
    let seconds: u64 = answer.retry_after.expect("Retry-After").parse().expect("seconds");
    assert!(seconds >= 1);
}

/// A passing trouble passes: the second try of the only carrier succeeds.
#[tokio::test(flavor = "multi_thread")]
async fn a_passing_trouble_is_not_the_users() {
    let gateway = Gateway::start(Setup::default()).await;
    let answer = gateway.sms("+12025550124", "271830").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(gateway.life(&answer.message_id()).await.attempts.len(), 2);
}
