//! HMAC (RFC 2104), made and verified. Pure.

use crate::template::{Algorithm, Encoding, HmacKind, KeyEncoding};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

/// The signature as it is written; `None` if the key is not what it should be.
pub(crate) fn sign(kind: HmacKind, key: &str, signed: &[u8]) -> Option<String> {
    let key = key_bytes(kind.key_encoding, key)?;
    let tag = tag(kind.algorithm, &key, signed)?;
    Some(match kind.encoding {
        Encoding::Hex => hex(&tag),
        Encoding::Base64 => STANDARD.encode(tag),
    })
}

/// Whether one of the signatures is that which the key makes; in the same time for every wrong one.
pub(crate) fn holds(kind: HmacKind, key: &str, signed: &[u8], signatures: &[String]) -> bool {
    let Some(made) = key_bytes(kind.key_encoding, key).and_then(|key| tag(kind.algorithm, &key, signed))
    else {
        return false;
    };
    let given = signatures.iter().filter_map(|signature| match kind.encoding {
        Encoding::Hex => from_hex(signature),
        Encoding::Base64 => from_base64(signature),
    });
    given.filter(|given| same(&made, given)).count() > 0
}

/// Whether two secrets are the same, in a time that tells nothing about where they differ.
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    use subtle::ConstantTimeEq as _;
    left.ct_eq(right).into()
}

pub(crate) fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let pairs = digits.chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some(high << 4 | low),
            _ => None,
        })
        .collect()
}

/// In either alphabet, with padding or without (RFC 4648 sections 4 and 5).
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let usual = |letter| match letter {
        '-' => '+',
        '_' => '/',
        other => other,
    };
    let text: String = text.trim_end_matches('=').chars().map(usual).collect();
    STANDARD_NO_PAD.decode(text).ok()
}

/// An empty key signs nothing: whoever leaves it out must not be believed.
fn key_bytes(encoding: KeyEncoding, key: &str) -> Option<Vec<u8>> {
    let bytes = match encoding {
        KeyEncoding::Text => key.as_bytes().to_vec(),
        KeyEncoding::Base64 => from_base64(key)?,
        KeyEncoding::Hex => from_hex(key)?,
    };
    (!bytes.is_empty()).then_some(bytes)
}

fn tag(algorithm: Algorithm, key: &[u8], signed: &[u8]) -> Option<Vec<u8>> {
    macro_rules! with {
        ($hash:ty) => {
            Hmac::<$hash>::new_from_slice(key)
                .ok()?
                .chain_update(signed)
                .finalize()
                .into_bytes()
                .to_vec()
        };
    }
    Some(match algorithm {
        Algorithm::Sha1 => with!(Sha1),
        Algorithm::Sha256 => with!(Sha256),
        Algorithm::Sha512 => with!(Sha512),
    })
}

#[cfg(test)]
mod tests;
