//! Telling a repeated call from a new one, so that a resent request is one SMS.
//!
//! A key is a plain hash of what makes a request the same one, so that every edge of a deployment makes the same keys,
//! whatever its token. It could be guessed from, as a number with a six-digit code can: it travels where the text itself
//! travels, and delivery keeps it sealed only.

use aldis_message::{Idempotency, IdempotencyKey, IdempotencyKeyError, TenantName};
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use std::time::Duration;

/// Same tenant, token and body within this time: one SMS (docs/http.md).
const REPEAT_WINDOW: Duration = Duration::from_secs(10);

/// How long a key counts that the caller chose. The wire's own default.
const CHOSEN_WINDOW: Duration = Duration::from_hours(24);

/// Makes idempotency keys. It holds the key of those that edges made before, each of the token it shared with delivery:
/// delivery looks for such a one, too.
pub(crate) struct ReplayKey(hmac::Key);

impl ReplayKey {
    pub(crate) fn derive(delivery_token: &str) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, delivery_token.as_bytes());
        let derived = hmac::sign(&root, b"aldis edge idempotency v1");
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))
    }

    /// For a call that chose no key. The token is empty where a tenant has no authentication.
    pub(crate) fn of_request(
        &self,
        tenant: &TenantName,
        token: &[u8],
        body: &[u8],
    ) -> Result<Idempotency, IdempotencyKeyError> {
        self.key(
            "request",
            &[tenant.as_str().as_bytes(), token, body],
            REPEAT_WINDOW,
        )
    }

    /// For a call with an `Idempotency-Key`, which counts within its tenant only.
    pub(crate) fn of_choice(
        &self,
        tenant: &TenantName,
        chosen: &IdempotencyKey,
    ) -> Result<Idempotency, IdempotencyKeyError> {
        self.key(
            "chosen",
            &[tenant.as_str().as_bytes(), chosen.as_str().as_bytes()],
            CHOSEN_WINDOW,
        )
    }

    fn key(&self, kind: &str, parts: &[&[u8]], window: Duration) -> Result<Idempotency, IdempotencyKeyError> {
        let mut hash = digest::Context::new(&digest::SHA256);
        let mut former = hmac::Context::with_key(&self.0);
        for part in [&[kind.as_bytes()], parts].concat() {
            // The length first: no two lists of parts read alike.
            let length = (part.len() as u64).to_be_bytes();
            hash.update(&length);
            hash.update(part);
            former.update(&length);
            former.update(part);
        }
        let hash = BASE64_URL_SAFE_NO_PAD.encode(hash.finish());
        let former = BASE64_URL_SAFE_NO_PAD.encode(former.sign());
        Ok(Idempotency {
            former: Some(IdempotencyKey::parse(&format!("{kind}-{former}"))?),
            ..Idempotency::new(IdempotencyKey::parse(&format!("{kind}:{hash}"))?, window)
        })
    }
}
