//! What a placeholder can do to a value besides minijinja's own filters.

use super::address::encode;
use crate::signing::hex;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::{Environment, Error, ErrorKind, Value};
use url::Url;

pub(super) fn add(texts: &mut Environment<'_>) {
    // They would say of a text that it is encoded for the address it stands in.
    for name in ["safe", "escape", "e"] {
        texts.remove_filter(name);
    }
    texts.add_filter("base64", |text: &str| STANDARD.encode(text));
    texts.add_filter("ucs2_hex", ucs2_hex);
    texts.add_filter("uuid", uuid);
    texts.add_filter("urlencode", urlencode);
    texts.add_filter("with_login", with_login);
}

/// UTF-16, high byte first, in hexadecimal digits: how gateways take text that is not GSM 03.38.
fn ucs2_hex(text: &str) -> String {
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    hex(&bytes)
}

/// The 32 hexadecimal digits at the end of an id, in the form of a UUID (RFC 9562 section 4).
fn uuid(id: &str) -> Result<String, Error> {
    let digits = id.len().checked_sub(32).and_then(|start| id.get(start..));
    let digits = digits
        .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
        .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "there are no 32 digits at its end"))?;
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| digits.get(range).unwrap_or_default());
    Ok(parts.join("-"))
}

/// For a part of an address. In texts that are addresses everything is encoded anyway, and this not once more.
fn urlencode(text: &str) -> Value {
    Value::from_safe_string(encode(text))
}

/// The URL with user and password in it, for carriers that prove themselves so.
fn with_login(url: &str, user: &str, password: &str) -> Result<String, Error> {
    let bad = || Error::new(ErrorKind::InvalidOperation, "it is no URL that takes a user");
    let mut url = Url::parse(url).map_err(|_| bad())?;
    url.set_username(user).map_err(|()| bad())?;
    url.set_password(Some(password)).map_err(|()| bad())?;
    Ok(url.into())
}
