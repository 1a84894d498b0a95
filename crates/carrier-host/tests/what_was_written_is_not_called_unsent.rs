//! A session library that wrote a message cannot say, before the carrier has said anything, that nothing was sent: another
//! carrier would send it again.

use crate::stage::{library_in, submission};
use crate::wire::{accept, carrier, started_of, submit};
use aldis_carrier_host::{Class, Isolation};

/// Each class that sends the message elsewhere, or calls it unsent for good.
const UNSENT: [Class; 12] = [
    Class::Temporary,
    Class::RateLimited,
    Class::InvalidNumber,
    Class::OptedOut,
    Class::SenderNotAllowed,
    Class::Blocked,
    Class::TooLong,
    Class::BadRequest,
    Class::Unauthorized,
    Class::NoFunds,
    Class::Unsupported,
    Class::Expired,
];

async fn guessed(isolation: Isolation) {
    let (listener, settings) = carrier().await;
    let (instance, _desk) = started_of(&library_in("wire", isolation), settings);
    let mut peer = accept(&listener, "GO 10 0").await;
    for class in UNSENT {
        for when in ["early", "before", "timed"] {
            let text = format!("{when}{}", class.number());
            let report = submit(&instance, submission(&text));
            // The carrier has it: one copy, and nobody may make a second.
            let token = peer.gets(&text).await;
            let report = report.await.expect("a report");
            assert_eq!(
                (report.class, report.request_written),
                (Class::Ambiguous, true),
                "{text}: {report:?}"
            );
            assert_eq!(report.code.as_deref(), Some("guessed"), "{text}");
            // What the carrier says later reaches nobody, and does no harm.
            peer.says(&format!("OK {token} 0")).await;
        }
        // The carrier's own refusal is believed.
        let report = submit(&instance, submission("asked"));
        let token = peer.gets("asked").await;
        peer.says(&format!("END {token} {}", class.number())).await;
        assert_eq!(report.await.expect("a report").class, class);
    }
    // A number that means nothing is a fault, and no reason to send it again either.
    for text in ["early99", "before99", "timed99"] {
        let report = submit(&instance, submission(text));
        peer.gets(text).await;
        let report = report.await.expect("a report");
        assert_eq!(
            (report.class, report.request_written),
            (Class::Ambiguous, true),
            "{text}: {report:?}"
        );
    }
}

#[tokio::test]
async fn in_this_process() {
    guessed(Isolation::InProcess).await;
}

#[tokio::test]
async fn in_a_worker() {
    guessed(Isolation::Worker).await;
}

/// A message that it refuses without writing it has reached nobody.
#[tokio::test]
async fn what_was_not_written_is_unsent() {
    let (listener, settings) = carrier().await;
    let (instance, _desk) = started_of(&library_in("wire", Isolation::InProcess), settings);
    let _peer = accept(&listener, "GO 10 0").await;
    let report = submit(&instance, submission("local")).await.expect("a report");
    assert_eq!((report.class, report.request_written), (Class::BadRequest, false));
}
