//! The answer to a caller, worked out from the row alone: so a repeated request gets the first
//! request's answer, whoever asks and whenever. Pure.

use crate::store::Record;
use aldis_delivery_api::{DeliveryError, ErrorKind, MessageView};
use aldis_message::{AcceptMode, DeliveryStatus, Reason};
use std::time::Duration;

/// What a caller is told of its message. `pause` is how long the carriers want to be left alone.
pub(crate) fn answer(record: Record, pause: Duration) -> Result<MessageView, DeliveryError> {
    let Record { view, accept } = record;
    if accept == AcceptMode::Stored {
        return match (view.status, view.reason) {
            // Nobody was told that it is stored, so nobody is now.
            (DeliveryStatus::Cancelled, Some(Reason::Fenced)) => {
                Err(refusal(Reason::Fenced, None).about(view.id))
            }
            // Durable is all that was promised; its fate is there to be read.
            _ => Ok(view),
        };
    }
    let reason = match (view.status, view.reason) {
        (DeliveryStatus::Submitted | DeliveryStatus::Delivered | DeliveryStatus::Undelivered, _) => {
            return Ok(view);
        }
        // Still in a hand although its task is over: the store failed in between.
        (DeliveryStatus::Unknown | DeliveryStatus::Sending, _) => Reason::OutcomeUnknown,
        (DeliveryStatus::Expired, _) => Reason::DeadlineExceeded,
        (DeliveryStatus::Queued | DeliveryStatus::Failed, reason) => reason.unwrap_or(Reason::CarrierFailed),
        (DeliveryStatus::Cancelled, reason) => reason.unwrap_or(Reason::Fenced),
    };
    let pause = (reason == Reason::CarrierThrottled).then_some(pause);
    Err(refusal(reason, pause).about(view.id))
}

/// A refusal in words for people.
pub(crate) fn refusal(reason: Reason, pause: Option<Duration>) -> DeliveryError {
    let error = DeliveryError::new(ErrorKind::Refused(reason), sentence(reason));
    match pause {
        Some(pause) => error.retry_after(pause),
        None => error,
    }
}

const fn sentence(reason: Reason) -> &'static str {
    match reason {
        Reason::InvalidNumber => "the carrier says that this number cannot receive SMS",
        Reason::OptedOut => "the recipient has opted out",
        Reason::Blocked => "the carrier's filter refused the message",
        Reason::TooLong => "the text has more parts than the carrier takes",
        Reason::NoRoute => "no route is configured for this message",
        Reason::CarrierThrottled => "every carrier of the route asks for a pause",
        Reason::CarrierFailed => "every carrier of the route failed",
        Reason::CarrierUnauthorized => "the carrier refuses our credentials",
        Reason::CarrierNoFunds => "the carrier account is out of funds",
        Reason::SenderNotAllowed => "the sender may not be used with any carrier of the route",
        Reason::CarrierRejected => "the carrier could not make sense of the message",
        Reason::DeadlineExceeded => "the deadline passed before a carrier took the message",
        Reason::OutcomeUnknown => "a carrier's answer was lost, the message may have been sent",
        Reason::Superseded => "a newer code for the same recipient took its place",
        Reason::Fenced => "the caller had its answer already, nothing more is sent",
        Reason::CancelledByCaller => "the caller gave the message up",
    }
}

#[cfg(test)]
mod tests;
