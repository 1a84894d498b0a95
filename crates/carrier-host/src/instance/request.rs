//! From what a library wrote to a request the host will send; anything odd is the library's fault.

use crate::border::RawRequest;
use crate::http::HttpRequest;
use aldis_carrier::HOST_HEADERS;
use aldis_carrier::abi::PAIR_SECRET;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use std::time::Duration;

#[cfg(test)]
mod tests;

/// `state` in `aldis_carrier.h`: the state is a note, not a store.
const LONGEST_STATE: usize = 4 * 1024;

/// An SMS is 1,600 characters; a body beyond this is a mistake.
const LONGEST_BODY: usize = 1024 * 1024;

/// Most servers take a hundred.
const MOST_HEADERS: usize = 256;

/// A request, and what the library wants to remember.
pub(super) struct Wanted {
    pub(super) request: HttpRequest,
    pub(super) timeout: Option<Duration>,
    pub(super) state: Bytes,
    /// May be sent a second time.
    pub(super) idempotent: bool,
}

/// The error ends a sentence about the library.
pub(super) fn parse(raw: RawRequest) -> Result<Wanted, String> {
    if raw.state.len() > LONGEST_STATE {
        return Err(format!(
            "left a state of {} bytes; {LONGEST_STATE} are allowed",
            raw.state.len()
        ));
    }
    if raw.body.len() > LONGEST_BODY {
        return Err(format!(
            "wrote a request of {} bytes; {LONGEST_BODY} are allowed",
            raw.body.len()
        ));
    }
    if raw.headers.len() > MOST_HEADERS {
        return Err(format!(
            "wrote a request of {} headers; {MOST_HEADERS} are allowed",
            raw.headers.len()
        ));
    }
    // RFC 3986 section 2. Nothing is mended here: what a host is checked for is what is sent.
    let stands = |byte: &u8| byte.is_ascii_graphic() && *byte != b'#';
    if !raw.url.iter().all(stands) {
        return Err("wrote a request with a URL that has characters to be percent-encoded".into());
    }
    let uri = Uri::from_maybe_shared(raw.url)
        .ok()
        .filter(|uri| uri.scheme().is_some() && uri.authority().is_some());
    let uri = uri.ok_or("wrote a request with a URL that is none")?;
    let method = Method::from_bytes(&raw.method).map_err(|_| "wrote a request with a method that is none")?;
    if method == Method::CONNECT {
        return Err("wrote a CONNECT request".into());
    }
    let timeout = (raw.timeout_ms > 0).then(|| Duration::from_millis(u64::from(raw.timeout_ms)));
    let request = HttpRequest {
        method,
        uri,
        headers: headers(raw.headers)?,
        body: raw.body,
    };
    Ok(Wanted {
        request,
        timeout,
        state: raw.state,
        idempotent: raw.idempotent,
    })
}

fn headers(raw: Vec<(Bytes, Bytes, u32)>) -> Result<HeaderMap, String> {
    // With room for the host's own.
    let mut headers = HeaderMap::with_capacity(raw.len() + 3);
    for (name, value, flags) in raw {
        let name =
            HeaderName::from_bytes(&name).map_err(|_| "wrote a request with a header name that is none")?;
        if HOST_HEADERS.contains(&name.as_str()) {
            return Err(format!(
                "wrote a request with the header {name}, which is the host's"
            ));
        }
        let mut value = HeaderValue::from_maybe_shared(value)
            .map_err(|_| format!("wrote a request with a bad value of the header {name}"))?;
        value.set_sensitive(flags & PAIR_SECRET != 0);
        headers.append(name, value);
    }
    Ok(headers)
}
