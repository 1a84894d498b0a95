//! What became of one submission: the host's truth after the carrier's word.

use std::time::Duration;

/// The fixed outcome classes; the numbers are those of the ABI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Class {
    /// The carrier took the message.
    Accepted = 0,
    /// A fault that may pass; the message was certainly not taken.
    Temporary = 1,
    /// Too fast; see `scope` and `retry_after`.
    RateLimited = 2,
    /// The recipient is not a number the carrier can reach.
    InvalidNumber = 3,
    /// The recipient asked for silence.
    OptedOut = 4,
    /// The carrier does not let us send as this sender.
    SenderNotAllowed = 5,
    /// A filter of the carrier (content, country, fraud).
    Blocked = 6,
    /// More parts than the carrier takes.
    TooLong = 7,
    /// The carrier did not understand us.
    BadRequest = 8,
    /// The carrier does not know us.
    Unauthorized = 9,
    /// The account is empty.
    NoFunds = 10,
    /// The message may have been taken; nobody knows.
    Ambiguous = 11,
    /// The carrier cannot do this at all.
    Unsupported = 12,
    /// The deadline passed before anything was sent.
    Expired = 13,
    /// The library broke the contract, before anything was sent.
    PluginFault = 14,
}

impl Class {
    /// All classes, in the order of their numbers.
    pub const ALL: [Self; 15] = [
        Self::Accepted,
        Self::Temporary,
        Self::RateLimited,
        Self::InvalidNumber,
        Self::OptedOut,
        Self::SenderNotAllowed,
        Self::Blocked,
        Self::TooLong,
        Self::BadRequest,
        Self::Unauthorized,
        Self::NoFunds,
        Self::Ambiguous,
        Self::Unsupported,
        Self::Expired,
        Self::PluginFault,
    ];

    /// The number of the ABI.
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// The class a carrier named. `PLUGIN_FAULT` is the host's own word, so a carrier cannot say it.
    pub(crate) fn from_carrier(number: u32) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|class| class.number() == number && *class != Self::PluginFault)
    }
}

/// What a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// This message only.
    Message,
    /// Everything from this sender.
    Sender,
    /// Everything to this recipient.
    Recipient,
    /// Everything through this carrier instance.
    Instance,
}

/// How sure a price is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PriceKind {
    /// What the carrier charged.
    Actual,
    /// What it will probably charge.
    Estimate,
}

/// What the carrier takes for the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// Millionths of the currency's unit.
    pub micros: i64,
    /// ISO 4217, three letters.
    pub currency: String,
    /// Charged or guessed.
    pub kind: PriceKind,
}

/// The end of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What happened.
    pub class: Class,
    /// What it is about.
    pub scope: Scope,
    /// The carrier's own advice.
    pub retry_after: Option<Duration>,
    /// The carrier's ids, one per part or one for all; never empty strings.
    pub carrier_ids: Vec<String>,
    /// The carrier's raw code, or the HTTP status when the library broke.
    pub code: Option<String>,
    /// A sentence for the operator, already redacted.
    pub detail: Option<String>,
    /// Parts the carrier counted.
    pub segments: Option<u16>,
    /// What it costs, when the carrier says so.
    pub price: Option<Price>,
    /// False only if no byte of any request can have reached the carrier.
    pub request_written: bool,
}

impl Report {
    pub(crate) fn bare(class: Class, request_written: bool, detail: impl Into<String>) -> Self {
        Self {
            class,
            scope: Scope::Message,
            retry_after: None,
            carrier_ids: Vec::new(),
            code: None,
            detail: Some(detail.into()),
            segments: None,
            price: None,
            request_written,
        }
    }
}
