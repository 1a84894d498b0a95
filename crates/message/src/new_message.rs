//! A message that somebody asks Aldis to send.

use crate::word::words;
use crate::{Attributes, Deadline, Idempotency, MessageBody, PhoneNumber, Sender, TenantName};

/// What kind of message it is; decides what a lost answer means and what a newer message replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageClass {
    /// A one-time code: a newer one for the same recipient replaces a queued one.
    Otp,
    /// A message worth sending for as long as its deadline allows.
    Notification,
    /// As a notification, at the lowest priority.
    Bulk,
}

words!(MessageClass, "message class": Otp = "otp", Notification = "notification", Bulk = "bulk");

/// What the caller waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AcceptMode {
    /// A carrier took the message. After any other answer no attempt is made.
    Carrier,
    /// The message is durable; it is tried until its deadline.
    Stored,
}

words!(AcceptMode, "accept mode": Carrier = "carrier", Stored = "stored");

/// A message to send. Every field is checked, so nothing about it can be wrong but its luck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// The recipient.
    pub to: PhoneNumber,
    /// The sender; none leaves it to the carrier's settings.
    pub sender: Option<Sender>,
    /// The text.
    pub body: MessageBody,
    /// The Auth0 tenant it is for; none for a service's own message.
    pub tenant: Option<TenantName>,
    /// What kind of message it is.
    pub class: MessageClass,
    /// What the caller waits for.
    pub accept: AcceptMode,
    /// The caller's name for this request.
    pub idempotency: Option<Idempotency>,
    /// The moment after which it must not be sent any more.
    pub deadline: Deadline,
    /// Words for the carrier.
    pub attributes: Attributes,
}
