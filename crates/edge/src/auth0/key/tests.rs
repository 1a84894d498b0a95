//! Which secrets are taken, and what they mean.

use super::*;

const BYTES: [u8; 32] = *b"\xff\xfe\xfd\xfc\xfb\xfa\x00\x01 binary key of 32 bytes!";

fn parsed(text: &str, base64_encoded: bool) -> GatewayKey {
    GatewayKey::parse(text, base64_encoded, true).expect("a key")
}

#[test]
fn every_spelling_of_base64_is_the_same_key() {
    let spellings = [
        base64::prelude::BASE64_STANDARD.encode(BYTES),
        base64::prelude::BASE64_STANDARD_NO_PAD.encode(BYTES),
        base64::prelude::BASE64_URL_SAFE.encode(BYTES),
        base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(BYTES),
    ];
    assert!(
        spellings[0].contains('/') && spellings[0].ends_with('='),
        "{spellings:?} must differ"
    );
    let first = parsed(&spellings[0], true);
    for spelling in &spellings {
        assert!(parsed(spelling, true).is_like(&first), "{spelling}");
        assert!(
            !parsed(spelling, false).is_like(&first),
            "{spelling} as text is another key"
        );
    }
}

#[test]
fn a_key_that_is_not_text_signs_as_its_bytes() {
    let key = parsed(&base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(BYTES), true);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &BYTES), b"content");
    assert!(key.signed(b"content", tag.as_ref()));
    assert!(!key.signed(b"contents", tag.as_ref()));
    assert!(!key.signed(b"content", &tag.as_ref()[..31]));
}

#[test]
fn secrets_that_say_nothing_are_refused() {
    let cases: [(&str, bool, bool, KeyFault); 8] = [
        ("", false, true, KeyFault::Empty),
        ("", true, true, KeyFault::Empty),
        ("not base64!", true, true, KeyFault::NotBase64),
        ("QUJD=QUJD", true, true, KeyFault::NotBase64),
        ("A", true, true, KeyFault::NotBase64),
        ("x", false, false, KeyFault::TooShort(1)),
        (
            "0123456789abcdef0123456789abcde",
            false,
            false,
            KeyFault::TooShort(31),
        ),
        ("MySecretToSignTheToken", false, false, KeyFault::TooShort(22)),
    ];
    for (text, base64_encoded, allow_short, fault) in cases {
        assert_eq!(
            GatewayKey::parse(text, base64_encoded, allow_short).err(),
            Some(fault),
            "{text}"
        );
    }
}

#[test]
fn long_enough_is_thirty_two_bytes() {
    assert!(GatewayKey::parse("0123456789abcdef0123456789abcdef", false, false).is_ok());
    assert!(GatewayKey::parse(&"k".repeat(5120), false, false).is_ok());
    assert!(GatewayKey::parse("x", false, true).is_ok());
}
