//! Where a message is in its life.

use crate::word::words;

/// The states of a message: `queued -> sending -> submitted -> delivered | undelivered`, or an
/// end before that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryStatus {
    /// Durable, waiting for a carrier or for another try.
    Queued,
    /// Being handed to a carrier.
    Sending,
    /// A carrier took it.
    Submitted,
    /// The carrier reported that the handset has it.
    Delivered,
    /// The carrier reported that it could not be delivered.
    Undelivered,
    /// No carrier took it.
    Failed,
    /// Its deadline passed before a carrier took it.
    Expired,
    /// Given up by the caller, for a newer code, or because the answer was already given.
    Cancelled,
    /// May have been sent: the carrier's answer was lost. A receipt may still tell.
    Unknown,
}

words!(DeliveryStatus, "delivery status":
    Queued = "queued",
    Sending = "sending",
    Submitted = "submitted",
    Delivered = "delivered",
    Undelivered = "undelivered",
    Failed = "failed",
    Expired = "expired",
    Cancelled = "cancelled",
    Unknown = "unknown",
);

impl DeliveryStatus {
    /// Whether the message's life is over: nothing may change the state any more.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Delivered | Self::Undelivered | Self::Failed | Self::Expired | Self::Cancelled => true,
            Self::Queued | Self::Sending | Self::Submitted | Self::Unknown => false,
        }
    }
}
