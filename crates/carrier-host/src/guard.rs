//! The addresses that a host may lead to.
//!
//! A library names hosts, and whoever owns a name says what it leads to. So a name is looked up once, its addresses are
//! looked at, and one of those that passed is connected to. What the operator names leads wherever the operator likes.

mod here;
pub(crate) mod near;

#[cfg(test)]
mod tests;

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use near::near;
use std::fmt::Write as _;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use tower_service::Service as _;

/// A function that turns names into addresses; their ports mean nothing.
pub type Lookup = Arc<dyn Fn(String) -> Found + Send + Sync>;

/// The addresses that a lookup finds.
pub type Found = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// The system's own lookup.
pub fn system(name: String) -> Found {
    Box::pin(async move {
        let name = name
            .parse::<Name>()
            .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(GaiResolver::new().call(name).await?.collect())
    })
}

/// The one who named a host, which decides what it may lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    /// The operator, by the setting `base_url` or `host`.
    ByOperator,
    /// The library, in its descriptor.
    ByLibrary,
}

/// Looks hosts up, and looks at what they lead to. Clones share it.
#[derive(Clone)]
pub(crate) struct Guard {
    lookup: Lookup,
    /// The sockets that this process listens on.
    listeners: Arc<[SocketAddr]>,
}

/// The reason why a host leads nowhere.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Astray {
    #[error("the name was not found")]
    NotFound(#[source] io::Error),
    #[error("{0}")]
    Refused(String),
}

impl Guard {
    pub(crate) fn new(lookup: Lookup, listeners: Vec<SocketAddr>) -> Self {
        Self {
            lookup,
            listeners: listeners.into(),
        }
    }

    pub(crate) fn lookup(&self) -> Lookup {
        Arc::clone(&self.lookup)
    }

    /// The addresses that a connection to this host may be made to, in their order.
    pub(crate) async fn addresses(
        &self,
        named: Named,
        host: &str,
        port: u16,
    ) -> Result<Vec<SocketAddr>, Astray> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let found = if let Ok(address) = bare.parse::<IpAddr>() {
            vec![address]
        } else {
            let found = (self.lookup)(host.to_owned()).await.map_err(Astray::NotFound)?;
            found.into_iter().map(|address| address.ip()).collect()
        };
        let ours = here::among(&found);
        self.passed(named, (host, port), found, &ours)
    }

    /// Returns the addresses that pass; `ours` are this machine's. Pure.
    fn passed(
        &self,
        named: Named,
        (host, port): (&str, u16),
        found: Vec<IpAddr>,
        ours: &[IpAddr],
    ) -> Result<Vec<SocketAddr>, Astray> {
        if found.is_empty() {
            return Err(Astray::NotFound(io::ErrorKind::NotFound.into()));
        }
        let (mut passed, mut refused) = (Vec::new(), String::new());
        for address in found {
            let why = match named {
                Named::ByOperator => None,
                Named::ByLibrary => near(address).or_else(|| {
                    let here = ours.contains(&address.to_canonical());
                    here.then_some("this machine's")
                }),
            };
            let why = why.or_else(|| {
                self.listens(address, port, ours)
                    .then_some("Aldis's own listener")
            });
            match why {
                None => passed.push(SocketAddr::new(address, port)),
                Some(why) => {
                    let comma = if refused.is_empty() { "" } else { ", " };
                    let _ = write!(refused, "{comma}{address} is {why}");
                }
            }
        }
        if passed.is_empty() {
            let remedy = match named {
                Named::ByOperator => "",
                Named::ByLibrary => "; the operator may name it, by the setting base_url or host",
            };
            return Err(Astray::Refused(format!(
                "no address of {host} may be connected to: {refused}{remedy}"
            )));
        }
        Ok(passed)
    }

    /// Returns whether this process listens there.
    fn listens(&self, address: IpAddr, port: u16, ours: &[IpAddr]) -> bool {
        let address = match address.to_canonical() {
            // Connecting to no address is connecting to this machine.
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
            address => address,
        };
        let here = address.is_loopback() || ours.contains(&address);
        self.listeners.iter().any(|listener| {
            let ip = listener.ip().to_canonical();
            listener.port() == port && (ip == address || ip.is_unspecified() && here)
        })
    }
}
