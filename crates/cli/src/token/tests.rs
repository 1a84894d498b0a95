//! The token is the one Auth0 would have made.

use super::{Signer, key};
use aldis_message::UnixMillis;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use std::time::Duration;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const NOW: UnixMillis = UnixMillis::from_millis(1_767_323_045_678);

fn signer() -> Signer {
    Signer {
        key: key(SECRET, false).expect("any text"),
        audience: "urn:acme".to_owned(),
        subject: Some("urn:Auth0".to_owned()),
        issuer: Some("Auth0".to_owned()),
    }
}

#[test]
fn the_claims_are_auth0s() {
    let claims = signer().claims(NOW, Some(Duration::from_mins(5)));
    let expected = json!({
        "aud": "urn:acme", "sub": "urn:Auth0", "iss": "Auth0", "iat": 1_767_323_045, "exp": 1_767_323_345,
    });
    assert_eq!(claims, expected);
}

#[test]
fn what_is_not_wanted_is_not_there() {
    let signer = Signer {
        subject: None,
        issuer: None,
        ..signer()
    };
    assert_eq!(
        signer.claims(NOW, None),
        json!({ "aud": "urn:acme", "iat": 1_767_323_045 })
    );
}

/// Checked by hand, as RFC 7515 section 5.2 says, and not by the library that made it.
#[test]
fn the_signature_is_hs256_over_both_parts() {
    let claims = signer().claims(NOW, None);
    let token = signer().sign(&claims).expect("signed");
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    let (header, payload) = signed.split_once('.').expect("three parts");
    let read = |part: &str| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
    };
    assert_eq!(read(header), json!({ "typ": "JWT", "alg": "HS256" }));
    assert_eq!(read(payload), claims);
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    hmac::verify(&key, signed.as_bytes(), &signature).expect("the same key");
}

#[test]
fn a_base64_secret_has_one_meaning_in_every_spelling() {
    for spelling in ["+/+/ag==", "+/+/ag", "-_-_ag==", "-_-_ag"] {
        assert_eq!(
            key(spelling, true).expect(spelling).expose_secret(),
            &[0xfb, 0xff, 0xbf, 0x6a],
            "{spelling}"
        );
        assert_eq!(
            key(spelling, false).expect("any text").expose_secret(),
            spelling.as_bytes()
        );
    }
    for wrong in ["+/-_ag==", "not base64!", "a"] {
        assert!(key(wrong, true).is_err(), "{wrong}");
    }
}
