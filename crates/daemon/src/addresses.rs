//! The form in which log lines show callers' addresses.

use serde::Deserialize;
use std::net::IpAddr;

#[cfg(test)]
mod tests;

/// The setting `log_addresses`: the part of an address that a log line shows.
///
/// All of it by default: who calls these services are servers, never the people who get a text, and an attack that cannot
/// be traced cannot be stopped either.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Shown {
    /// The whole address.
    #[default]
    Full,
    /// The network: the first 24 bits of IPv4, the first 48 of IPv6.
    Masked,
    /// No part of it.
    None,
}

impl Shown {
    /// The address as it is shown, if it is.
    pub fn of(self, address: Option<IpAddr>) -> Option<String> {
        let address = address?.to_canonical();
        match (self, address) {
            (Self::None, _) => None,
            (Self::Full, address) => Some(address.to_string()),
            (Self::Masked, IpAddr::V4(address)) => {
                let [a, b, c, _] = address.octets();
                Some(format!("{a}.{b}.{c}.0/24"))
            }
            (Self::Masked, IpAddr::V6(address)) => {
                let network = u128::from(address) >> 80 << 80;
                Some(format!("{}/48", std::net::Ipv6Addr::from(network)))
            }
        }
    }
}
