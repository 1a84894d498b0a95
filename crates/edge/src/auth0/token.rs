//! Is this caller who the tenant's settings say? One header in; a verified caller or the exact reason out.
//!
//! The policy is fixed by the settings and never by the token (RFC 8725 section 3.1): HS256, our audience, our
//! subject. A header that names another algorithm, key or extension is refused, not followed. Everything outside
//! looks alike; the [`Rejection`] is for the log and the metric.

use super::json;
use super::key::GatewayKey;
use aldis_message::UnixMillis;
use axum::http::{HeaderMap, header::AUTHORIZATION};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use std::time::Duration;

/// How far the caller's clock may be off (docs/http.md).
pub(crate) const LEEWAY: Duration = Duration::from_mins(1);

/// 9999-12-31T23:59:59Z: a larger date is milliseconds, or nonsense.
const LAST_SECOND: f64 = 253_402_300_799.0;

/// What a tenant accepts.
pub(crate) struct Policy {
    /// Must be in `aud`.
    pub(crate) audience: String,
    /// When set, must be `sub`, letter by letter.
    pub(crate) subject: Option<String>,
    /// When set, `iss` must be one of them.
    pub(crate) issuers: Option<Vec<String>>,
    /// Refuses tokens that never expire.
    pub(crate) require_exp: bool,
    /// When set, refuses tokens issued longer ago, and those that do not say when.
    pub(crate) max_age: Option<Duration>,
    /// Every live secret; more than one while rotating.
    pub(crate) keys: Vec<GatewayKey>,
}

/// A caller whose token was checked. Holds the token, for telling repetitions; shows nothing.
pub(crate) struct VerifiedCaller<'h> {
    token: &'h [u8],
}

impl<'h> VerifiedCaller<'h> {
    /// The token as it came. It has one spelling only, so equal tokens are equal bytes.
    pub(crate) fn token(self) -> &'h [u8] {
        self.token
    }
}

/// Why a caller is not believed. The name of each is the metric's label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub(crate) enum Rejection {
    #[error("no Authorization header")]
    NoHeader,
    #[error("more than one Authorization header")]
    SeveralHeaders,
    #[error("the Authorization header is not a bearer token")]
    NotBearer,
    #[error("characters that no token has")]
    Characters,
    #[error("not three segments")]
    Segments,
    #[error("a segment is not canonical base64url without padding")]
    Encoding,
    #[error("the header is not a JSON object with members said once")]
    Header,
    #[error("the header's algorithm is not HS256")]
    Algorithm,
    #[error("the header demands an extension")]
    Critical,
    #[error("no live secret made this signature")]
    Signature,
    #[error("the claims are not a JSON object with members said once")]
    Claims,
    #[error("aud does not contain our audience")]
    Audience,
    #[error("sub is not the configured subject")]
    Subject,
    #[error("iss is not on the list")]
    Issuer,
    #[error("a date claim is not a number of seconds")]
    Date,
    #[error("no exp, and require_exp is set")]
    ExpMissing,
    #[error("exp is past")]
    Expired,
    #[error("nbf is ahead")]
    NotYetValid,
    #[error("iat is ahead")]
    IssuedAhead,
    #[error("no iat, and max_age is set")]
    IatMissing,
    #[error("iat is longer ago than max_age")]
    TooOld,
}

impl Rejection {
    /// The metric's label.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NoHeader => "no_header",
            Self::SeveralHeaders => "several_headers",
            Self::NotBearer => "not_bearer",
            Self::Characters => "characters",
            Self::Segments => "segments",
            Self::Encoding => "encoding",
            Self::Header => "header",
            Self::Algorithm => "algorithm",
            Self::Critical => "critical",
            Self::Signature => "signature",
            Self::Claims => "claims",
            Self::Audience => "audience",
            Self::Subject => "subject",
            Self::Issuer => "issuer",
            Self::Date => "date",
            Self::ExpMissing => "exp_missing",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::IssuedAhead => "issued_ahead",
            Self::IatMissing => "iat_missing",
            Self::TooOld => "too_old",
        }
    }
}

/// Checks the one `Authorization` header against the policy.
pub(crate) fn verify<'h>(
    policy: &Policy,
    headers: &'h HeaderMap,
    now: UnixMillis,
) -> Result<VerifiedCaller<'h>, Rejection> {
    let token = bearer(headers)?;
    let (signed, header, claims, signature) = segments(token)?;
    check_header(header)?;
    let signature = decode(signature)?;
    if !policy.keys.iter().any(|key| key.signed(signed, &signature)) {
        return Err(Rejection::Signature);
    }
    let claims = json::object(&decode(claims)?).ok_or(Rejection::Claims)?;
    check_parties(policy, &claims)?;
    check_dates(policy, &claims, now)?;
    Ok(VerifiedCaller { token })
}

/// What stands where a token belongs: after the scheme and its spaces (RFC 9110 section 11.4).
pub(crate) fn credentials(value: &[u8]) -> (&[u8], &[u8]) {
    let scheme_end = value.iter().position(|byte| *byte == b' ').unwrap_or(value.len());
    let (scheme, rest) = value.split_at(scheme_end);
    let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
    (scheme, rest.get(spaces..).unwrap_or_default())
}

fn bearer(headers: &HeaderMap) -> Result<&[u8], Rejection> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(Rejection::NoHeader)?;
    if values.next().is_some() {
        return Err(Rejection::SeveralHeaders);
    }
    let (scheme, token) = credentials(value.as_bytes());
    if !scheme.eq_ignore_ascii_case(b"bearer") || token.is_empty() {
        return Err(Rejection::NotBearer);
    }
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    if token.iter().all(allowed) {
        Ok(token)
    } else {
        Err(Rejection::Characters)
    }
}

type Segments<'t> = (&'t [u8], &'t [u8], &'t [u8], &'t [u8]);

/// What was signed, then header, claims and signature, still encoded (RFC 7515 section 7.1).
fn segments(token: &[u8]) -> Result<Segments<'_>, Rejection> {
    let mut parts = token.split(|byte| *byte == b'.');
    let (Some(header), Some(claims), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Rejection::Segments);
    };
    let signed = token
        .get(..header.len() + 1 + claims.len())
        .ok_or(Rejection::Segments)?;
    Ok((signed, header, claims, signature))
}

/// Refuses padding, the other alphabet and stray bits in the last letter, so a token has one spelling.
fn decode(segment: &[u8]) -> Result<Vec<u8>, Rejection> {
    BASE64_URL_SAFE_NO_PAD
        .decode(segment)
        .map_err(|_| Rejection::Encoding)
}

/// `kid`, `jku`, `jwk`, `x5u` are not looked at; `crit` demands what we do not do (RFC 7515 section 4.1.11).
fn check_header(segment: &[u8]) -> Result<(), Rejection> {
    let header = json::object(&decode(segment)?).ok_or(Rejection::Header)?;
    if header.get("alg").and_then(Value::as_str) != Some("HS256") {
        return Err(Rejection::Algorithm);
    }
    if header.contains_key("crit") {
        Err(Rejection::Critical)
    } else {
        Ok(())
    }
}

fn check_parties(policy: &Policy, claims: &Map<String, Value>) -> Result<(), Rejection> {
    let ours = |value: &Value| value.as_str() == Some(&policy.audience);
    let heard = match claims.get("aud") {
        Some(Value::Array(audiences)) => audiences.iter().any(ours),
        Some(one) => ours(one),
        None => false,
    };
    if !heard {
        return Err(Rejection::Audience);
    }
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if policy
        .subject
        .as_deref()
        .is_some_and(|subject| text("sub") != Some(subject))
    {
        return Err(Rejection::Subject);
    }
    let listed = |issuers: &Vec<String>| text("iss").is_some_and(|iss| issuers.iter().any(|one| one == iss));
    if policy.issuers.as_ref().is_some_and(|issuers| !listed(issuers)) {
        return Err(Rejection::Issuer);
    }
    Ok(())
}

/// Each date counts when it is there, whichever switches are set.
fn check_dates(policy: &Policy, claims: &Map<String, Value>, now: UnixMillis) -> Result<(), Rejection> {
    let expires = date(claims, "exp")?;
    let begins = date(claims, "nbf")?;
    let issued = date(claims, "iat")?;
    let late = now.as_millis().saturating_add(millis(LEEWAY));
    let early = now.as_millis().saturating_sub(millis(LEEWAY));
    match expires {
        // RFC 7519 section 4.1.4: "on or after" the moment it is over.
        Some(moment) if moment <= early => return Err(Rejection::Expired),
        None if policy.require_exp => return Err(Rejection::ExpMissing),
        _ => {}
    }
    if begins.is_some_and(|moment| moment > late) {
        return Err(Rejection::NotYetValid);
    }
    if issued.is_some_and(|moment| moment > late) {
        return Err(Rejection::IssuedAhead);
    }
    match (policy.max_age, issued) {
        (Some(_), None) => Err(Rejection::IatMissing),
        (Some(age), Some(moment)) if moment.saturating_add(millis(age)) < early => Err(Rejection::TooOld),
        _ => Ok(()),
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// A `NumericDate` (RFC 7519 section 2) as whole milliseconds.
fn date(claims: &Map<String, Value>, name: &str) -> Result<Option<u64>, Rejection> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    let seconds = value.as_f64().ok_or(Rejection::Date)?;
    if !(0.0..=LAST_SECOND).contains(&seconds) {
        return Err(Rejection::Date);
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 253402300799000, which fits both types"
    )]
    Ok(Some((seconds * 1000.0) as u64))
}

#[cfg(test)]
mod tests;
