//! The name of a request, which runs through the log lines of edge and delivery, and which its caller is told.

use std::fmt;

#[cfg(test)]
mod tests;

/// The header, over HTTP and in gRPC's metadata.
pub const HEADER: &str = "x-request-id";

const LONGEST: usize = 64;

/// The name of a request: 1 to 64 of `A-Z a-z 0-9 . _ -`, so that it breaks no log line and no header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// The name that a caller gives its request, if it gives one and it is well-formed; otherwise a new one.
    pub fn given_or_new<'v>(mut given: impl Iterator<Item = &'v [u8]>) -> Self {
        match (given.next(), given.next()) {
            (Some(given), None) => Self::parse(given).unwrap_or_else(Self::fresh),
            // With two of them, nobody knows which the caller will look for.
            _ => Self::fresh(),
        }
    }

    /// The name, if it is well-formed.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
        let fits = (1..=LONGEST).contains(&text.len()) && text.iter().all(allowed);
        let text = fits.then(|| std::str::from_utf8(text).ok()).flatten()?;
        Some(Self(text.to_owned()))
    }

    /// A new one.
    pub fn fresh() -> Self {
        let mut random = [0; 16];
        // Without randomness the name tells nothing; the request is none the worse for it.
        let _ = aws_lc_rs::rand::fill(&mut random);
        Self(format!("{:032x}", u128::from_be_bytes(random)))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
