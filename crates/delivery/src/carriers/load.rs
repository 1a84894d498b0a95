//! From the settings to lanes: libraries loaded once each, instances made, faults named by their key.

use super::lane::{Lane, Line};
use super::{Carriers, Faulty, LineUp};
use crate::config::{CarrierConfig, Config, Listen};
use crate::metrics::Metrics;
use aldis_carrier_host::{
    HttpEngine, HttpOptions, Instance, InstanceOptions, Isolation, Libraries, Library, Sha256, find,
};
use aldis_daemon::clock;
use aldis_daemon::config::ConfigError;
use aldis_message::CarrierName;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// More than any carrier's answer to one message; what is longer is no answer.
const RESPONSE_LIMIT: usize = 1024 * 1024;

/// What carriers are made with. Libraries are never unmapped, so those of before are here.
#[derive(Default)]
pub(super) struct Shop {
    libraries: Libraries,
    engine: Option<HttpEngine>,
}

/// What a lane was made from: the same makes the same.
#[derive(PartialEq)]
pub(super) struct Origin {
    config: CarrierConfig,
    callbacks: Option<String>,
    sha256: Option<Sha256>,
    /// A library that is too slow for this process comes back in a worker.
    isolation: Option<Isolation>,
}

impl Origin {
    /// How many attempts may be under way at once.
    pub(super) fn places(&self) -> usize {
        self.config.max_in_flight.min(Semaphore::MAX_PERMITS)
    }

    /// How long one of them may take.
    pub(super) fn timeout(&self) -> Duration {
        self.config.timeout
    }

    /// Where call-backs arrive from outside.
    pub(super) fn callbacks(&self) -> Option<&str> {
        self.callbacks.as_deref()
    }
}

impl Carriers {
    /// Loads every library and makes every instance. Tells every fault of those that are required; the others are down
    /// if they have one. Sends nothing.
    pub(crate) fn load(config: &Config, metrics: Metrics) -> Result<Self, ConfigError> {
        let mut shop = Shop::new(config);
        let required = |name: &CarrierName| config.required.contains(name);
        let line_up = line_up(config, &mut shop, &LineUp::default(), required)?;
        Ok(Self {
            present: RwLock::new(Arc::new(line_up)),
            shop: Mutex::new(shop),
            metrics,
            retiring: TaskTracker::new(),
            linked: TaskTracker::new(),
            former: Arc::default(),
            stopping: CancellationToken::new(),
        })
    }

    /// As [`Carriers::load`], to tell every fault of every carrier.
    pub(crate) fn check(config: &Config) -> Result<(), ConfigError> {
        line_up(config, &mut Shop::new(config), &LineUp::default(), |_| true).map(drop)
    }
}

impl Shop {
    fn new(config: &Config) -> Self {
        Self {
            libraries: Libraries::new(config.carrier_worker.clone()),
            engine: None,
        }
    }
}

/// The carriers of the settings; one that is as before stays as it is, with its pause, its places and its links. So does
/// one that is not required and has a fault, if it was there before.
pub(super) fn line_up(
    config: &Config,
    shop: &mut Shop,
    before: &LineUp,
    required: impl Fn(&CarrierName) -> bool,
) -> Result<LineUp, ConfigError> {
    // A fault here is no one carrier's.
    http(config, shop)?;
    let (mut lanes, mut amiss, mut faults) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    for (index, carrier) in config.carriers.iter().enumerate() {
        let (name, kept) = (&carrier.name, before.lanes.get(&carrier.name));
        match made(config, index, carrier, shop, kept) {
            Ok(lane) => drop(lanes.insert(name.clone(), lane)),
            Err(fault) if required(name) => faults.push(fault),
            Err(fault) => {
                let (plugin, why) = (carrier.plugin.clone(), fault.to_string());
                tracing::error!(carrier = %name, was_there = kept.is_some(), "carrier cannot be made: {why}");
                lanes.extend(kept.map(|kept| (name.clone(), Arc::clone(kept))));
                amiss.insert(name.clone(), Faulty { plugin, why });
            }
        }
    }
    ConfigError::all(faults)?;
    Ok(LineUp {
        lanes,
        faulty: amiss,
        routes: config.routes.iter().cloned().map(Arc::new).collect(),
    })
}

fn made(
    config: &Config,
    index: usize,
    carrier: &CarrierConfig,
    shop: &mut Shop,
    kept: Option<&Arc<Lane>>,
) -> Result<Arc<Lane>, ConfigError> {
    let library = library(config, index, carrier, &mut shop.libraries)?;
    let origin = Origin {
        config: carrier.clone(),
        callbacks: callbacks(config, carrier),
        sha256: Some(library.sha256()),
        isolation: Some(library.isolation()),
    };
    if let Some(kept) = kept.filter(|kept| kept.origin == origin) {
        return Ok(Arc::clone(kept));
    }
    let instance = instance(config, index, &origin, &library, http(config, shop)?)?;
    tracing::info!(
        carrier = %carrier.name,
        plugin = carrier.plugin,
        version = library.descriptor().version,
        sha256 = %library.sha256(),
        isolation = ?library.isolation(),
        "carrier ready"
    );
    if origin.callbacks.is_none() && instance.reads_callbacks() {
        tracing::warn!(
            carrier = %carrier.name,
            key = "callback_base_url",
            "this carrier could tell what became of messages by call-backs, and is not asked to: no receipts"
        );
    }
    Ok(Arc::new(Lane::new(origin, Line::Library(Box::new(instance)))))
}

/// One client for all, with the settings it had at first.
fn http(config: &Config, shop: &mut Shop) -> Result<HttpEngine, ConfigError> {
    if let Some(engine) = &shop.engine {
        return Ok(engine.clone());
    }
    let options = HttpOptions {
        proxy: config.http.proxy.clone(),
        connect_timeout: config.http.connect_timeout,
        response_limit: RESPONSE_LIMIT,
        ca_certificate: config.http.ca_certificate.clone(),
        listeners: listeners(config),
        ..HttpOptions::default()
    };
    let engine = HttpEngine::new(options).map_err(|error| config.source.fault("http", error))?;
    Ok(shop.engine.insert(engine).clone())
}

/// The addresses where this process itself listens. A port that is to be found out is nobody's yet.
fn listeners(config: &Config) -> Vec<SocketAddr> {
    let grpc = match &config.listen {
        Listen::Tcp(address) => Some(*address),
        Listen::Unix(_) => None,
    };
    let all = grpc.into_iter().chain([config.admin_listen]);
    all.filter(|address| address.port() != 0).collect()
}

#[cfg(test)]
pub(super) fn scripted(config: CarrierConfig, line: Line) -> Lane {
    let origin = Origin {
        config,
        callbacks: None,
        sha256: None,
        isolation: None,
    };
    Lane::new(origin, line)
}

fn library(
    config: &Config,
    index: usize,
    carrier: &CarrierConfig,
    libraries: &mut Libraries,
) -> Result<Library, ConfigError> {
    let fault = |reason: String| config.source.fault(&format!("carriers[{index}].plugin"), reason);
    let path = find(&carrier.plugin, &config.plugin_dirs).map_err(|error| fault(error.to_string()))?;
    let trust = config.lock.trust(&carrier.plugin).map_err(fault)?;
    libraries
        .load_with(&path, &trust, carrier.isolation, carrier.worker_threads)
        .map_err(|error| fault(error.to_string()))
}

/// Where the edge takes this carrier's call-backs.
fn callbacks(config: &Config, carrier: &CarrierConfig) -> Option<String> {
    let base = config.callback_base_url.as_deref()?;
    Some(format!("{base}/carriers/{}/receipts", carrier.name))
}

fn instance(
    config: &Config,
    index: usize,
    origin: &Origin,
    library: &Library,
    engine: HttpEngine,
) -> Result<Instance, ConfigError> {
    let carrier = &origin.config;
    let options = InstanceOptions {
        name: carrier.name.to_string(),
        settings: carrier.settings.clone(),
        secrets: carrier
            .secrets
            .iter()
            .map(|(key, text)| (key.clone(), text.expose().to_owned()))
            .collect(),
        callback_base_url: origin.callbacks.clone(),
        clock: || clock::now().as_millis(),
        worker_threads: origin.config.worker_threads,
    };
    Instance::create(library, options, engine).map_err(|error| {
        let key = match &error.key {
            Some(key) => format!("carriers[{index}].settings.{key}"),
            None => format!("carriers[{index}].settings"),
        };
        config.source.fault(&key, error.reason)
    })
}
