//! The name of one message.

use crate::UnixMillis;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;
use uuid::Uuid;

/// The id of a message: `msg_` and the 32 hexadecimal digits of a version 7 UUID (RFC 9562 5.7),
/// so that ids sort by the time they were made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(Uuid);

/// A text that is not a message id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a message id is msg_ and 32 hexadecimal digits in lower case")]
pub struct MessageIdError;

const PREFIX: &str = "msg_";

impl MessageId {
    /// The id made at that moment from those random bytes.
    pub fn from_parts(made_at: UnixMillis, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(made_at.as_millis(), &random).into_uuid())
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{PREFIX}{}", self.0.as_simple())
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for MessageId {
    type Err = MessageIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix(PREFIX).ok_or(MessageIdError)?;
        // One spelling only: an id is also a key in stores and caches.
        let canonical = digits.len() == 32
            && digits
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !canonical {
            return Err(MessageIdError);
        }
        Uuid::try_parse(digits).map(Self).map_err(|_| MessageIdError)
    }
}
