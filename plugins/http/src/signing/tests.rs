//! Signatures are those of RFC 4231 and RFC 2202, and no other is believed.

use super::sign;
use crate::template::{Algorithm, Encoding, HmacKind, KeyEncoding};
use proptest::prelude::*;

fn holds(kind: HmacKind, key: &str, signed: &[u8], signature: &str) -> bool {
    super::holds(kind, key, signed, &[signature.to_owned()])
}

const DATA: &[u8] = b"what do ya want for nothing?";

fn kind(algorithm: Algorithm, key_encoding: KeyEncoding, encoding: Encoding) -> HmacKind {
    HmacKind {
        algorithm,
        key_encoding,
        encoding,
    }
}

#[test]
fn the_vectors_of_the_standards_hold() {
    use Algorithm::{Sha1, Sha256, Sha512};
    let vectors = [
        (Sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"), // RFC 2202, 3, case 2
        (
            Sha256,
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ), // RFC 4231, 4.3
        (
            Sha512,
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
    ];
    for (algorithm, expected) in vectors {
        let text = kind(algorithm, KeyEncoding::Text, Encoding::Hex);
        assert_eq!(sign(text, "Jefe", DATA).as_deref(), Some(expected));
        assert!(holds(text, "Jefe", DATA, &expected.to_uppercase()));
        let hex = kind(algorithm, KeyEncoding::Hex, Encoding::Hex);
        assert_eq!(sign(hex, "4a656665", DATA).as_deref(), Some(expected));
        let base64 = kind(algorithm, KeyEncoding::Base64, Encoding::Hex);
        assert_eq!(sign(base64, "SmVmZQ==", DATA).as_deref(), Some(expected));
    }
}

#[test]
fn a_key_that_is_none_signs_nothing_and_proves_nothing() {
    for (key_encoding, key) in [
        (KeyEncoding::Text, ""),
        (KeyEncoding::Base64, "not base64!"),
        (KeyEncoding::Hex, "abc"),
        (KeyEncoding::Hex, "zz"),
    ] {
        let kind = kind(Algorithm::Sha256, key_encoding, Encoding::Base64);
        assert_eq!(sign(kind, key, DATA), None);
        assert!(!holds(kind, key, DATA, ""));
    }
}

#[test]
fn base64_is_read_in_either_alphabet_with_and_without_padding() {
    let kind = kind(Algorithm::Sha256, KeyEncoding::Text, Encoding::Base64);
    // One of its signatures has all the letters in question.
    let data = (0_u32..10_000)
        .map(|number| number.to_string())
        .find(|data| {
            let signature = sign(kind, "planted-key", data.as_bytes()).unwrap();
            signature.contains('+') && signature.contains('/')
        })
        .unwrap();
    let usual = sign(kind, "planted-key", data.as_bytes()).unwrap();
    let in_urls = usual.replace('+', "-").replace('/', "_");
    for written in [&usual, &in_urls] {
        assert!(holds(kind, "planted-key", data.as_bytes(), written));
        assert!(holds(
            kind,
            "planted-key",
            data.as_bytes(),
            written.trim_end_matches('=')
        ));
    }
    let several = ["AAAA".to_owned(), String::new(), in_urls];
    assert!(
        super::holds(kind, "planted-key", data.as_bytes(), &several),
        "one of them is enough"
    );
    assert!(!super::holds(kind, "planted-key", data.as_bytes(), &several[..2]));
    assert!(!super::holds(kind, "planted-key", data.as_bytes(), &[]));
}

proptest! {
    #[test]
    fn an_altered_signature_or_text_does_not_hold(
        data in proptest::collection::vec(any::<u8>(), 1..200),
        at in any::<prop::sample::Index>(),
        bit in 0..8_u8,
    ) {
        let kind = kind(Algorithm::Sha256, KeyEncoding::Text, Encoding::Base64);
        let signature = sign(kind, "planted-key", &data).unwrap();
        prop_assert!(holds(kind, "planted-key", &data, &signature));
        prop_assert!(!holds(kind, "planted-kez", &data, &signature));
        let mut altered = data.clone();
        altered[at.index(data.len())] ^= 1 << bit;
        prop_assert!(!holds(kind, "planted-key", &altered, &signature));
        let mut forged = signature.into_bytes();
        let place = at.index(forged.len());
        forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
        // The last letters of base64 may stand for bits that are not used.
        if place < 42 {
            prop_assert!(!holds(kind, "planted-key", &data, &String::from_utf8(forged).unwrap()));
        }
    }
}
