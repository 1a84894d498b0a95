//! Promises 4 and 5: a refusal means something, and a carrier's trouble stays the carrier's.

use super::*;
use aldis_delivery_api::ErrorKind;

async fn refused(classes: &'static [Class]) -> (Reason, Option<Duration>, usize) {
    let (first, _) = answers(classes);
    let (second, calls) = answers(classes);
    let service = Setup::lanes(vec![first, second]).start().await;
    let error = service
        .client()
        .send(message(), Duration::from_secs(2))
        .await
        .unwrap_err();
    let ErrorKind::Refused(reason) = error.kind else {
        panic!("{error:?}")
    };
    (reason, error.retry_after, calls.load(Ordering::SeqCst))
}

#[tokio::test]
async fn a_final_no_is_not_taken_elsewhere() {
    for (class, reason) in [
        (&[Class::InvalidNumber], Reason::InvalidNumber),
        (&[Class::OptedOut], Reason::OptedOut),
        (&[Class::Blocked], Reason::Blocked),
        (&[Class::TooLong], Reason::TooLong),
    ] {
        assert_eq!(refused(class).await, (reason, None, 0), "{class:?}");
    }
}

#[tokio::test]
async fn the_others_are_asked_once_each() {
    for (class, reason) in [
        (&[Class::SenderNotAllowed], Reason::SenderNotAllowed),
        (&[Class::BadRequest], Reason::CarrierRejected),
        (&[Class::Unsupported], Reason::CarrierRejected),
        (&[Class::Unauthorized], Reason::CarrierUnauthorized),
        (&[Class::NoFunds], Reason::CarrierNoFunds),
    ] {
        assert_eq!(refused(class).await, (reason, None, 1), "{class:?}");
    }
}

#[tokio::test]
async fn throttled_everywhere_says_when_to_come_back() {
    let (reason, retry_after, _) = refused(&[Class::RateLimited]).await;
    assert_eq!(reason, Reason::CarrierThrottled);
    assert!(retry_after.is_some());
}

/// The next message does not even try, and says the same.
#[tokio::test]
async fn a_refused_account_is_left_alone() {
    let (script, calls) = answers(&[Class::NoFunds]);
    let service = Setup::lanes(vec![script]).start().await;
    for _ in 0..2 {
        let error = service.client().send(message(), PATIENCE).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Refused(Reason::CarrierNoFunds));
    }
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert!(
        service
            .page("/metrics")
            .await
            .contains("aldis_carrier_paused_until_seconds{carrier=\"c0\"}")
    );
}

#[tokio::test]
async fn an_opted_out_recipient_is_not_asked_again() {
    let (script, calls) = answers(&[Class::OptedOut]);
    let service = Setup::lanes(vec![script]).start().await;
    for _ in 0..2 {
        let error = service.client().send(message(), PATIENCE).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Refused(Reason::OptedOut));
        assert!(error.message_id.is_some());
    }
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

/// A fault of ours in one delivery ends as what it may be, unknown, and takes nobody with it.
#[tokio::test]
async fn a_panic_is_one_messages_trouble() {
    let script: Script = Box::new(|_| Box::pin(async { panic!("planted") }));
    let (fine, _) = answers(&[Class::Accepted]);
    let setup = Setup {
        route: "classes = [\"otp\"]\n[[routes]]\ncarriers = [\"c1\"]",
        ..Setup::lanes(vec![script, fine])
    };
    let service = setup.start().await;
    let error = service.client().send(message(), PATIENCE).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused(Reason::OutcomeUnknown));
    let life = service
        .client()
        .message(&error.message_id.unwrap())
        .await
        .unwrap();
    assert_eq!(life.status, DeliveryStatus::Unknown);
    let other = NewMessage {
        class: MessageClass::Notification,
        ..message()
    };
    assert!(service.client().send(other, PATIENCE).await.is_ok());
}
