//! Asking twice and sending once.

use std::fmt;
use std::time::Duration;
use thiserror::Error;

/// A caller's own name for one request: the same key again is the same request.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// A text that is not an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an idempotency key has 1 to 128 visible ASCII characters")]
pub struct IdempotencyKeyError;

/// A key, and how long it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The key, the caller's own.
    pub key: IdempotencyKey,
    /// How long the key means this request once its message has ended. Until then it does in any case.
    pub window: Duration,
    /// Another key that the same request may have come under before. Looked for, and not kept.
    pub former: Option<IdempotencyKey>,
    /// Tells one call with this key from another: a call that was closed is not sent, a later one may be.
    pub call: Option<IdempotencyKey>,
}

impl Idempotency {
    /// A key for that long, of a call without an id.
    pub fn new(key: IdempotencyKey, window: Duration) -> Self {
        Self {
            key,
            window,
            former: None,
            call: None,
        }
    }
}

const LONGEST: usize = 128;

impl IdempotencyKey {
    /// Reads a key: 1 to 128 visible ASCII characters.
    pub fn parse(text: &str) -> Result<Self, IdempotencyKeyError> {
        let fine = (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fine {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdempotencyKeyError)
        }
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Callers build keys from what they know of the message, which may be its number or code.
impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "IdempotencyKey({} characters)", self.0.len())
    }
}
