//! What a library says of itself, in JSON compiled into it.

use crate::allowed::AllowedHosts;
use crate::settings::shape;
use serde::Deserialize;

/// The compiled-in description. Members this host does not know are ignored: newer libraries have more.
#[derive(Debug, Clone, Deserialize)]
pub struct Descriptor {
    /// The plugin's name, as the configuration says it.
    pub id: String,
    /// The plugin's own version.
    pub version: String,
    /// Hosts it may reach besides that of `base_url`: `host` (port 443) or `host:port`.
    #[serde(default)]
    pub allowed_hosts: Vec<String>,
    /// JSON Schema of its settings, when it has one.
    #[serde(default)]
    pub config_schema: Option<serde_json::Value>,
    /// What its API can do.
    #[serde(default)]
    pub capabilities: Capabilities,
}

/// What a carrier's API can do, as far as the host acts on it.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Capabilities {
    /// Messages of more parts are not handed over; 0: no limit.
    #[serde(default)]
    pub max_segments: u32,
}

impl Descriptor {
    /// Reads and checks it; the error completes "the descriptor ...".
    pub(crate) fn parse(json: &[u8]) -> Result<Self, String> {
        let descriptor: Self =
            serde_json::from_slice(json).map_err(|error| format!("cannot be read: {error}"))?;
        if descriptor.id.is_empty() || descriptor.version.is_empty() {
            return Err("has an empty id or version".into());
        }
        if let Some(fault) = descriptor.config_schema.as_ref().and_then(shape::fault) {
            return Err(fault);
        }
        descriptor.allowed().map(|_| descriptor)
    }

    /// The allow-list before any setting.
    pub(crate) fn allowed(&self) -> Result<AllowedHosts, String> {
        let mut allowed = AllowedHosts::default();
        for host in &self.allowed_hosts {
            allowed
                .add_host(host)
                .map_err(|reason| format!("allows the host {host:?}: {reason}"))?;
        }
        Ok(allowed)
    }
}
