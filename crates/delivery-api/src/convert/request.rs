//! A message to send, on the wire and off it.

use super::{moment, span, time, timestamp};
use crate::{DeliveryError, wire};
use aldis_message::{
    AcceptMode, Attributes, Deadline, Idempotency, IdempotencyKey, MessageBody, MessageClass, NewMessage,
    PhoneNumber, Sender, TenantName, UnixMillis,
};
use std::fmt::Display;
use std::time::Duration;
use wire::send_message_request::Expiry;

/// delivery.proto, `SendMessageRequest.expiry`.
const CODE_LIFETIME: Duration = Duration::from_mins(3);
const MESSAGE_LIFETIME: Duration = Duration::from_hours(24);
const LONGEST_LIFETIME: Duration = Duration::from_hours(48);
/// The longest time that a request is under way (delivery.proto, `SendMessageRequest.time_left`).
const UNDER_WAY: Duration = Duration::from_secs(5);
/// delivery.proto, `SendMessageRequest.idempotency_window`.
const LONGEST_WINDOW: Duration = Duration::from_hours(24);

/// Reads a request to send. `now` is when it came, for what is said relative to that.
///
/// A deadline that is already past is taken as it is: delivery answers `deadline_exceeded`.
pub fn request_from_wire(
    request: wire::SendMessageRequest,
    now: UnixMillis,
) -> Result<NewMessage, DeliveryError> {
    let class = class(request.class)?;
    let accept = accept(request.accept)?;
    let deadline = deadline(request.expiry, request.time_left, class, now)?;
    let idempotency = idempotency(&request)?;
    let to = PhoneNumber::parse(&request.to, None).map_err(at("to"))?;
    let sender = given(&request.sender)
        .map(Sender::parse)
        .transpose()
        .map_err(at("sender"))?;
    let body = MessageBody::parse(request.text).map_err(at("text"))?;
    let tenant = given(&request.tenant)
        .map(TenantName::parse)
        .transpose()
        .map_err(at("tenant"))?;
    let attributes = Attributes::parse(request.attributes).map_err(at("attributes"))?;
    Ok(NewMessage {
        to,
        sender,
        body,
        tenant,
        class,
        accept,
        idempotency,
        deadline,
        attributes,
    })
}

/// Writes a request to send.
pub fn request_into_wire(message: &NewMessage) -> wire::SendMessageRequest {
    let pairs = message
        .attributes
        .iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
    wire::SendMessageRequest {
        to: message.to.expose().to_owned(),
        text: message.body.expose().to_owned(),
        sender: message
            .sender
            .as_ref()
            .map(|sender| sender.expose().to_owned())
            .unwrap_or_default(),
        tenant: message
            .tenant
            .as_ref()
            .map(|tenant| tenant.as_str().to_owned())
            .unwrap_or_default(),
        class: class_into_wire(message.class).into(),
        idempotency_key: key_into_wire(message.idempotency.as_ref().map(|one| &one.key)),
        attributes: pairs.collect(),
        accept: match message.accept {
            AcceptMode::Carrier => wire::AcceptMode::Carrier,
            AcceptMode::Stored => wire::AcceptMode::Stored,
        }
        .into(),
        idempotency_window: message.idempotency.as_ref().map(|one| span(one.window)),
        call_id: key_into_wire(message.idempotency.as_ref().and_then(|one| one.call.as_ref())),
        former_idempotency_key: key_into_wire(
            message.idempotency.as_ref().and_then(|one| one.former.as_ref()),
        ),
        expiry: Some(Expiry::Deadline(timestamp(message.deadline.moment()))),
        time_left: None,
    }
}

pub(super) fn class_into_wire(class: MessageClass) -> wire::MessageClass {
    match class {
        MessageClass::Otp => wire::MessageClass::Otp,
        MessageClass::Notification => wire::MessageClass::Notification,
        MessageClass::Bulk => wire::MessageClass::Bulk,
    }
}

fn class(number: i32) -> Result<MessageClass, DeliveryError> {
    match wire::MessageClass::try_from(number) {
        Ok(wire::MessageClass::Otp) => Ok(MessageClass::Otp),
        Ok(wire::MessageClass::Unspecified | wire::MessageClass::Notification) => {
            Ok(MessageClass::Notification)
        }
        Ok(wire::MessageClass::Bulk) => Ok(MessageClass::Bulk),
        Err(_) => Err(DeliveryError::invalid(
            "class",
            "this version knows no such class",
        )),
    }
}

fn accept(number: i32) -> Result<AcceptMode, DeliveryError> {
    match wire::AcceptMode::try_from(number) {
        Ok(wire::AcceptMode::Carrier) => Ok(AcceptMode::Carrier),
        Ok(wire::AcceptMode::Unspecified | wire::AcceptMode::Stored) => Ok(AcceptMode::Stored),
        Err(_) => Err(DeliveryError::invalid(
            "accept",
            "this version knows no such mode",
        )),
    }
}

/// The distance of a sender's clock from ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockSkew {
    /// Ours shows the later time; else the sender's does.
    pub ours_is_ahead: bool,
    /// The distance, or the time that the request was under way.
    pub by: Duration,
}

/// Returns how far its sender's clock is from ours, if a request tells its deadline both ways.
pub fn clock_skew(request: &wire::SendMessageRequest, now: UnixMillis) -> Option<ClockSkew> {
    let Some(Expiry::Deadline(deadline)) = request.expiry else {
        return None;
    };
    let (deadline, by_ours) = (moment(deadline)?, now.plus(time(request.time_left?)?));
    Some(ClockSkew {
        ours_is_ahead: by_ours > deadline,
        by: by_ours.until(deadline).max(deadline.until(by_ours)),
    })
}

/// The smaller of both counts: the deadline knows how long the request was under way, the time left knows nothing of
/// clocks. Where the deadline would leave less than half, only the clocks can be the reason, and the time left decides.
fn sooner(deadline: UnixMillis, left: Duration, now: UnixMillis) -> UnixMillis {
    let by_ours = now.plus(left);
    let missing = deadline.until(by_ours);
    if missing > UNDER_WAY && now.until(deadline) < left / 2 {
        by_ours
    } else {
        deadline.min(by_ours)
    }
}

fn deadline(
    expiry: Option<Expiry>,
    time_left: Option<prost_types::Duration>,
    class: MessageClass,
    now: UnixMillis,
) -> Result<Deadline, DeliveryError> {
    let at = match expiry {
        None if class == MessageClass::Otp => now.plus(CODE_LIFETIME),
        None => now.plus(MESSAGE_LIFETIME),
        Some(Expiry::Deadline(given)) => {
            let at =
                moment(given).ok_or_else(|| DeliveryError::invalid("deadline", "not a moment since 1970"))?;
            match time_left {
                Some(given) => {
                    let left = time(given).filter(|left| *left <= LONGEST_LIFETIME);
                    let left = left.ok_or_else(|| DeliveryError::invalid("time_left", "at most 48 hours"))?;
                    sooner(at, left, now)
                }
                None if now.until(at) > LONGEST_LIFETIME => {
                    return Err(DeliveryError::invalid("deadline", "at most 48 hours from now"));
                }
                None => at,
            }
        }
        Some(Expiry::Ttl(given)) => {
            let fits = |ttl: &Duration| !ttl.is_zero() && *ttl <= LONGEST_LIFETIME;
            let ttl = time(given).filter(fits);
            now.plus(
                ttl.ok_or_else(|| DeliveryError::invalid("ttl", "more than nothing and at most 48 hours"))?,
            )
        }
    };
    Ok(Deadline::at(at))
}

fn idempotency(request: &wire::SendMessageRequest) -> Result<Option<Idempotency>, DeliveryError> {
    let window = match request.idempotency_window {
        None => LONGEST_WINDOW,
        Some(given) => time(given)
            .filter(|time| !time.is_zero() && *time <= LONGEST_WINDOW)
            .ok_or_else(|| {
                DeliveryError::invalid("idempotency_window", "more than nothing and at most 24 hours")
            })?,
    };
    let key = |text, field| {
        let key = given(text).map(IdempotencyKey::parse).transpose();
        key.map_err(at(field))
    };
    let former = key(&request.former_idempotency_key, "former_idempotency_key")?;
    let call = key(&request.call_id, "call_id")?;
    let key = key(&request.idempotency_key, "idempotency_key")?;
    Ok(key.map(|key| Idempotency {
        key,
        window,
        former,
        call,
    }))
}

fn key_into_wire(key: Option<&IdempotencyKey>) -> String {
    key.map(|key| key.as_str().to_owned()).unwrap_or_default()
}

/// proto3 says "not given" with an empty string.
fn given(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// The words' own errors never show what they refused.
fn at<E: Display>(field: &'static str) -> impl Fn(E) -> DeliveryError {
    move |error| DeliveryError::invalid(field, error)
}
