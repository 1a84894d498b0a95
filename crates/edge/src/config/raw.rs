//! The settings as they stand in the file: the keys of docs/configuration.md, nothing checked yet.

use aldis_daemon::addresses::Shown;
use aldis_daemon::config::{HumanDuration, Secret};
use serde::Deserialize;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConfig {
    pub(super) listen: SocketAddr,
    pub(super) admin_listen: Option<SocketAddr>,
    pub(super) public_url: Option<String>,
    #[serde(default)]
    pub(super) trusted_proxies: Vec<String>,
    pub(super) delivery: String,
    pub(super) delivery_token: Secret,
    pub(super) delivery_tls: Option<RawTls>,
    #[serde(default)]
    pub(super) allow_plaintext: bool,
    pub(super) max_connections: Option<NonZeroUsize>,
    pub(super) max_unauthenticated_per_address: Option<NonZeroUsize>,
    #[serde(default)]
    pub(super) log_addresses: Shown,
    pub(super) drain_within: Option<HumanDuration>,
    #[serde(default)]
    pub(super) tenants: Vec<RawTenant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTls {
    pub(super) ca_certificate: Option<PathBuf>,
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
    pub(super) server_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTenant {
    pub(super) name: String,
    pub(super) default_sender: Option<String>,
    pub(super) default_region: Option<String>,
    pub(super) accept: Option<RawAccept>,
    pub(super) answer_within: Option<HumanDuration>,
    pub(super) code_lifetime: Option<HumanDuration>,
    pub(super) gateway_authentication: Option<RawGateway>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawAccept {
    Carrier,
    Stored,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "four independent switches of the file"
)]
pub(super) struct RawGateway {
    pub(super) method: RawMethod,
    pub(super) subject: Option<String>,
    pub(super) audience: Option<String>,
    #[serde(default)]
    pub(super) secrets: Vec<Secret>,
    #[serde(default)]
    pub(super) secret_base64_encoded: bool,
    #[serde(default)]
    pub(super) require_exp: bool,
    pub(super) max_age: Option<HumanDuration>,
    pub(super) issuers: Option<Vec<String>>,
    #[serde(default)]
    pub(super) allow_short_secret: bool,
    #[serde(default)]
    pub(super) allow_unauthenticated: bool,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawMethod {
    Bearer,
    None,
}
