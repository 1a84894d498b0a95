//! Where what a carrier tells over its links goes.

use crate::CarrierEvent;
use std::pin::Pin;

/// Ends with whether the event is durable.
pub type Stored = Pin<Box<dyn Future<Output = bool> + Send>>;

/// Makes events durable. The carrier gets its acknowledgement when the future ends with `true`; with `false` it is
/// told to try again.
pub trait Events: Send + Sync + 'static {
    /// `carrier` is the instance's name.
    fn take(&self, carrier: &str, event: CarrierEvent) -> Stored;
}
