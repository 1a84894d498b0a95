//! A message's life, on the wire and off it.

use super::receipt::{receipt_from_wire, receipt_into_wire};
use super::request::class_into_wire;
use super::{moment, timestamp};
use crate::{AttemptView, DeliveryError, ErrorKind, MessageView, wire};
use aldis_message::{
    CarrierName, DeliveryStatus, Encoding, MessageClass, OutcomeClass, TenantName, UnixMillis,
};
use prost_types::Timestamp;

/// Writes a message's life.
pub fn view_into_wire(view: MessageView) -> wire::Message {
    wire::Message {
        id: view.id.to_string(),
        to: view.to_masked,
        state: state_into_wire(view.status).into(),
        reason: view
            .reason
            .map(|reason| reason.as_str().to_owned())
            .unwrap_or_default(),
        attempts: view.attempts.into_iter().map(attempt_into_wire).collect(),
        tenant: view
            .tenant
            .map(|tenant| tenant.as_str().to_owned())
            .unwrap_or_default(),
        class: class_into_wire(view.class).into(),
        encoding: match view.encoding {
            Encoding::Gsm7 => wire::Encoding::Gsm7,
            Encoding::Ucs2 => wire::Encoding::Ucs2,
        }
        .into(),
        segments: view.segments.into(),
        created_at: Some(timestamp(view.created_at)),
        deadline: Some(timestamp(view.deadline)),
        updated_at: Some(timestamp(view.updated_at)),
    }
}

fn attempt_into_wire(attempt: AttemptView) -> wire::Attempt {
    let outcome = attempt
        .outcome
        .map_or(wire::AttemptOutcome::Unspecified, outcome_into_wire);
    wire::Attempt {
        number: attempt.number,
        carrier: attempt.carrier.as_str().to_owned(),
        outcome: outcome.into(),
        code: attempt.code.unwrap_or_default(),
        carrier_message_ids: attempt.carrier_message_ids,
        started_at: Some(timestamp(attempt.started_at)),
        finished_at: attempt.finished_at.map(timestamp),
        receipts: attempt.receipts.into_iter().map(receipt_into_wire).collect(),
    }
}

/// Reads a message's life. What a newer delivery may say and this version cannot is `Internal`.
pub fn view_from_wire(message: wire::Message) -> Result<MessageView, DeliveryError> {
    let reason = Some(message.reason).filter(|reason| !reason.is_empty());
    let tenant = Some(message.tenant).filter(|tenant| !tenant.is_empty());
    Ok(MessageView {
        id: message.id.parse().map_err(|_| unreadable("id"))?,
        to_masked: message.to,
        status: state(message.state).ok_or_else(|| unreadable("state"))?,
        reason: reason
            .map(|reason| reason.parse())
            .transpose()
            .map_err(|_| unreadable("reason"))?,
        attempts: message
            .attempts
            .into_iter()
            .map(attempt_from_wire)
            .collect::<Result<_, _>>()?,
        tenant: tenant
            .map(|name| TenantName::parse(&name))
            .transpose()
            .map_err(|_| unreadable("tenant"))?,
        class: match wire::MessageClass::try_from(message.class) {
            Ok(wire::MessageClass::Otp) => MessageClass::Otp,
            Ok(wire::MessageClass::Notification) => MessageClass::Notification,
            Ok(wire::MessageClass::Bulk) => MessageClass::Bulk,
            Ok(wire::MessageClass::Unspecified) | Err(_) => return Err(unreadable("class")),
        },
        encoding: match wire::Encoding::try_from(message.encoding) {
            Ok(wire::Encoding::Gsm7) => Encoding::Gsm7,
            Ok(wire::Encoding::Ucs2) => Encoding::Ucs2,
            Ok(wire::Encoding::Unspecified) | Err(_) => return Err(unreadable("encoding")),
        },
        segments: u16::try_from(message.segments).map_err(|_| unreadable("segments"))?,
        created_at: required(message.created_at, "created_at")?,
        deadline: required(message.deadline, "deadline")?,
        updated_at: required(message.updated_at, "updated_at")?,
    })
}

fn attempt_from_wire(attempt: wire::Attempt) -> Result<AttemptView, DeliveryError> {
    let under_way = attempt.outcome == i32::from(wire::AttemptOutcome::Unspecified);
    let finished_at = attempt
        .finished_at
        .map(|at| required(Some(at), "attempts.finished_at"))
        .transpose()?;
    Ok(AttemptView {
        number: attempt.number,
        carrier: CarrierName::parse(&attempt.carrier).map_err(|_| unreadable("attempts.carrier"))?,
        outcome: match outcome(attempt.outcome) {
            None if !under_way => return Err(unreadable("attempts.outcome")),
            known => known,
        },
        code: Some(attempt.code).filter(|code| !code.is_empty()),
        carrier_message_ids: attempt.carrier_message_ids,
        started_at: required(attempt.started_at, "attempts.started_at")?,
        finished_at,
        receipts: attempt
            .receipts
            .into_iter()
            .map(receipt_from_wire)
            .collect::<Result<_, _>>()?,
    })
}

pub(super) fn required(at: Option<Timestamp>, field: &str) -> Result<UnixMillis, DeliveryError> {
    at.and_then(moment).ok_or_else(|| unreadable(field))
}

pub(super) fn unreadable(field: &str) -> DeliveryError {
    DeliveryError::new(
        ErrorKind::Internal,
        format!("delivery's answer cannot be read: {field}"),
    )
}

fn state_into_wire(status: DeliveryStatus) -> wire::MessageState {
    match status {
        DeliveryStatus::Queued => wire::MessageState::Queued,
        DeliveryStatus::Sending => wire::MessageState::Sending,
        DeliveryStatus::Submitted => wire::MessageState::Submitted,
        DeliveryStatus::Delivered => wire::MessageState::Delivered,
        DeliveryStatus::Undelivered => wire::MessageState::Undelivered,
        DeliveryStatus::Failed => wire::MessageState::Failed,
        DeliveryStatus::Expired => wire::MessageState::Expired,
        DeliveryStatus::Cancelled => wire::MessageState::Cancelled,
        DeliveryStatus::Unknown => wire::MessageState::Unknown,
    }
}

fn state(number: i32) -> Option<DeliveryStatus> {
    DeliveryStatus::ALL
        .iter()
        .copied()
        .find(|status| i32::from(state_into_wire(*status)) == number)
}

pub(super) fn outcome_into_wire(class: OutcomeClass) -> wire::AttemptOutcome {
    match class {
        OutcomeClass::Accepted => wire::AttemptOutcome::Accepted,
        OutcomeClass::Temporary => wire::AttemptOutcome::Temporary,
        OutcomeClass::RateLimited => wire::AttemptOutcome::RateLimited,
        OutcomeClass::InvalidNumber => wire::AttemptOutcome::InvalidNumber,
        OutcomeClass::OptedOut => wire::AttemptOutcome::OptedOut,
        OutcomeClass::SenderNotAllowed => wire::AttemptOutcome::SenderNotAllowed,
        OutcomeClass::Blocked => wire::AttemptOutcome::Blocked,
        OutcomeClass::TooLong => wire::AttemptOutcome::TooLong,
        OutcomeClass::BadRequest => wire::AttemptOutcome::BadRequest,
        OutcomeClass::Unauthorized => wire::AttemptOutcome::Unauthorized,
        OutcomeClass::NoFunds => wire::AttemptOutcome::NoFunds,
        OutcomeClass::Ambiguous => wire::AttemptOutcome::Ambiguous,
        OutcomeClass::Unsupported => wire::AttemptOutcome::Unsupported,
        OutcomeClass::Expired => wire::AttemptOutcome::Expired,
        OutcomeClass::PluginFault => wire::AttemptOutcome::PluginFault,
    }
}

pub(super) fn outcome(number: i32) -> Option<OutcomeClass> {
    OutcomeClass::ALL
        .iter()
        .copied()
        .find(|class| i32::from(outcome_into_wire(*class)) == number)
}
