//! The public address of a service, which others put paths behind.

use url::{Host, Url};

#[cfg(test)]
mod tests;

/// Reads `https://sms.example.com` or `https://example.com/sms`: no query, no fragment, no user. Plain http on loopback
/// only. What comes back has no slash at its end.
pub fn base_url(text: &str) -> Result<String, &'static str> {
    let url = Url::parse(text).map_err(|_| "not a URL such as https://sms.example.com")?;
    let local = match url.host().ok_or("names no host")? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    match url.scheme() {
        "https" => {}
        "http" if local => {}
        "http" => return Err("plain http is allowed on loopback only; use https"),
        _ => return Err("must begin with https://"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("may not hold a user or a password");
    }
    if text.contains(['?', '#']) {
        return Err("may not have a query or a fragment");
    }
    // As it was written: signatures cover the address as the carrier knows it.
    Ok(text.trim_end_matches('/').to_owned())
}
