//! Why a message ended without a carrier taking it.

use crate::word::words;

/// Why a message failed, expired, was cancelled or is unknown. One list for the store, for gRPC
/// (`ErrorInfo.reason`) and for HTTP problems (`code`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A carrier says that the number cannot receive SMS.
    InvalidNumber,
    /// The recipient opted out.
    OptedOut,
    /// Refused by a carrier's content, country or fraud filter.
    Blocked,
    /// The text has more parts than the carrier takes.
    TooLong,
    /// No route is configured for this recipient.
    NoRoute,
    /// Every carrier of the route asked for a pause or is paused.
    CarrierThrottled,
    /// Every carrier of the route failed.
    CarrierFailed,
    /// The carriers refused our credentials.
    CarrierUnauthorized,
    /// The carrier accounts are out of funds.
    CarrierNoFunds,
    /// The sender may not be used with any carrier of the route.
    SenderNotAllowed,
    /// No carrier of the route could make sense of the message.
    CarrierRejected,
    /// The deadline passed before a carrier took it.
    DeadlineExceeded,
    /// A carrier's answer was lost: the message may have been sent.
    OutcomeUnknown,
    /// A newer code for the same recipient took its place.
    Superseded,
    /// The caller had its answer already, so nothing is sent after it.
    Fenced,
    /// The caller gave it up.
    CancelledByCaller,
}

words!(Reason, "reason":
    InvalidNumber = "invalid_number",
    OptedOut = "opted_out",
    Blocked = "blocked",
    TooLong = "too_long",
    NoRoute = "no_route",
    CarrierThrottled = "carrier_throttled",
    CarrierFailed = "carrier_failed",
    CarrierUnauthorized = "carrier_unauthorized",
    CarrierNoFunds = "carrier_no_funds",
    SenderNotAllowed = "sender_not_allowed",
    CarrierRejected = "carrier_rejected",
    DeadlineExceeded = "deadline_exceeded",
    OutcomeUnknown = "outcome_unknown",
    Superseded = "superseded",
    Fenced = "fenced",
    CancelledByCaller = "cancelled_by_caller",
);

impl Reason {
    /// Whether a new request for the same message may fare better, and cannot make it arrive twice.
    pub const fn retryable(self) -> bool {
        match self {
            Self::CarrierThrottled | Self::CarrierFailed | Self::DeadlineExceeded => true,
            // A person must act first: on the number, the text, the routes or the account.
            Self::InvalidNumber
            | Self::OptedOut
            | Self::Blocked
            | Self::TooLong
            | Self::NoRoute
            | Self::CarrierUnauthorized
            | Self::CarrierNoFunds
            | Self::SenderNotAllowed
            | Self::CarrierRejected
            // It may have arrived already.
            | Self::OutcomeUnknown
            // Somebody decided against it.
            | Self::Superseded
            | Self::Fenced
            | Self::CancelledByCaller => false,
        }
    }
}
