//! The edge's parsers of foreign bytes, opened for the fuzz targets of `tests/fuzz` and nobody else.

use crate::auth0::body;
use crate::auth0::key::GatewayKey;
use crate::auth0::token::{Policy, verify};
use crate::tenants::{Gate, Tenant};
use aldis_message::{AcceptMode, Idempotency, IdempotencyKey, TenantName, UnixMillis};
use aws_lc_rs::hmac;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use std::time::Duration;

const SECRET: &str = "a-secret-for-fuzzing-with-32-byt";
const NOW: UnixMillis = UnixMillis::from_millis(1_893_456_000_000);

fn policy() -> Option<Policy> {
    Some(Policy {
        audience: "urn:Gateway".to_owned(),
        subject: None,
        issuers: None,
        require_exp: true,
        max_age: Some(Duration::from_mins(10)),
        keys: vec![GatewayKey::parse(SECRET, false, false).ok()?],
    })
}

/// Judges a whole `Authorization` header; true if it was believed.
pub fn authorization(header: &[u8]) -> bool {
    let (Some(policy), Ok(value)) = (policy(), HeaderValue::from_bytes(header)) else {
        return false;
    };
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, value);
    verify(&policy, &headers, NOW).is_ok()
}

/// Judges a token with this header and these claims under a good signature, so that the parsers
/// behind the signature are reached.
pub fn signed(header: &[u8], claims: &[u8]) -> bool {
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let content = format!("{}.{}", encode(header), encode(claims));
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()),
        content.as_bytes(),
    );
    authorization(format!("Bearer {content}.{}", encode(tag.as_ref())).as_bytes())
}

/// Reads a gateway call's body; true if it is one.
pub fn body(bytes: &[u8]) -> bool {
    let (Ok(name), Ok(key)) = (TenantName::parse("fuzz"), IdempotencyKey::parse("fuzz")) else {
        return false;
    };
    let tenant = Tenant {
        name,
        gate: Gate::Open,
        default_sender: None,
        default_region: None,
        accept: AcceptMode::Carrier,
        answer_within: Duration::from_secs(12),
        code_lifetime: Duration::from_mins(3),
    };
    let idempotency = Idempotency::new(key, Duration::from_secs(10));
    body::parse(bytes, &tenant, idempotency, NOW).is_ok()
}
