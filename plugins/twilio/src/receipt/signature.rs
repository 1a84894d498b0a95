//! `X-Twilio-Signature`: base64 of HMAC-SHA1 over the URL and the sorted form
//! (Twilio, "Webhooks Security"). Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// What was signed.
pub(super) struct Call<'a> {
    /// As Twilio called it.
    pub(super) url: &'a str,
    /// The fields of a form; empty for JSON.
    pub(super) form: &'a [(String, String)],
    /// As it came.
    pub(super) body: &'a [u8],
}

/// True if `signature` was made with `token` over this call.
///
/// Twilio signs the URL sometimes with and sometimes without the port, whichever the account
/// was given, so both forms count. A body that is no form is covered by its SHA-256 in the URL,
/// and believed only then.
pub(super) fn holds(token: &str, call: &Call<'_>, signature: &str) -> bool {
    let Ok(tag) = STANDARD.decode(signature.trim()) else {
        return false;
    };
    let body_holds = match body_hash(call.url) {
        Some(hash) => call.form.is_empty() && is_hash_of(&hash, call.body),
        None => !call.form.is_empty() || call.body.is_empty(),
    };
    // Both forms are always computed: how long it takes says nothing about which one fits.
    let with = is_tag(token, &with_port(call.url), call.form, &tag);
    let without = is_tag(token, &without_port(call.url), call.form, &tag);
    body_holds && (with | without)
}

fn is_tag(token: &str, url: &str, form: &[(String, String)], tag: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(token.as_bytes()) else {
        return false;
    };
    mac.update(url.as_bytes());
    // Sorted by key, then by value; a value that comes twice counts once.
    let mut fields: Vec<_> = form.iter().collect();
    fields.sort();
    fields.dedup();
    for (key, value) in fields {
        mac.update(key.as_bytes());
        mac.update(value.as_bytes());
    }
    mac.verify_slice(tag).is_ok() // compares in constant time
}

fn is_hash_of(hash: &str, body: &[u8]) -> bool {
    use std::fmt::Write as _;
    let mut computed = String::new();
    for byte in Sha256::digest(body) {
        // Writing to a String cannot fail.
        let _ = write!(computed, "{byte:02x}");
    }
    computed.eq_ignore_ascii_case(hash)
}

/// `bodySHA256` of the query, which itself is covered by the signature.
fn body_hash(url: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let query = query.split('#').next().unwrap_or(query);
    form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == "bodySHA256")
        .map(|(_, hash)| hash.into_owned())
}

/// Scheme, user and host, port, and the rest of a URL.
fn parts(url: &str) -> Option<(&str, &str, Option<&str>, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    // The last colon begins the port, unless it stands inside an IPv6 address.
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => (host, Some(port)),
        _ => (authority, None),
    };
    Some((scheme, host, port, tail))
}

fn with_port(url: &str) -> String {
    match parts(url) {
        Some((scheme, host, None, tail)) => {
            let port = if scheme == "https" { 443 } else { 80 };
            format!("{scheme}://{host}:{port}{tail}")
        }
        _ => url.to_owned(),
    }
}

fn without_port(url: &str) -> String {
    match parts(url) {
        Some((scheme, host, Some(_), tail)) => format!("{scheme}://{host}{tail}"),
        _ => url.to_owned(),
    }
}
