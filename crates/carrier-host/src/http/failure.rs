//! Which of the transport words an error of the way to a carrier is.

use crate::guard::Astray;
use aldis_carrier::Transport;
use std::error::Error;
use std::io;

/// The reason why there is no answer.
pub(super) struct Failure {
    pub(super) transport: Transport,
    /// The reason, for the operator, why that host is not reached.
    pub(super) blocked: Option<String>,
}

impl Failure {
    pub(super) fn blocked(why: impl Into<String>) -> Self {
        Self {
            transport: Transport::Blocked,
            blocked: Some(why.into()),
        }
    }

    /// Classifies an error on the way to the carrier.
    pub(super) fn of(error: &(dyn Error + 'static)) -> Self {
        match find(error, |error| error.downcast_ref::<Astray>()) {
            Some(Astray::Refused(why)) => Self::blocked(why),
            Some(Astray::NotFound(_)) => Transport::Dns.into(),
            None if find(error, |error| is_tls(error).then_some(())).is_some() => Transport::Tls.into(),
            None => Transport::Connect.into(),
        }
    }
}

impl From<Transport> for Failure {
    fn from(transport: Transport) -> Self {
        Self {
            transport,
            blocked: None,
        }
    }
}

/// A handshake that failed: rustls says so itself, or the other side hung up in the middle of it.
fn is_tls(error: &(dyn Error + 'static)) -> bool {
    let hung_up = error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof);
    error.is::<rustls::Error>() || hung_up
}

/// Looks in the error and in those behind it.
fn find<'e, T>(
    error: &'e (dyn Error + 'static),
    look: fn(&'e (dyn Error + 'static)) -> Option<T>,
) -> Option<T> {
    // `io::Error::source` skips the error it wraps.
    let wrapped = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
        .map(|inner| inner as &(dyn Error + 'static));
    look(error).or_else(|| find(wrapped.or_else(|| error.source())?, look))
}
