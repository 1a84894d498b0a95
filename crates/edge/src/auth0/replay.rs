//! Telling a repeated call from a new one, so that a resent request is one SMS.
//!
//! A key is a MAC, not a hash: the store keeps it, and a number with a six-digit code is soon guessed from a hash.
//! Every edge of a deployment derives the same keys, from the token they share towards delivery.

use aldis_message::{Idempotency, IdempotencyKey, IdempotencyKeyError, TenantName};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use std::time::Duration;

/// Same tenant, token and body within this time: one SMS (docs/http.md).
const REPEAT_WINDOW: Duration = Duration::from_secs(10);

/// How long a key counts that the caller chose. The wire's own default.
const CHOSEN_WINDOW: Duration = Duration::from_hours(24);

/// Makes idempotency keys.
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
        let mut context = hmac::Context::with_key(&self.0);
        for part in [&[kind.as_bytes()], parts].concat() {
            // The length first: no two lists of parts read alike.
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let tag = BASE64_URL_SAFE_NO_PAD.encode(context.sign());
        Ok(Idempotency {
            key: IdempotencyKey::parse(&format!("{kind}-{tag}"))?,
            window,
        })
    }
}
