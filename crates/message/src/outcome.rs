//! What came of handing a message to a carrier.

use crate::word::words;

/// The classes of an attempt's outcome. Their numbers are those of the carrier border
/// (`aldis_carrier`'s outcome classes) and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum OutcomeClass {
    /// The carrier took it.
    Accepted = 0,
    /// Failed for now; nothing was sent.
    Temporary = 1,
    /// The carrier asked for a pause.
    RateLimited = 2,
    /// The number cannot receive SMS.
    InvalidNumber = 3,
    /// The recipient opted out.
    OptedOut = 4,
    /// This sender may not be used there.
    SenderNotAllowed = 5,
    /// Refused by a content, country or fraud filter.
    Blocked = 6,
    /// More parts than the carrier takes.
    TooLong = 7,
    /// The carrier did not understand the request.
    BadRequest = 8,
    /// The carrier refused our credentials.
    Unauthorized = 9,
    /// The carrier account is out of funds.
    NoFunds = 10,
    /// The carrier's answer was lost: the message may have been sent.
    Ambiguous = 11,
    /// The carrier lacks a feature the message needs.
    Unsupported = 12,
    /// The deadline passed before anything was sent.
    Expired = 13,
    /// The carrier library failed before anything was sent.
    PluginFault = 14,
}

words!(OutcomeClass, "outcome class":
    Accepted = "accepted",
    Temporary = "temporary",
    RateLimited = "rate_limited",
    InvalidNumber = "invalid_number",
    OptedOut = "opted_out",
    SenderNotAllowed = "sender_not_allowed",
    Blocked = "blocked",
    TooLong = "too_long",
    BadRequest = "bad_request",
    Unauthorized = "unauthorized",
    NoFunds = "no_funds",
    Ambiguous = "ambiguous",
    Unsupported = "unsupported",
    Expired = "expired",
    PluginFault = "plugin_fault",
);

impl OutcomeClass {
    /// The class of a number of the carrier border; none for a number it does not know.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|class| class.number() == number)
    }

    /// Its number at the carrier border.
    pub const fn number(self) -> u32 {
        self as u32
    }
}
