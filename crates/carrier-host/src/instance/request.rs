//! From what a library wrote to a request the host will send; anything odd is the library's fault.

use crate::border::RawRequest;
use crate::http::HttpRequest;
use aldis_carrier::abi::PAIR_SECRET;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::time::Duration;
use url::Url;

/// `state` in `aldis_carrier.h`: the state is a note, not a store.
const LONGEST_STATE: usize = 4 * 1024;

/// An SMS is 1,600 characters; a body beyond this is a mistake.
const LONGEST_BODY: usize = 1024 * 1024;

/// Headers by which a connection is run. They are the host's.
const OURS: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A request, and what the library wants to remember.
pub(super) struct Wanted {
    pub(super) request: HttpRequest,
    pub(super) timeout: Option<Duration>,
    pub(super) state: Vec<u8>,
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
    let url = std::str::from_utf8(&raw.url)
        .ok()
        .and_then(|url| Url::parse(url).ok());
    let url = url.ok_or("wrote a request with a URL that is none")?;
    let method = Method::from_bytes(&raw.method).map_err(|_| "wrote a request with a method that is none")?;
    if method == Method::CONNECT {
        return Err("wrote a CONNECT request".into());
    }
    let timeout = (raw.timeout_ms > 0).then(|| Duration::from_millis(u64::from(raw.timeout_ms)));
    let request = HttpRequest {
        method,
        url,
        headers: headers(&raw.headers)?,
        body: raw.body.into(),
    };
    Ok(Wanted {
        request,
        timeout,
        state: raw.state,
    })
}

fn headers(raw: &[(Vec<u8>, Vec<u8>, u32)]) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value, flags) in raw {
        let name =
            HeaderName::from_bytes(name).map_err(|_| "wrote a request with a header name that is none")?;
        if OURS.contains(&name.as_str()) {
            return Err(format!(
                "wrote a request with the header {name}, which is the host's"
            ));
        }
        let mut value = HeaderValue::from_bytes(value)
            .map_err(|_| format!("wrote a request with a bad value of the header {name}"))?;
        value.set_sensitive(flags & PAIR_SECRET != 0);
        headers.append(name, value);
    }
    Ok(headers)
}
