//! Tokens made by hand, so that they can be made wrong.

use super::SECRET;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970.
#[allow(clippy::disallowed_methods, reason = "a test's clock is the world's")]
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs()
}

/// A token before it is signed. Starts as a good one for `acme`.
#[derive(Clone)]
pub(crate) struct Token {
    header: Vec<u8>,
    claims: Value,
    raw_claims: Option<Vec<u8>>,
    secret: Vec<u8>,
    algorithm: hmac::Algorithm,
}

impl Token {
    pub(crate) fn good() -> Self {
        Self {
            header: br#"{"alg":"HS256","typ":"JWT"}"#.to_vec(),
            claims: json!({"aud": "urn:acme", "sub": "urn:Auth0"}),
            raw_claims: None,
            secret: SECRET.into(),
            algorithm: hmac::HMAC_SHA256,
        }
    }

    /// The header, byte for byte.
    pub(crate) fn header(mut self, header: impl AsRef<[u8]>) -> Self {
        self.header = header.as_ref().to_vec();
        self
    }

    /// One claim added or replaced.
    pub(crate) fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims[name] = value.into();
        self
    }

    /// One claim fewer.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.claims.as_object_mut().expect("claims").remove(name);
        self
    }

    /// The claims, byte for byte.
    pub(crate) fn claims(mut self, claims: impl AsRef<[u8]>) -> Self {
        self.raw_claims = Some(claims.as_ref().to_vec());
        self
    }

    pub(crate) fn secret(mut self, secret: impl AsRef<[u8]>) -> Self {
        self.secret = secret.as_ref().to_vec();
        self
    }

    pub(crate) fn algorithm(mut self, algorithm: hmac::Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// Header, claims and signature, encoded.
    pub(crate) fn parts(&self) -> [String; 3] {
        let claims = self
            .raw_claims
            .clone()
            .unwrap_or_else(|| self.claims.to_string().into_bytes());
        let (header, claims) = (BASE64.encode(&self.header), BASE64.encode(claims));
        let signature = self.sign(&format!("{header}.{claims}"));
        [header, claims, signature]
    }

    /// The signature of any content.
    pub(crate) fn sign(&self, content: &str) -> String {
        BASE64.encode(hmac::sign(
            &hmac::Key::new(self.algorithm, &self.secret),
            content.as_bytes(),
        ))
    }

    pub(crate) fn mint(&self) -> String {
        self.parts().join(".")
    }

    /// As the header's value.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.mint())
    }
}
