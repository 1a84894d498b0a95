//! Who called, where proxies stand in front of the edge. Pure.
//!
//! `X-Forwarded-For` is believed only as far as trusted proxies wrote it: each adds the address of its own peer at the
//! right, and what stands left of that is the caller's own word, which may be anything (RFC 7239 section 8.1 says the same
//! of `Forwarded`). `Forwarded` itself is not read: a proxy that only knows the other field passes a caller's one on.

use axum::http::HeaderMap;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

#[cfg(test)]
mod tests;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The networks of the proxies in front of the edge.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustedProxies(Vec<IpNet>);

/// Reads `10.0.0.0/8`, or one address. The error is the reason of a fault.
pub(crate) fn network(text: &str) -> Result<IpNet, &'static str> {
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text
            .parse::<IpNet>()
            .map_err(|_| "not a network such as 10.0.0.0/8, nor an address")?,
    };
    if network.prefix_len() == 0 {
        return Err("a prefix of 0 would trust everybody");
    }
    if network != network.trunc() {
        return Err("the address has bits beyond its prefix; 10.0.0.0/8, not 10.1.2.3/8");
    }
    Ok(network)
}

impl TrustedProxies {
    pub(crate) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// The address nearest to us that is no trusted proxy's.
    pub(crate) fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut nearest = peer.to_canonical();
        let fields: Vec<&[u8]> = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .map(axum::http::HeaderValue::as_bytes)
            .collect();
        let mut hops = fields
            .iter()
            .rev()
            .flat_map(|field| field.rsplit(|octet| *octet == b','));
        while self.trusts(nearest) {
            // Where a proxy hides whom it speaks for, or nobody is left, the last known one called.
            match hops.next().and_then(address) {
                Some(before) => nearest = before,
                None => break,
            }
        }
        nearest
    }

    /// Whether this is a proxy of ours.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Some proxies add the port.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']'));
    let address = bare
        .unwrap_or(hop)
        .parse()
        .or_else(|_| hop.parse().map(|with_port: SocketAddr| with_port.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}
