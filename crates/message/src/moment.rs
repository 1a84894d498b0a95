//! Moments and deadlines. No clock: whoever needs the present is given it.

use std::time::Duration;

/// A moment, in milliseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(u64);

impl UnixMillis {
    /// The moment that many milliseconds after 1970-01-01 UTC.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01 UTC.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The moment that much later; the last representable one where that is too far.
    #[must_use]
    pub fn plus(self, time: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        )
    }

    /// How long it is until `later`; nothing if that has passed.
    pub fn until(self, later: Self) -> Duration {
        Duration::from_millis(later.0.saturating_sub(self.0))
    }

    /// How long ago `earlier` was; nothing if it is yet to come.
    pub fn since(self, earlier: Self) -> Duration {
        earlier.until(self)
    }
}

/// The moment after which a message must not be sent any more.
///
/// One absolute deadline travels from the caller to the carrier, so that no stage can stretch it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deadline(UnixMillis);

impl Deadline {
    /// The deadline at that moment.
    pub const fn at(moment: UnixMillis) -> Self {
        Self(moment)
    }

    /// The moment of the deadline.
    pub const fn moment(self) -> UnixMillis {
        self.0
    }

    /// Whether the deadline has come: from its moment on, nothing is sent.
    pub fn is_past(self, now: UnixMillis) -> bool {
        now >= self.0
    }

    /// The time that is left; nothing once it has come.
    pub fn remaining(self, now: UnixMillis) -> Duration {
        now.until(self.0)
    }
}
