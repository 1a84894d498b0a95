//! Domain words into wire types and back. What comes in is parsed once, here.

mod receipt;
mod request;
mod view;

pub use request::{ClockSkew, clock_skew, request_from_wire, request_into_wire};
pub use view::{view_from_wire, view_into_wire};

use aldis_message::UnixMillis;
use prost_types::Timestamp;
use std::time::Duration;

/// A moment as protobuf says it.
fn timestamp(moment: UnixMillis) -> Timestamp {
    let since = Duration::from_millis(moment.as_millis());
    Timestamp {
        seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(since.subsec_nanos()).unwrap_or_default(),
    }
}

/// A moment, unless it is before 1970 or malformed. Parts of a millisecond are dropped.
fn moment(timestamp: Timestamp) -> Option<UnixMillis> {
    let seconds = u64::try_from(timestamp.seconds).ok()?;
    let nanos = u64::try_from(timestamp.nanos)
        .ok()
        .filter(|nanos| *nanos < 1_000_000_000)?;
    Some(UnixMillis::from_millis(
        seconds.checked_mul(1000)?.checked_add(nanos / 1_000_000)?,
    ))
}

/// A length of time as protobuf says it.
pub(crate) fn span(time: Duration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(time.subsec_nanos()).unwrap_or_default(),
    }
}

/// A length of time, unless it is negative or malformed.
fn time(span: prost_types::Duration) -> Option<Duration> {
    let nanos = u32::try_from(span.nanos)
        .ok()
        .filter(|nanos| *nanos < 1_000_000_000)?;
    Some(Duration::new(u64::try_from(span.seconds).ok()?, nanos))
}
