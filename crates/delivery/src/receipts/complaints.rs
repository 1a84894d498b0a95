//! Limits the lines about what carriers tell: anybody may call or write to us, as often as they like.

use aldis_daemon::complaints;
use aldis_message::{CarrierName, UnixMillis};

#[cfg(test)]
mod tests;

/// What there is to complain about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Complaint {
    /// Nobody can prove who sent it.
    Refused,
    /// The carrier sent it, and it tells nothing.
    Empty,
    /// A text that looks like a receipt, and nothing proves that it is one.
    Doubted,
}

/// The complaints about each carrier, one line a minute. Only carriers of the settings are in it, so it stays small.
pub(crate) struct Complaints(complaints::Complaints<(CarrierName, Complaint)>);

impl Default for Complaints {
    fn default() -> Self {
        Self(complaints::Complaints::new(1))
    }
}

impl Complaints {
    /// Tells whether to say it now, and how often it was kept back since the last line.
    pub(crate) fn say(&self, carrier: &CarrierName, complaint: Complaint, now: UnixMillis) -> Option<u64> {
        self.0.say((carrier.clone(), complaint), now)
    }
}
