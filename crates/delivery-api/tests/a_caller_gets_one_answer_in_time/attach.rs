//! Once a request may have been written, it is only asked what became of it; and nobody is told to try again unless it is
//! known that nothing was sent.

use crate::stand_in::{Answer, ID, StandIn};
use crate::{PLENTY, client, message};
use aldis_delivery_api::{DeliveryError, ErrorKind, Sent};
use aldis_message::Reason;
use std::collections::BTreeSet;
use std::time::Duration;
use tonic::Code;

const UNKNOWN: ErrorKind = ErrorKind::Refused(Reason::OutcomeUnknown);

fn says(kind: ErrorKind) -> Answer {
    Answer::Error(DeliveryError::new(kind, "told to"))
}

async fn send(delivery: &StandIn) -> Result<Sent, DeliveryError> {
    client(&delivery.serve().await)
        .send(message(Some("key")), PLENTY)
        .await
}

/// The ids of the calls that were made, in their order.
fn calls(delivery: &StandIn) -> Vec<String> {
    let asked = delivery.asked().into_iter();
    asked.map(|(_, request)| request.call_id).collect()
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_and_not_sent_again() {
    for code in [
        Code::Unavailable,
        Code::Internal,
        Code::Unknown,
        Code::Aborted,
        Code::ResourceExhausted,
    ] {
        let lost = [Answer::Lost(Code::Unavailable), says(ErrorKind::ShuttingDown)];
        let delivery = StandIn::answering([Answer::Lost(code)]).attaching(lost);
        let sent = send(&delivery).await.expect("the first answer");
        assert_eq!((sent.message.id.to_string().as_str(), sent.replayed), (ID, true));
        let asked = delivery.asked();
        assert_eq!(asked.len(), 1, "{code:?}");
        assert_eq!(delivery.attached(), [&asked[0].1; 3].map(Clone::clone));
        assert_eq!(asked[0].1.call_id.len(), 32);
    }
}

/// It stops with the message in its hands, as deliveries of an earlier version did: that is no word that nothing was sent.
#[tokio::test]
async fn what_was_taken_is_asked_for_and_not_sent_again() {
    for kind in [ErrorKind::ShuttingDown, ErrorKind::Unavailable] {
        let error = DeliveryError::new(kind, "told to").about(ID.parse().expect("an id"));
        let delivery = StandIn::answering([Answer::Error(error)]);
        let sent = send(&delivery).await.expect("the first answer");
        assert!(sent.replayed, "{kind:?}");
        assert_eq!((delivery.asked().len(), delivery.attached().len()), (1, 1));
    }
}

/// Delivery knows nothing of the call and has closed it, so another one may be made.
#[tokio::test]
async fn a_call_that_was_closed_is_made_anew() {
    let delivery = StandIn::answering([Answer::Lost(Code::Unavailable)]).attaching([Answer::Closed]);
    let sent = send(&delivery).await.expect("an answer");
    assert!(!sent.replayed);
    let calls = calls(&delivery);
    assert_eq!(calls.len(), 2);
    assert_ne!(calls[0], calls[1], "another call, which was not closed");
    let keys: BTreeSet<_> = delivery
        .asked()
        .into_iter()
        .map(|(_, one)| one.idempotency_key)
        .collect();
    assert_eq!(keys, BTreeSet::from(["key".to_owned()]));
}

/// A broken connection looks to delivery like a caller that left, whose message it gives up, unsent.
#[tokio::test]
async fn what_was_given_up_is_sent_anew() {
    let fenced = || says(ErrorKind::Refused(Reason::Fenced));
    let delivery = StandIn::answering([Answer::Lost(Code::Unavailable), fenced()]).attaching([fenced()]);
    let sent = send(&delivery).await.expect("an answer");
    assert!(!sent.replayed);
    let calls: BTreeSet<_> = calls(&delivery).into_iter().collect();
    assert_eq!(calls.len(), 3, "each is a call of its own");
}

#[tokio::test]
async fn a_refusal_found_is_the_answer() {
    for kind in [
        ErrorKind::Refused(Reason::InvalidNumber),
        ErrorKind::IdempotencyConflict,
    ] {
        let delivery = StandIn::answering([Answer::Lost(Code::Unavailable)]).attaching([says(kind)]);
        assert_eq!(send(&delivery).await.expect_err("told to").kind, kind);
        assert_eq!((delivery.asked().len(), delivery.attached().len()), (1, 1));
    }
}

/// A delivery of an earlier version would have sent; it is not asked to.
#[tokio::test]
async fn one_that_cannot_attach_cannot_say() {
    let mute = [Answer::Lost(Code::Unimplemented)];
    let delivery = StandIn::answering([Answer::Lost(Code::Unavailable)]).attaching(mute);
    assert_eq!(send(&delivery).await.expect_err("lost").kind, UNKNOWN);
    assert_eq!((delivery.asked().len(), delivery.attached().len()), (1, 1));
}

/// Whatever else comes back says nothing of the message.
#[tokio::test]
async fn what_is_not_about_the_message_decides_nothing() {
    let others = ErrorKind::all()
        .filter(|kind| !matches!(kind, ErrorKind::Refused(_) | ErrorKind::IdempotencyConflict));
    for kind in others {
        let answers = [0; 4].map(|_| says(kind));
        let delivery = StandIn::answering([Answer::Lost(Code::Unavailable)]).attaching(answers);
        let error = send(&delivery).await.expect_err("lost");
        assert_eq!(error.kind, UNKNOWN, "{kind:?}");
        assert!(!error.retryable());
        assert_eq!(delivery.asked().len(), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn without_a_key_a_lost_answer_is_unknown_at_once() {
    let delivery = StandIn::answering([Answer::Lost(Code::Unavailable)]);
    let error = client(&delivery.serve().await).send(message(None), PLENTY).await;
    assert_eq!(error.expect_err("lost").kind, UNKNOWN);
    assert_eq!((delivery.asked().len(), delivery.attached().len()), (1, 0));
}

/// The caller's time may end while that is being found out.
#[tokio::test]
async fn out_of_time_is_unknown_too() {
    let delivery = StandIn::answering([Answer::Lost(Code::Unavailable)]).attaching([Answer::Silence]);
    let within = Duration::from_millis(400);
    let error = client(&delivery.serve().await)
        .send(message(Some("key")), within)
        .await;
    assert_eq!(error.expect_err("silence").kind, UNKNOWN);
}

/// Every course of three sends and their attaches: "try again" is said only if each call that may have been taken was
/// closed, and no call is sent twice.
#[tokio::test]
async fn retryable_means_that_nothing_was_sent() {
    let courses: Vec<_> = (0..27).map(|course| tokio::spawn(take(course))).collect();
    let mut retryable = 0;
    for course in courses {
        retryable += usize::from(course.await.expect("no panic"));
    }
    assert_eq!(retryable, 8, "each send was declined or closed");
}

/// Whether the caller is told to try again. Each digit of the course to the base 3 is one send: declined, lost and then
/// closed, or lost for good.
async fn take(course: u32) -> bool {
    let step = |number: u32| (course / 3_u32.pow(number)) % 3;
    let sends = (0..3).map(|number| match step(number) {
        0 => says(ErrorKind::ShuttingDown),
        _ => Answer::Lost(Code::Unavailable),
    });
    let lost = (0..3).filter(|number| step(*number) > 0);
    let attaches = lost.flat_map(|number| match step(number) {
        1 => vec![Answer::Closed],
        _ => (0..5).map(|_| Answer::Lost(Code::Unavailable)).collect(),
    });
    let delivery = StandIn::answering(sends).attaching(attaches.collect::<Vec<_>>());
    let error = send(&delivery).await.expect_err("never taken");
    let stuck = (0..3).any(|number| step(number) == 2);
    assert_eq!(error.retryable(), !stuck, "course {course}: {error}");
    let calls = calls(&delivery);
    let repeated = calls.windows(2).filter(|pair| pair[0] == pair[1]).count();
    let declined = (0..3).filter(|number| step(*number) == 0).count();
    assert!(
        repeated <= declined,
        "course {course}: only what was declined is sent again"
    );
    error.retryable()
}
