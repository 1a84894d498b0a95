//! Where what a carrier tells over its links goes.

use crate::{CarrierEvent, Report};
use std::pin::Pin;

/// Ends with whether the event is durable.
pub type Stored = Pin<Box<dyn Future<Output = bool> + Send>>;

/// Makes events durable. The carrier gets its acknowledgement when the future ends with `true`; with `false` it is
/// told to try again.
pub trait Events: Send + Sync + 'static {
    /// `carrier` is the instance's name.
    fn take(&self, carrier: &str, event: CarrierEvent) -> Stored;

    /// Keeps the answer to an attempt that was reported as ambiguous because its time was up: with its ids, receipts
    /// find the message after all.
    fn late(&self, carrier: &str, answer: LateAnswer) -> Stored;
}

/// An answer that came after its attempt's time was up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateAnswer {
    /// Aldis's id of the message.
    pub message: String,
    /// Which attempt, as the submission said.
    pub attempt: u32,
    /// What became of it.
    pub report: Report,
}
