//! `aldis token`: a token like the one Auth0 signs its gateway calls with.
//!
//! Auth0 documents `aud` and `sub` only; `iss`, `iat` and a five-minute `exp` are what public
//! gateways have seen.

use crate::arguments::Token;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::secret_file;
use aldis_daemon::config::{self, Loaded, Secret};
use aldis_message::UnixMillis;
use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret as _, SecretSlice};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// Who signs, and for whom.
pub struct Signer {
    /// The key's bytes.
    pub key: SecretSlice<u8>,
    /// The claim `aud`.
    pub audience: String,
    /// The claim `sub`, if there is to be one.
    pub subject: Option<String>,
    /// The claim `iss`, if there is to be one.
    pub issuer: Option<String>,
}

impl Signer {
    /// The claims at that moment; without `ttl` they have no `exp`.
    pub fn claims(&self, now: UnixMillis, ttl: Option<Duration>) -> Value {
        let seconds = now.as_millis() / 1000;
        let mut claims = json!({ "aud": self.audience, "iat": seconds });
        if let Some(subject) = &self.subject {
            claims["sub"] = json!(subject);
        }
        if let Some(issuer) = &self.issuer {
            claims["iss"] = json!(issuer);
        }
        if let Some(ttl) = ttl {
            claims["exp"] = json!(seconds.saturating_add(ttl.as_secs()));
        }
        claims
    }

    /// Signs claims with HS256.
    pub fn sign(&self, claims: &Value) -> Result<String, jsonwebtoken::errors::Error> {
        let key = EncodingKey::from_secret(self.key.expose_secret());
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key)
    }
}

pub(crate) fn run(wish: &Token, printer: &Printer, now: UnixMillis) -> Result<(), Failure> {
    let signer = signer(wish, printer)?;
    let ttl = wish.ttl.get();
    if ttl < Duration::from_secs(1) {
        return Err(Failure::usage(
            "--ttl is at least 1s: token times are whole seconds",
        ));
    }
    let claims = signer.claims(now, (!wish.no_exp).then_some(ttl));
    let token = signer
        .sign(&claims)
        .map_err(|_| Failure::failed("the token cannot be signed"))?;
    printer.answer(&token, &json!({ "token": token, "claims": claims }))
}

fn signer(wish: &Token, printer: &Printer) -> Result<Signer, Failure> {
    let issuer = Some(wish.issuer.clone()).filter(|issuer| !issuer.is_empty());
    let mut signer = if let Some(config) = &wish.config {
        of_tenant(config, wish.tenant.as_deref())?
    } else {
        let secret = secret_file::read(
            "secret",
            wish.secret_file.as_deref(),
            wish.secret_env.as_deref(),
            printer,
        )?;
        let key = key(&secret, wish.secret_base64).map_err(Failure::config)?;
        Signer {
            key,
            audience: String::new(),
            subject: None,
            issuer: None,
        }
    };
    signer.issuer = issuer;
    if let Some(audience) = &wish.audience {
        signer.audience.clone_from(audience);
    }
    if wish.subject.is_some() {
        signer.subject.clone_from(&wish.subject);
    }
    Ok(signer)
}

/// As much of `edge.toml` as a token needs; the edge itself judges the rest.
#[derive(Deserialize)]
struct EdgeSettings {
    #[serde(default)]
    tenants: Vec<TenantSettings>,
}

#[derive(Deserialize)]
struct TenantSettings {
    name: String,
    gateway_authentication: Option<Gateway>,
}

#[derive(Deserialize)]
struct Gateway {
    audience: Option<String>,
    subject: Option<String>,
    #[serde(default)]
    secrets: Vec<Secret>,
    #[serde(default)]
    secret_base64_encoded: bool,
}

fn of_tenant(file: &Path, wanted: Option<&str>) -> Result<Signer, Failure> {
    let Loaded { raw, source }: Loaded<EdgeSettings> =
        config::load(file, "ALDIS_EDGE", config::environment())?;
    let index = match wanted {
        Some(name) => raw.tenants.iter().position(|tenant| tenant.name == name),
        None if raw.tenants.len() == 1 => Some(0),
        None => {
            return Err(Failure::usage(
                "the settings have several tenants, or none: name one with --tenant",
            ));
        }
    };
    let Some((index, tenant)) = index.and_then(|index| Some((index, raw.tenants.get(index)?))) else {
        return Err(Failure::config(format!("{} has no such tenant", file.display())));
    };
    let section = format!("tenants[{index}].gateway_authentication");
    let needs =
        |key: &str| Failure::from(source.fault(&format!("{section}{key}"), "required to sign a token"));
    let gateway = tenant.gateway_authentication.as_ref().ok_or_else(|| needs(""))?;
    let audience = gateway.audience.clone().ok_or_else(|| needs(".audience"))?;
    // The first signs while several live: it is the one Auth0 still has.
    let secret = gateway.secrets.first().ok_or_else(|| needs(".secrets"))?;
    let at = format!("{section}.secrets[0]");
    let text = secret.resolve().map_err(|error| source.fault(&at, error))?;
    let key =
        key(text.expose(), gateway.secret_base64_encoded).map_err(|reason| source.fault(&at, reason))?;
    Ok(Signer {
        key,
        audience,
        subject: gateway.subject.clone(),
        issuer: None,
    })
}

/// The bytes a secret stands for: its text, or what its base64 or base64url says, padded or not.
fn key(secret: &str, base64_encoded: bool) -> Result<SecretSlice<u8>, &'static str> {
    const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    if !base64_encoded {
        return Ok(secret.as_bytes().to_vec().into());
    }
    let alphabet = if secret.contains(['-', '_']) {
        &URL_SAFE
    } else {
        &STANDARD
    };
    let decoded = GeneralPurpose::new(alphabet, CONFIG).decode(secret);
    decoded
        .map(Into::into)
        .map_err(|_| "the secret is neither base64 nor base64url")
}

#[cfg(test)]
mod tests;
