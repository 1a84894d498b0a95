//! Settings: `delivery.toml` read, judged, and kept only as what cannot be wrong.
//!
//! What is left to find out (whether the libraries load and like their settings) is asked of them
//! in [`crate::Delivery::build`], and named by the same file, line and key.

mod advice;
mod check;
mod lock;
mod raw;
mod secrets;

pub use lock::Lock;

use crate::routing::Route;
use aldis_carrier_host::Isolation;
use aldis_daemon::addresses::Shown;
use aldis_daemon::config::{ConfigError, Loaded, SecretText, Source};
use aldis_message::{CarrierName, ClientName};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What every variable that overlays the file begins with.
pub const ENV_PREFIX: &str = "ALDIS_DELIVERY";

/// The settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where gRPC is served.
    pub listen: Listen,
    /// Where health and metrics are served.
    pub admin_listen: SocketAddr,
    /// The store's file.
    pub store: PathBuf,
    /// Where carrier libraries are looked for, in order.
    pub plugin_dirs: Vec<PathBuf>,
    /// Which libraries may be loaded.
    pub lock: Lock,
    /// The program that libraries run in when they run apart; by default the one beside this program.
    pub carrier_worker: Option<PathBuf>,
    /// Whether gRPC reflection is served.
    pub reflection: bool,
    /// How many messages are worked on at once before new ones are refused.
    pub max_in_flight: usize,
    /// The number of connections that callers may have.
    pub max_connections: usize,
    /// The part of a caller's address that log lines show.
    pub log_addresses: Shown,
    /// The edge's public address, `https://sms.example.com`: carriers call back there. No receipts without it.
    pub callback_base_url: Option<String>,
    /// TLS of the gRPC listener.
    pub tls: Option<Tls>,
    /// How carriers are reached.
    pub http: Http,
    /// Who may call.
    pub clients: Vec<Client>,
    /// The carrier accounts.
    pub carriers: Vec<CarrierConfig>,
    /// Those without which nothing starts; of the others, one that has a fault is down.
    pub required: BTreeSet<CarrierName>,
    /// Which messages go where; the first match wins.
    pub routes: Vec<Route>,
    /// The settings that are allowed and unwise, each with its place.
    pub warnings: Vec<ConfigError>,
    /// Names the place of faults found later.
    pub source: Source,
}

/// A listening address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// TCP.
    Tcp(SocketAddr),
    /// A Unix domain socket, `unix:/path`.
    Unix(PathBuf),
}

/// The server's side of TLS, PEM files.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The certificate, with its chain.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// The authority that client certificates must come from; none are asked for without it.
    pub client_ca: Option<PathBuf>,
}

/// How carriers are reached.
#[derive(Clone, Debug)]
pub struct Http {
    /// A proxy for all of them.
    pub proxy: Option<String>,
    /// One more authority to trust.
    pub ca_certificate: Option<PathBuf>,
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
}

/// One who may call.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its name in routes and rows.
    pub name: ClientName,
    /// The tokens that it may use: several while they are being rotated.
    pub tokens: Vec<SecretText>,
    /// Whether it may hand on what carriers call: an edge.
    pub callbacks: bool,
    /// Whether it may see how the carriers are, and have the settings read again.
    pub operator: bool,
}

/// A carrier account.
#[derive(Clone, Debug, PartialEq)]
pub struct CarrierConfig {
    /// Its name in routes and attempts.
    pub name: CarrierName,
    /// Which library.
    pub plugin: String,
    /// Where its code runs; `None`: as its pin says.
    pub isolation: Option<Isolation>,
    /// The number of threads that its worker may have.
    pub worker_threads: u32,
    /// How many messages it is given at once.
    pub max_in_flight: usize,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// The plugin's settings without their secrets.
    pub settings: serde_json::Value,
    /// The secrets, by dotted key.
    pub secrets: Vec<(String, SecretText)>,
}

impl Config {
    /// All that must not be printed.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretText> {
        let of_carriers = self.carriers.iter().flat_map(|carrier| &carrier.secrets);
        let of_clients = self.clients.iter().flat_map(|client| &client.tokens);
        of_clients.chain(of_carriers.map(|(_, secret)| secret))
    }

    /// The keys that differ and count at the next start only: a running service keeps what it has.
    pub(crate) fn fixed_keys_changed(&self, other: &Self) -> Vec<&'static str> {
        let shown = |value: &dyn std::fmt::Debug| format!("{value:?}");
        let same = [
            ("listen", self.listen == other.listen),
            ("admin_listen", self.admin_listen == other.admin_listen),
            ("store", self.store == other.store),
            ("carrier_worker", self.carrier_worker == other.carrier_worker),
            ("reflection", self.reflection == other.reflection),
            ("max_connections", self.max_connections == other.max_connections),
            ("log_addresses", self.log_addresses == other.log_addresses),
            ("max_in_flight", self.max_in_flight == other.max_in_flight),
            ("tls", shown(&self.tls) == shown(&other.tls)),
            ("http", shown(&self.http) == shown(&other.http)),
        ];
        same.iter()
            .filter(|(_, same)| !same)
            .map(|(key, _)| *key)
            .collect()
    }
}

/// Reads and judges the file at `path`.
pub fn load(path: &Path, env: impl Iterator<Item = (String, String)>) -> Result<Config, ConfigError> {
    let Loaded { raw, source } = aldis_daemon::config::load(path, ENV_PREFIX, env)?;
    check::check(raw, source, path)
}

/// As [`load`], from a text; `file` is what faults call it.
pub fn read(
    file: &str,
    text: &str,
    env: impl Iterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let Loaded { raw, source } = aldis_daemon::config::read(file, text, ENV_PREFIX, env)?;
    check::check(raw, source, Path::new(file))
}

#[cfg(test)]
mod tests;
