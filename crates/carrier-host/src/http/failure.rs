//! Which of the transport words an error of the HTTP client is.

use aldis_carrier::Transport;
use std::error::Error;
use std::io;

pub(super) fn classify(error: &reqwest::Error) -> Transport {
    if error.is_dns() {
        Transport::Dns
    } else if error.is_connect() {
        if is_tls(error) {
            Transport::Tls
        } else {
            Transport::Connect
        }
    } else if error.is_timeout() {
        Transport::Timeout
    } else {
        Transport::Reset
    }
}

/// A handshake that failed: rustls says so itself, or the other side hung up in the middle of it.
fn is_tls(error: &(dyn Error + 'static)) -> bool {
    if error.is::<rustls::Error>() {
        return true;
    }
    if let Some(io) = error.downcast_ref::<io::Error>() {
        if io.kind() == io::ErrorKind::UnexpectedEof {
            return true;
        }
        // `io::Error::source` skips the error it wraps.
        if let Some(inner) = io.get_ref() {
            return is_tls(inner);
        }
    }
    error.source().is_some_and(is_tls)
}

/// The innermost reason, for errors at start that concern no request.
pub(super) fn cause(error: &reqwest::Error) -> String {
    let mut innermost: &dyn Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
