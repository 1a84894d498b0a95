//! Secrets in base64 and in base 16, however they are broken into lines.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::memmem;
use std::fmt::Write as _;
use std::ops::Range;

/// The looks of secrets in base64 and in base16.
#[derive(Default)]
pub(super) struct Coded {
    base64: Vec<String>,
    /// In small letters: case means nothing there.
    base16: Vec<String>,
}

impl Coded {
    /// Adds these bytes, in both.
    pub(super) fn add(&mut self, octets: &[u8]) {
        let mut text = String::with_capacity(octets.len() * 2);
        for octet in octets {
            let _ = write!(text, "{octet:02x}");
        }
        self.base16.push(text);
        self.add_base64(octets);
    }

    /// Adds these bytes, in base64 alone.
    pub(super) fn add_base64(&mut self, octets: &[u8]) {
        self.base64.extend(in_base64(octets));
        self.base64.sort();
        self.base64.dedup();
    }

    /// Returns where any of it is. White space inside it means nothing: base64 has line breaks in MIME and PEM (RFC 2045
    /// section 6.8, RFC 7468), and digits stand in groups.
    pub(super) fn found(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        if self.base64.is_empty() {
            return Vec::new();
        }
        let places: Vec<usize> = (0..bytes.len())
            .filter(|at| !bytes[*at].is_ascii_whitespace())
            .collect();
        let exact: Vec<u8> = places.iter().map(|at| bytes[*at]).collect();
        let small = exact.to_ascii_lowercase();
        let mut all = Vec::new();
        for (words, text) in [(&self.base64, &exact), (&self.base16, &small)] {
            for word in words.iter().filter(|word| !word.is_empty()) {
                let found = memmem::find_iter(text, word);
                all.extend(found.map(|at| places[at]..places[at + word.len() - 1] + 1));
            }
        }
        all
    }
}

/// In both alphabets, alone and as it stands inside something longer, as in `user:secret`: what is sure of it wherever it
/// begins within three bytes.
fn in_base64(secret: &[u8]) -> impl Iterator<Item = String> {
    let before = (0..3_usize).flat_map(move |before| {
        let bytes = [&[0; 2][..before.min(2)], secret].concat();
        [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)].map(|text| {
            // A letter has six bits; those with bits of somebody else's are left out.
            let (first, last) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
            text[first..last].to_owned()
        })
    });
    let alone = [STANDARD_NO_PAD.encode(secret), URL_SAFE_NO_PAD.encode(secret)];
    before.chain(alone)
}
