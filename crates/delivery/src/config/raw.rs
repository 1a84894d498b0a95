//! The file's shape: what TOML and the types can say. What is behind a key is not judged here.

use aldis_daemon::addresses::Shown;
use aldis_daemon::config::{HumanDuration, Secret};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) listen: String,
    pub(super) admin_listen: SocketAddr,
    pub(super) store: String,
    #[serde(default)]
    pub(super) plugin_dirs: Vec<PathBuf>,
    pub(super) carriers_lock: Option<PathBuf>,
    #[serde(default)]
    pub(super) allow_unpinned: bool,
    pub(super) carrier_worker: Option<PathBuf>,
    pub(super) reflection: Option<bool>,
    pub(super) max_in_flight: Option<NonZeroUsize>,
    #[serde(default)]
    pub(super) allow_plaintext: bool,
    pub(super) max_connections: Option<NonZeroUsize>,
    #[serde(default)]
    pub(super) log_addresses: Shown,
    pub(super) callback_base_url: Option<String>,
    pub(super) tls: Option<RawTls>,
    #[serde(default)]
    pub(super) http: RawHttp,
    pub(super) clients: Vec<RawClient>,
    pub(super) carriers: Vec<RawCarrier>,
    pub(super) routes: Vec<RawRoute>,
}

impl Raw {
    pub(super) fn max_connections(&self) -> usize {
        // HTTP/2 carries all calls of a client on one connection, or a few.
        const DEFAULT: usize = 1024;
        self.max_connections.map_or(DEFAULT, NonZeroUsize::get)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTls {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    pub(super) client_ca: Option<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHttp {
    pub(super) proxy: Option<String>,
    pub(super) ca_certificate: Option<PathBuf>,
    pub(super) connect_timeout: Option<HumanDuration>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawClient {
    pub(super) name: String,
    pub(super) token: Option<Secret>,
    pub(super) tokens: Option<Vec<Secret>>,
    #[serde(default)]
    pub(super) allow_short_secret: bool,
    #[serde(default)]
    pub(super) callbacks: bool,
    #[serde(default)]
    pub(super) operator: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCarrier {
    pub(super) name: String,
    pub(super) plugin: String,
    pub(super) isolation: Option<String>,
    pub(super) worker_threads: Option<u32>,
    pub(super) max_in_flight: Option<NonZeroUsize>,
    pub(super) timeout: Option<HumanDuration>,
    pub(super) required: Option<bool>,
    #[serde(default)]
    pub(super) settings: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRoute {
    #[serde(default)]
    pub(super) to: Vec<String>,
    #[serde(default)]
    pub(super) tenants: Vec<String>,
    #[serde(default)]
    pub(super) clients: Vec<String>,
    #[serde(default)]
    pub(super) classes: Vec<String>,
    pub(super) carriers: Vec<RawRouteCarrier>,
    pub(super) on_blocked: Option<String>,
    pub(super) lost_answer: Option<String>,
}

/// `"name"` or `{ name = "name" }`.
pub(super) struct RawRouteCarrier {
    pub(super) name: String,
    pub(super) weighted: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
    weight: Option<serde::de::IgnoredAny>,
}

impl<'de> Deserialize<'de> for RawRouteCarrier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EitherForm)
    }
}

struct EitherForm;

impl<'de> Visitor<'de> for EitherForm {
    type Value = RawRouteCarrier;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("a carrier's name, or { name = \"...\" }")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<RawRouteCarrier, E> {
        Ok(RawRouteCarrier {
            name: name.to_owned(),
            weighted: false,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawRouteCarrier, A::Error> {
        let named = Named::deserialize(MapAccessDeserializer::new(map))?;
        Ok(RawRouteCarrier {
            name: named.name,
            weighted: named.weight.is_some(),
        })
    }
}
