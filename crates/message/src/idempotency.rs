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
    /// How long after the first request the key means that request.
    pub window: Duration,
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
