//! Only a carrier's yes is a yes to a caller that waits for one; only an end is a no.

use super::*;
use aldis_message::{Encoding, MessageClass, MessageId, UnixMillis};

fn record(accept: AcceptMode, status: DeliveryStatus, reason: Option<Reason>) -> Record {
    let at = UnixMillis::from_millis(1_800_000_000_000);
    let view = MessageView {
        id: MessageId::from_parts(at, [1; 10]),
        to_masked: "+1******0100".to_owned(),
        status,
        reason,
        attempts: Vec::new(),
        tenant: None,
        class: MessageClass::Otp,
        encoding: Encoding::Gsm7,
        segments: 1,
        created_at: at,
        deadline: at,
        updated_at: at,
    };
    Record { view, accept }
}

#[test]
fn a_waiting_caller_hears_yes_only_if_a_carrier_took_it() {
    for status in DeliveryStatus::ALL {
        let taken = [
            DeliveryStatus::Submitted,
            DeliveryStatus::Delivered,
            DeliveryStatus::Undelivered,
        ]
        .contains(status);
        let said = answer(record(AcceptMode::Carrier, *status, None), Duration::from_secs(1));
        assert_eq!(said.is_ok(), taken, "{status}");
        if let Err(error) = said {
            assert!(error.message_id.is_some(), "{status}: the caller can look it up");
        }
    }
}

#[test]
fn stored_means_stored() {
    for status in DeliveryStatus::ALL {
        assert!(
            answer(record(AcceptMode::Stored, *status, None), Duration::ZERO).is_ok(),
            "{status}"
        );
    }
}

/// It was withdrawn because nobody could be told that it is stored: a repetition is not told so either.
#[test]
fn what_was_withdrawn_is_not_called_stored() {
    let withdrawn = record(
        AcceptMode::Stored,
        DeliveryStatus::Cancelled,
        Some(Reason::Fenced),
    );
    let error = answer(withdrawn, Duration::ZERO).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused(Reason::Fenced));
}

#[test]
fn the_reason_is_the_rows() {
    for reason in Reason::ALL {
        let pause = Duration::from_secs(7);
        let error = answer(
            record(AcceptMode::Carrier, DeliveryStatus::Failed, Some(*reason)),
            pause,
        )
        .unwrap_err();
        assert_eq!(error.kind, ErrorKind::Refused(*reason));
        assert_eq!(
            error.retry_after,
            (*reason == Reason::CarrierThrottled).then_some(pause)
        );
    }
    let unknown = answer(
        record(AcceptMode::Carrier, DeliveryStatus::Sending, None),
        Duration::ZERO,
    )
    .unwrap_err();
    assert_eq!(unknown.kind, ErrorKind::Refused(Reason::OutcomeUnknown));
}
