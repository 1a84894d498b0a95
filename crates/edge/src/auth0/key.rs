//! A tenant's signing secret, from the words in the settings to the key that checks tokens.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// RFC 7518 section 3.2: an HS256 key is at least as long as its hash.
const SHORTEST: usize = 32;

/// Secrets printed in documentation and tutorials: everybody knows them.
const SAMPLES: [&str; 6] = [
    "MySecretToSignTheToken", // Auth0's page on SMS gateways
    "shhhh",
    "testingtoken",
    "MessageMedia",
    "your-256-bit-secret",                    // jwt.io
    "a-string-secret-at-least-256-bits-long", // jwt.io
];

/// Which decoder a public gateway used is unknown, so everything with one meaning is taken.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A live HS256 key. Shows nothing of itself.
pub(crate) struct GatewayKey {
    key: hmac::Key,
    /// Equal for secrets that sign alike.
    likeness: hmac::Tag,
}

/// Why a secret is refused when the settings are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyFault {
    /// There is nothing in it.
    #[error("the secret is empty")]
    Empty,
    /// `secret_base64_encoded` is set and the secret is not base64.
    #[error("the secret is neither base64 nor base64url, although secret_base64_encoded is set")]
    NotBase64,
    /// Fewer bytes than the hash has.
    #[error(
        "the secret has {0} bytes and HS256 wants at least 32; allow_short_secret = true takes it all the same"
    )]
    TooShort(usize),
}

impl GatewayKey {
    /// Reads a secret as Auth0 does: its text, or with `base64_encoded` the bytes the text stands for.
    pub(crate) fn parse(text: &str, base64_encoded: bool, allow_short: bool) -> Result<Self, KeyFault> {
        let decoded;
        let bytes = if base64_encoded {
            decoded = decode(text)?;
            decoded.as_slice()
        } else {
            text.as_bytes()
        };
        match bytes.len() {
            0 => return Err(KeyFault::Empty),
            length if length < SHORTEST && !allow_short => return Err(KeyFault::TooShort(length)),
            _ => {}
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, bytes);
        let likeness = hmac::sign(&key, b"aldis likeness");
        Ok(Self { key, likeness })
    }

    /// Whether the key signed this, in time that does not depend on how wrong the signature is.
    pub(crate) fn signed(&self, content: &[u8], signature: &[u8]) -> bool {
        hmac::verify(&self.key, content, signature).is_ok()
    }

    /// Whether a token signed by one is a token signed by the other.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.likeness.as_ref() == other.likeness.as_ref()
    }
}

/// Whether documentation prints this secret.
pub(crate) fn is_sample(text: &str) -> bool {
    SAMPLES.contains(&text)
}

fn decode(text: &str) -> Result<Vec<u8>, KeyFault> {
    let one_alphabet: String = text
        .chars()
        .map(|letter| match letter {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    LENIENT.decode(one_alphabet).map_err(|_| KeyFault::NotBase64)
}

#[cfg(test)]
mod tests;
