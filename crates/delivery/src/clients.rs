//! Who is calling: the token of a request, compared in constant time with every configured one.

use crate::config::Client;
use crate::store::FormerSeals;
use aldis_daemon::config::SecretText;
use aldis_delivery_api::{DeliveryError, ErrorKind};
use aldis_message::ClientName;
use aws_lc_rs::{constant_time, digest, hmac};
use std::sync::{Arc, PoisonError, RwLock};
use tonic::metadata::MetadataMap;

/// The clients that may call, as the settings say now. Clones share them. Tokens are kept as digests only: of one length,
/// and of no use to whoever reads them.
#[derive(Clone)]
pub(crate) struct Clients(Arc<RwLock<Arc<[Entry]>>>);

/// A token, and the client that has it.
type Entry = (Known, digest::Digest);

/// One who may call.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) name: ClientName,
    /// May hand on what carriers call.
    pub(crate) callbacks: bool,
    /// May see how the carriers are, and have the settings read again.
    pub(crate) operator: bool,
}

impl Clients {
    pub(crate) fn new(clients: &[Client]) -> Self {
        Self(Arc::new(RwLock::new(entries(clients))))
    }

    /// Lets these clients call from now on, with these tokens, and no others.
    pub(crate) fn replace(&self, clients: &[Client]) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = entries(clients);
    }

    /// The client with this request's token. One wording for every failure.
    pub(crate) fn authenticate(&self, metadata: &MetadataMap) -> Result<Known, DeliveryError> {
        let refused = || DeliveryError::new(ErrorKind::Unauthenticated, "no client has this token");
        let presented = digest_of(token(metadata).ok_or_else(refused)?);
        let entries = Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner));
        let mut found = None;
        for (known, expected) in entries.iter() {
            // Every one is compared, so that time tells nothing about which came close.
            if constant_time::verify_slices_are_equal(expected.as_ref(), presented.as_ref()).is_ok() {
                found = Some(known);
            }
        }
        found.cloned().ok_or_else(refused)
    }
}

fn entries(clients: &[Client]) -> Arc<[Entry]> {
    let of = |client: &Client| {
        let known = Known {
            name: client.name.clone(),
            callbacks: client.callbacks,
            operator: client.operator,
        };
        let tokens = client.tokens.iter();
        let digests: Vec<_> = tokens.map(|token| digest_of(token.expose())).collect();
        digests.into_iter().map(move |digest| (known.clone(), digest))
    };
    clients.iter().flat_map(of).collect()
}

/// Derives the seals with which earlier versions sealed each client's fingerprints.
pub(crate) fn former_seals(clients: &[Client]) -> FormerSeals {
    let seal = |token: &SecretText| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, token.expose().as_bytes());
        let derived = hmac::sign(&key, b"fingerprints of idempotency keys");
        hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
    };
    let seals = |client: &Client| (client.name.clone(), client.tokens.iter().map(seal).collect());
    clients.iter().map(seals).collect()
}

fn digest_of(token: &str) -> digest::Digest {
    digest::digest(&digest::SHA256, token.as_bytes())
}

/// Exactly one header, `Bearer` in any case (RFC 9110 11.1), one or more spaces.
fn token(metadata: &MetadataMap) -> Option<&str> {
    let mut headers = metadata.get_all("authorization").iter();
    let (Some(header), None) = (headers.next(), headers.next()) else {
        return None;
    };
    let (scheme, rest) = header.to_str().ok()?.split_once(' ')?;
    let token = rest.trim_start_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests;
