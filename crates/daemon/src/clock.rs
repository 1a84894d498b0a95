//! The one clock. Everything else is given the time as an argument.

use aldis_message::UnixMillis;
use std::time::{SystemTime, UNIX_EPOCH};

/// The present moment; 1970 where the system's clock stands before that.
#[allow(
    clippy::disallowed_methods,
    reason = "this is the clock that everybody else is sent to"
)]
pub fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
