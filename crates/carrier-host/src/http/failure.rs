//! Which of the transport words an error of the way to a carrier is.

use super::reach::NotFound;
use aldis_carrier::Transport;
use std::error::Error;
use std::io;

pub(super) fn classify(error: &(dyn Error + 'static)) -> Transport {
    if holds(error, <dyn Error>::is::<NotFound>) {
        Transport::Dns
    } else if holds(error, is_tls) {
        Transport::Tls
    } else {
        Transport::Connect
    }
}

/// A handshake that failed: rustls says so itself, or the other side hung up in the middle of it.
fn is_tls(error: &(dyn Error + 'static)) -> bool {
    let hung_up = error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof);
    error.is::<rustls::Error>() || hung_up
}

/// Whether it is so of the error or of one behind it.
fn holds(error: &(dyn Error + 'static), is: fn(&(dyn Error + 'static)) -> bool) -> bool {
    // `io::Error::source` skips the error it wraps.
    let wrapped = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
        .map(|inner| inner as &(dyn Error + 'static));
    is(error)
        || wrapped
            .or_else(|| error.source())
            .is_some_and(|inner| holds(inner, is))
}
