//! How carriers are, for the operator.

use crate::wire;

/// One carrier account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CarrierView {
    /// Its name in the configuration.
    pub name: String,
    /// Its library.
    pub plugin: String,
    /// The library's version.
    pub version: String,
    /// SHA-256 of the library's bytes, hexadecimal.
    pub sha256: String,
    /// The library runs in a process of its own.
    pub worker: bool,
    /// Why it gets no messages just now; empty: it gets them.
    pub troubles: Vec<String>,
    /// The connections it keeps.
    pub links: Vec<LinkView>,
}

/// A connection that stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkView {
    /// The library's name for it.
    pub name: String,
    /// There is a connection.
    pub connected: bool,
    /// So many messages may be in flight on it.
    pub window: u32,
    /// So many are.
    pub in_flight: u32,
}

/// What reading the settings again came to; names of carriers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// New, or made anew.
    pub made: Vec<String>,
    /// As before.
    pub kept: Vec<String>,
    /// Gone, or made anew.
    pub retired: Vec<String>,
}

impl CarrierView {
    /// Writes it.
    pub fn into_wire(self) -> wire::Carrier {
        let link = |link: LinkView| wire::Link {
            name: link.name,
            connected: link.connected,
            window: link.window,
            in_flight: link.in_flight,
        };
        wire::Carrier {
            name: self.name,
            plugin: self.plugin,
            version: self.version,
            sha256: self.sha256,
            worker: self.worker,
            troubles: self.troubles,
            links: self.links.into_iter().map(link).collect(),
        }
    }

    /// Reads it.
    pub fn from_wire(carrier: wire::Carrier) -> Self {
        let link = |link: wire::Link| LinkView {
            name: link.name,
            connected: link.connected,
            window: link.window,
            in_flight: link.in_flight,
        };
        Self {
            name: carrier.name,
            plugin: carrier.plugin,
            version: carrier.version,
            sha256: carrier.sha256,
            worker: carrier.worker,
            troubles: carrier.troubles,
            links: carrier.links.into_iter().map(link).collect(),
        }
    }
}

impl Reloaded {
    /// Writes it.
    pub fn into_wire(self) -> wire::ReloadCarriersResponse {
        wire::ReloadCarriersResponse {
            made: self.made,
            kept: self.kept,
            retired: self.retired,
        }
    }

    /// Reads it.
    pub fn from_wire(answer: wire::ReloadCarriersResponse) -> Self {
        Self {
            made: answer.made,
            kept: answer.kept,
            retired: answer.retired,
        }
    }
}
