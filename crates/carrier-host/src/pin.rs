//! Which bytes may be loaded.

use aws_lc_rs::digest;
use std::fmt::{self, Write as _};
use std::str::FromStr;

/// A SHA-256, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256([u8; 32]);

/// Not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256: 64 hexadecimal digits")]
pub struct Sha256Error;

impl Sha256 {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
        Self(hash)
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(64);
        for octet in self.0 {
            write!(text, "{octet:02x}")?;
        }
        out.write_str(&text)
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for Sha256 {
    type Err = Sha256Error;

    fn from_str(text: &str) -> Result<Self, Sha256Error> {
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Sha256Error);
        }
        let mut hash = [0; 32];
        for (at, octet) in hash.iter_mut().enumerate() {
            *octet = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).map_err(|_| Sha256Error)?;
        }
        Ok(Self(hash))
    }
}

/// Whom the operator trusts.
#[derive(Debug, Clone)]
pub enum Trust {
    /// Whatever lies there: for development and tests.
    Anything,
    /// One of these.
    Pinned(Vec<Pin>),
}

/// One library that may be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The version it says it is.
    pub version: String,
    /// Its bytes.
    pub sha256: Sha256,
    /// Made by those who make Aldis, or trusted as much.
    pub first_party: bool,
}

impl Trust {
    /// Whether these bytes may be loaded; the pin that says so, if there are pins. The error completes "<path>: ".
    pub(crate) fn allows(&self, sha256: Sha256) -> Result<Option<&Pin>, String> {
        let Self::Pinned(pins) = self else { return Ok(None) };
        let found = pins.iter().find(|pin| pin.sha256 == sha256);
        found.map(Some).ok_or_else(|| {
            let pinned: Vec<_> = pins.iter().map(|pin| pin.sha256.to_string()).collect();
            format!("its SHA-256 is {sha256}, and pinned is {}", pinned.join(" or "))
        })
    }
}
