//! What a carrier tells of a message after it took it.

use crate::word::words;

/// The states a receipt (DLR) may tell. Their names are those of the carrier border.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum ReceiptState {
    /// The carrier does not know, or its word is new to us.
    Unknown = 0,
    /// Waiting at the carrier.
    Queued = 1,
    /// Handed to the network.
    Sent = 2,
    /// On its way.
    EnRoute = 3,
    /// On the handset.
    Delivered = 4,
    /// Not delivered.
    Undelivered = 5,
    /// Its validity ran out.
    Expired = 6,
    /// Refused by the network.
    Rejected = 7,
    /// Removed at the carrier.
    Deleted = 8,
    /// Read by the recipient.
    Read = 9,
}

words!(ReceiptState, "receipt state":
    Unknown = "unknown",
    Queued = "queued",
    Sent = "sent",
    EnRoute = "en_route",
    Delivered = "delivered",
    Undelivered = "undelivered",
    Expired = "expired",
    Rejected = "rejected",
    Deleted = "deleted",
    Read = "read",
);

impl ReceiptState {
    /// The state of this number of the carrier border.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| *state as u32 == number)
    }

    /// The handset has it.
    pub const fn is_arrival(self) -> bool {
        matches!(self, Self::Delivered | Self::Read)
    }
}
