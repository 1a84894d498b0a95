//! From the settings to lanes: libraries loaded once each, instances made, faults named by their key.

use super::{Carriers, Lane, Line};
use crate::config::{CarrierConfig, Config};
use crate::metrics::Metrics;
use aldis_carrier_host::{HttpEngine, HttpOptions, Instance, InstanceOptions, Libraries, find};
use aldis_daemon::clock;
use aldis_daemon::config::ConfigError;
use std::collections::BTreeMap;
use std::sync::Mutex;
use tokio::sync::Semaphore;

/// More than any carrier's answer to one message; what is longer is no answer.
const RESPONSE_LIMIT: usize = 1024 * 1024;

impl Carriers {
    /// Loads every library and makes every instance, or tells every fault. Sends nothing.
    pub(crate) fn load(config: &Config, metrics: Metrics) -> Result<Self, ConfigError> {
        let http = HttpOptions {
            proxy: config.http.proxy.clone(),
            connect_timeout: config.http.connect_timeout,
            response_limit: RESPONSE_LIMIT,
            ca_certificate: config.http.ca_certificate.clone(),
        };
        let engine = HttpEngine::new(http).map_err(|error| config.source.fault("http", error))?;
        let mut libraries = Libraries::default();
        let mut lanes = BTreeMap::new();
        let mut faults = Vec::new();
        for (index, carrier) in config.carriers.iter().enumerate() {
            match instance(config, index, carrier, &engine, &mut libraries) {
                Ok(instance) => {
                    tracing::info!(
                        carrier = %carrier.name,
                        plugin = carrier.plugin,
                        version = instance.library().descriptor().version,
                        sha256 = %instance.library().sha256(),
                        "carrier ready"
                    );
                    lanes.insert(
                        carrier.name.clone(),
                        lane(
                            carrier,
                            callbacks(config, carrier),
                            Line::Library(Box::new(instance)),
                        ),
                    );
                }
                Err(fault) => faults.push(fault),
            }
        }
        ConfigError::all(faults)?;
        Ok(Self { lanes, metrics })
    }
}

pub(super) fn lane(carrier: &CarrierConfig, callbacks: Option<String>, line: Line) -> Lane {
    Lane {
        callbacks,
        line,
        places: Semaphore::new(carrier.max_in_flight.min(Semaphore::MAX_PERMITS)),
        timeout: carrier.timeout,
        pause: Mutex::new(None),
    }
}

/// Where the edge takes this carrier's call-backs.
fn callbacks(config: &Config, carrier: &CarrierConfig) -> Option<String> {
    let base = config.callback_base_url.as_deref()?;
    Some(format!("{base}/carriers/{}/receipts", carrier.name))
}

fn instance(
    config: &Config,
    index: usize,
    carrier: &CarrierConfig,
    engine: &HttpEngine,
    libraries: &mut Libraries,
) -> Result<Instance, ConfigError> {
    let plugin_key = format!("carriers[{index}].plugin");
    let path = find(&carrier.plugin, &config.plugin_dirs)
        .map_err(|error| config.source.fault(&plugin_key, error))?;
    let trust = config
        .lock
        .trust(&carrier.plugin)
        .map_err(|reason| config.source.fault(&plugin_key, reason))?;
    let library = libraries
        .load(&path, &trust)
        .map_err(|error| config.source.fault(&plugin_key, error))?;
    let options = InstanceOptions {
        name: carrier.name.to_string(),
        settings: carrier.settings.clone(),
        secrets: carrier
            .secrets
            .iter()
            .map(|(key, text)| (key.clone(), text.expose().to_owned()))
            .collect(),
        callback_base_url: callbacks(config, carrier),
        clock: || clock::now().as_millis(),
    };
    Instance::create(&library, options, engine.clone()).map_err(|error| {
        let key = match &error.key {
            Some(key) => format!("carriers[{index}].settings.{key}"),
            None => format!("carriers[{index}].settings"),
        };
        config.source.fault(&key, error.reason)
    })
}
