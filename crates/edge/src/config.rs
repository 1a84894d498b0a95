//! The settings of the edge: `edge.toml` and `ALDIS_EDGE__...` in, a [`Config`] that cannot be wrong out.

mod raw;
mod tenant;

use crate::auth0::replay::ReplayKey;
use crate::proxies::{self, TrustedProxies};
use crate::reload::Settings;
use crate::tenants::Tenants;
use aldis_daemon::addresses::Shown;
use aldis_daemon::config::{self, ConfigError, HumanDuration, Loaded, Secret, SecretText, Source};
use aldis_delivery_api::{ClientIdentity, ClientTls, ClientToken, DeliveryClient, Endpoint, EndpointError};
use raw::{RawConfig, RawTls};
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

/// What every key may also be set by, as in `ALDIS_EDGE__LISTEN`.
const ENV_PREFIX: &str = "ALDIS_EDGE";

/// The default of `max_connections`: several times what one delivery has in hand at once. Brought down to what
/// `RLIMIT_NOFILE` allows.
const MAX_CONNECTIONS: usize = 4096;
/// The default of `max_unauthenticated_per_address`: more than a carrier's pool of connections, and few enough that sixty
/// addresses do not use up all places.
const MAX_UNAUTHENTICATED: usize = 64;
/// Longer than Auth0 waits for most answers, shorter than an orchestrator's 30 s before it kills.
const DRAIN_WITHIN: Duration = Duration::from_secs(20);
const ADMIN_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8081);

/// The settings, checked: secrets read, keys decoded, tenants told apart.
pub struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) admin_listen: SocketAddr,
    pub(crate) delivery: DeliveryClient,
    pub(crate) replay: ReplayKey,
    pub(crate) public_url: Option<String>,
    pub(crate) proxies: TrustedProxies,
    pub(crate) max_connections: usize,
    pub(crate) max_unauthenticated_per_address: usize,
    pub(crate) log_addresses: Shown,
    pub(crate) drain_within: Duration,
    pub(crate) tenants: Tenants,
    secrets: Vec<SecretText>,
    warnings: Vec<String>,
}

impl Config {
    /// Reads and checks the file, each key overridden by its environment variable. Must be called inside a Tokio
    /// runtime: the connection to delivery is prepared here, and made later.
    pub fn load(path: &Path, env: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let Loaded { raw, source } = config::load::<RawConfig>(path, ENV_PREFIX, env)?;
        let mut warnings = Vec::new();
        if raw.tenants.is_empty() {
            return Err(source.fault("tenants", "at least one [[tenants]] is needed"));
        }
        let gateways = raw
            .tenants
            .iter()
            .filter_map(|tenant| tenant.gateway_authentication.as_ref());
        // What cannot be had is told below, with its key.
        let secrets = gateways.flat_map(|gateway| &gateway.secrets);
        let mut secrets: Vec<SecretText> = secrets.filter_map(|secret| secret.resolve().ok()).collect();
        // Every tenant is looked at before anything is reported: a file is mended in one go.
        let mut tenants = Vec::new();
        let mut faults = Vec::new();
        for (index, tenant) in raw.tenants.into_iter().enumerate() {
            match tenant::parse(tenant, index, &source, &mut warnings) {
                Ok(tenant) => tenants.push(tenant),
                Err(fault) => faults.push(fault),
            }
        }
        let mut proxies = Vec::new();
        for (index, text) in raw.trusted_proxies.iter().enumerate() {
            match proxies::network(text) {
                Ok(network) => proxies.push(network),
                Err(reason) => faults.push(source.fault(&format!("trusted_proxies[{index}]"), reason)),
            }
        }
        ConfigError::all(faults)?;
        tenant::tell_apart(&tenants, &source, &mut warnings)?;
        let way = WayIn {
            uri: raw.delivery,
            token: raw.delivery_token,
            tls: raw.delivery_tls,
            allow_plaintext: raw.allow_plaintext,
        };
        let (delivery, token) = way.prepare(&source, &mut warnings)?;
        secrets.push(token.clone());
        let public_url = raw
            .public_url
            .map(|text| config::base_url(&text).map_err(|reason| source.fault("public_url", reason)))
            .transpose()?;
        Ok(Self {
            listen: raw.listen,
            admin_listen: raw.admin_listen.unwrap_or(ADMIN_LISTEN),
            delivery,
            replay: ReplayKey::derive(token.expose()),
            public_url,
            proxies: TrustedProxies::new(proxies),
            max_connections: raw.max_connections.map_or(MAX_CONNECTIONS, NonZeroUsize::get),
            max_unauthenticated_per_address: raw
                .max_unauthenticated_per_address
                .map_or(MAX_UNAUTHENTICATED, NonZeroUsize::get),
            log_addresses: raw.log_addresses,
            drain_within: raw.drain_within.map_or(DRAIN_WITHIN, HumanDuration::get),
            tenants: Tenants::new(tenants),
            secrets,
            warnings,
        })
    }

    /// Keeps the settings that a reload replaces.
    pub(crate) fn into_settings(self) -> Settings {
        Settings {
            tenants: self.tenants,
            delivery: self.delivery,
            replay: self.replay,
            public_url: self.public_url,
            proxies: self.proxies,
            log_addresses: self.log_addresses,
        }
    }

    /// All that must not be printed.
    pub fn secrets(&self) -> &[SecretText] {
        &self.secrets
    }

    /// What is allowed and unwise.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// What `--check-config` has to say of settings that can be used.
    pub fn finding(&self) -> String {
        let warnings = self
            .warnings
            .iter()
            .map(|warning| format!("warning: {warning}\n"));
        warnings.chain(["the settings are good".to_owned()]).collect()
    }
}

/// The settings that count at a start only.
pub(crate) struct Fixed {
    listen: SocketAddr,
    admin_listen: SocketAddr,
    max_connections: usize,
    max_unauthenticated_per_address: usize,
    drain_within: Duration,
}

impl Fixed {
    pub(crate) fn of(config: &Config) -> Self {
        Self {
            listen: config.listen,
            admin_listen: config.admin_listen,
            max_connections: config.max_connections,
            max_unauthenticated_per_address: config.max_unauthenticated_per_address,
            drain_within: config.drain_within,
        }
    }

    /// The keys that differ.
    pub(crate) fn changed(&self, config: &Config) -> impl Iterator<Item = &'static str> {
        let same = [
            ("listen", self.listen == config.listen),
            ("admin_listen", self.admin_listen == config.admin_listen),
            ("max_connections", self.max_connections == config.max_connections),
            (
                "max_unauthenticated_per_address",
                self.max_unauthenticated_per_address == config.max_unauthenticated_per_address,
            ),
            ("drain_within", self.drain_within == config.drain_within),
        ];
        same.into_iter().filter(|(_, same)| !same).map(|(key, _)| key)
    }
}

/// The way to delivery as the file has it.
struct WayIn {
    uri: String,
    token: Secret,
    tls: Option<RawTls>,
    allow_plaintext: bool,
}

impl WayIn {
    /// Prepares the connection, which is made later, and hands out the client token besides.
    fn prepare(
        self,
        source: &Source,
        warnings: &mut Vec<String>,
    ) -> Result<(DeliveryClient, SecretText), ConfigError> {
        let token = self
            .token
            .resolve()
            .map_err(|error| source.fault("delivery_token", error))?;
        let unwise = self.token.warnings(&token);
        warnings.extend(unwise.map(|warning| source.fault("delivery_token", warning).to_string()));
        if let Some(key) = self.tls.as_ref().and_then(|tls| tls.key.as_deref())
            && config::is_open_to_others(key)
        {
            let warning = config::SecretWarning::OpenToOthers;
            warnings.push(source.fault("delivery_tls.key", warning).to_string());
        }
        if self.allow_plaintext {
            warnings.push(
                "allow_plaintext is set: the client token, codes and numbers may cross the network unencrypted"
                    .to_owned(),
            );
        }
        let endpoint = Endpoint {
            uri: self.uri,
            token: ClientToken::new(token.expose()),
            tls: self.tls.map(|tls| client_tls(tls, source)).transpose()?,
            allow_plaintext: self.allow_plaintext,
        };
        let client =
            DeliveryClient::connect_lazy(&endpoint).map_err(|error| source.fault(key_of(&error), error))?;
        Ok((client.telling_time(aldis_daemon::clock::now), token))
    }
}

fn client_tls(raw: RawTls, source: &Source) -> Result<ClientTls, ConfigError> {
    let identity = match (raw.certificate, raw.key) {
        (Some(certificate), Some(key)) => Some(ClientIdentity { certificate, key }),
        (None, None) => None,
        _ => return Err(source.fault("delivery_tls", "certificate and key go together")),
    };
    Ok(ClientTls {
        ca_certificate: raw.ca_certificate,
        identity,
        server_name: raw.server_name,
    })
}

fn key_of(error: &EndpointError) -> &'static str {
    match error {
        EndpointError::Uri | EndpointError::Plaintext => "delivery",
        EndpointError::Token => "delivery_token",
        EndpointError::TlsWithoutHttps | EndpointError::File { .. } | EndpointError::Tls(_) => "delivery_tls",
    }
}
