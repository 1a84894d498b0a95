//! An Auth0 tenant: what it knows, the tokens it signs, the requests it sends.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// A tenant as Auth0 holds it.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// The `{tenant}` of the URL.
    pub name: String,
    /// `gateway_authentication.secret`.
    pub secret: String,
    /// `gateway_authentication.audience`.
    pub audience: String,
    /// `gateway_authentication.subject`.
    pub subject: String,
    /// `accept` in `edge.toml`.
    pub accept: &'static str,
    /// `answer_within` in `edge.toml`.
    pub answer_within: &'static str,
    /// `code_lifetime` in `edge.toml`.
    pub code_lifetime: &'static str,
}

impl Tenant {
    /// A tenant that awaits the carrier, as Auth0 needs it.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            secret: format!("{name}-planted-gateway-secret-0123456789"),
            audience: format!("urn:{name}:sms"),
            subject: "urn:Auth0".to_owned(),
            accept: "carrier",
            answer_within: "12s",
            code_lifetime: "3m",
        }
    }

    /// A token as Auth0 makes it, valid for five minutes.
    pub fn token(&self) -> String {
        let now = unix_seconds();
        self.sign(&json!({
            "iss": "Auth0", "sub": self.subject, "aud": self.audience, "iat": now, "exp": now + 300,
            "jti": unique(),
        }))
    }

    /// A token with these claims.
    pub fn sign(&self, claims: &Value) -> String {
        let key = EncodingKey::from_secret(self.secret.as_bytes());
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key).expect("signable claims")
    }

    /// The body Auth0 sends for this recipient and code.
    pub fn body(recipient: &str, code: &str) -> Value {
        json!({
            "recipient": recipient,
            "body": format!("Your verification code is {code}"),
            "sender": "+12025550199",
            "req": { "ip": "198.51.100.7", "user-agent": "Mozilla/5.0 (planted-user-agent)" },
        })
    }
}

/// Now, in the seconds of a JWT date.
#[allow(clippy::disallowed_methods, reason = "a test's clock is the world's")]
pub fn unix_seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs()
}

/// A value no other call returns: two requests of one second must not be one replay.
#[allow(clippy::disallowed_methods, reason = "a test's clock is the world's")]
fn unique() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{:?}-{}", std::thread::current().id(), now.as_nanos())
}
