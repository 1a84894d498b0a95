//! Judging: from what was written to what cannot be wrong. Every fault is found in one go.

mod clients;

use super::raw::{Raw, RawCarrier, RawRoute, RawRouteCarrier, RawTls};
use super::secrets::take_secrets;
use super::{CarrierConfig, Config, Http, Listen, Lock, Tls};
use crate::routing::{Onward, Policy, Route, Takes};
use aldis_carrier_host::{Isolation, worker};
use aldis_daemon::config::{
    ConfigError, HumanDuration, Secret, SecretText, SecretWarning, Source, is_open_to_others,
};
use aldis_message::{CarrierName, MessageClass, NameError};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;

const DEFAULT_IN_FLIGHT: usize = 1024;
/// What one carrier is given at once: more than its usual rate times its usual delay, and few
/// enough that one that hangs leaves most of [`DEFAULT_IN_FLIGHT`] to the others.
const DEFAULT_CARRIER_IN_FLIGHT: usize = 64;

/// The threads that a worker may be given. A larger number would be no limit.
const WORKER_THREADS: std::ops::RangeInclusive<u32> = 1..=4096;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Collects faults, so that a file is mended in one go, and what is allowed and unwise.
pub(super) struct Judge<'s> {
    source: &'s Source,
    faults: Vec<ConfigError>,
    warnings: Vec<ConfigError>,
}

impl Judge<'_> {
    fn fault(&mut self, key: &str, reason: impl Display) {
        self.faults.push(self.source.fault(key, reason));
    }

    fn warn(&mut self, key: &str, reason: impl Display) {
        self.warnings.push(self.source.fault(key, reason));
    }

    /// The text of a secret, or nothing and a fault.
    pub(super) fn secret(&mut self, key: &str, secret: &Secret) -> Option<SecretText> {
        let text = self.take(key, secret.resolve())?;
        for warning in secret.warnings(&text) {
            self.warn(key, warning);
        }
        Some(text)
    }

    /// The value, or nothing and a fault.
    pub(super) fn take<T, E: Display>(&mut self, key: &str, value: Result<T, E>) -> Option<T> {
        value.map_err(|reason| self.fault(key, reason)).ok()
    }

    fn names<T: std::str::FromStr<Err = NameError>>(&mut self, key: &str, names: &[String]) -> Vec<T> {
        let all = names.iter().enumerate();
        all.filter_map(|(index, name)| self.take(&format!("{key}[{index}]"), name.parse()))
            .collect()
    }
}

pub(super) fn check(raw: Raw, source: Source, path: &Path) -> Result<Config, ConfigError> {
    let mut judge = Judge {
        source: &source,
        faults: Vec::new(),
        warnings: Vec::new(),
    };
    let listen = listen(&mut judge, &raw.listen);
    guard(&mut judge, listen.as_ref(), raw.tls.as_ref(), raw.allow_plaintext);
    let store = store(&mut judge, &raw.store);
    let max_connections = raw.max_connections();
    let tls = raw.tls.map(
        |RawTls {
             certificate,
             key,
             client_ca,
         }| Tls {
            certificate,
            key,
            client_ca,
        },
    );
    let callback_base_url = raw
        .callback_base_url
        .as_deref()
        .and_then(|text| judge.take("callback_base_url", aldis_daemon::config::base_url(text)));
    let lock = Lock::read(path, raw.carriers_lock.as_deref(), raw.allow_unpinned);
    let lock = lock.unwrap_or_else(|fault| {
        judge.faults.push(fault);
        Lock::default()
    });
    let clients = clients::clients(&mut judge, &raw.clients);
    let wanted: Vec<Option<bool>> = raw.carriers.iter().map(|carrier| carrier.required).collect();
    let carriers = carriers(&mut judge, raw.carriers);
    let routes = routes(&mut judge, &raw.routes, &carriers);
    let required = required(&wanted, &carriers, &routes);
    ConfigError::all(std::mem::take(&mut judge.faults))?;
    let mut warnings = std::mem::take(&mut judge.warnings);
    warnings.extend(super::advice::advice(&routes, &source));
    // Nothing is missing where nothing was at fault.
    let (Some(listen), Some(store)) = (listen, store) else {
        return Err(source.fault("listen", "cannot be used"));
    };
    Ok(Config {
        listen,
        admin_listen: raw.admin_listen,
        store,
        plugin_dirs: raw.plugin_dirs,
        lock,
        carrier_worker: raw.carrier_worker.or_else(worker_beside),
        reflection: raw.reflection.unwrap_or(true),
        max_in_flight: raw
            .max_in_flight
            .map_or(DEFAULT_IN_FLIGHT, std::num::NonZero::get),
        max_connections,
        log_addresses: raw.log_addresses,
        callback_base_url,
        tls,
        http: Http {
            proxy: raw.http.proxy,
            ca_certificate: raw.http.ca_certificate,
            connect_timeout: raw
                .http
                .connect_timeout
                .map_or(DEFAULT_CONNECT_TIMEOUT, HumanDuration::get),
        },
        clients,
        carriers,
        required,
        warnings,
        routes,
        source,
    })
}

/// Where a build or a package puts it.
fn worker_beside() -> Option<PathBuf> {
    const WORKER: &str = "aldis-carrier-worker";
    let own = std::env::current_exe().ok()?;
    let worker = own.parent()?.join(WORKER);
    worker.is_file().then_some(worker)
}

fn listen(judge: &mut Judge<'_>, text: &str) -> Option<Listen> {
    if let Some(path) = text.strip_prefix("unix:") {
        let path = PathBuf::from(path);
        if !path.is_absolute() {
            judge.fault("listen", "a Unix domain socket is unix: and an absolute path");
            return None;
        }
        return Some(Listen::Unix(path));
    }
    let address = text
        .parse()
        .map_err(|_| "not an address and port such as 127.0.0.1:50051, nor unix:/path");
    judge.take("listen", address).map(Listen::Tcp)
}

/// Refuses settings by which tokens, codes and numbers cross a network unencrypted, unless that is permitted.
fn guard(judge: &mut Judge<'_>, listen: Option<&Listen>, tls: Option<&RawTls>, allow_plaintext: bool) {
    match (listen, tls) {
        (Some(Listen::Unix(_)), Some(_)) => judge.fault("tls", "a Unix domain socket needs no TLS"),
        (Some(Listen::Tcp(address)), None) if !address.ip().to_canonical().is_loopback() => {
            if allow_plaintext {
                judge.warn(
                    "allow_plaintext",
                    "client tokens, codes and numbers cross the network unencrypted",
                );
            } else {
                judge.fault(
                    "listen",
                    "without [tls] this address is for loopback or a Unix domain socket: client tokens, codes and numbers \
                     would cross the network unencrypted; allow_plaintext = true permits it",
                );
            }
        }
        _ => {}
    }
    if let Some(tls) = tls
        && is_open_to_others(&tls.key)
    {
        judge.warn("tls.key", SecretWarning::OpenToOthers);
    }
}

fn store(judge: &mut Judge<'_>, text: &str) -> Option<PathBuf> {
    let path = match text.split_once(':') {
        Some(("sqlite", path)) if !path.is_empty() => Ok(PathBuf::from(path)),
        Some(("postgres" | "postgresql", _)) => {
            Err("PostgreSQL is not in this version; use sqlite:/path/to/aldis.db")
        }
        _ => Err("must be sqlite: and the path of a file"),
    };
    judge.take("store", path)
}

fn carriers(judge: &mut Judge<'_>, raw: Vec<RawCarrier>) -> Vec<CarrierConfig> {
    let mut carriers: Vec<CarrierConfig> = Vec::new();
    for (index, carrier) in raw.into_iter().enumerate() {
        let key = |field: &str| format!("carriers[{index}].{field}");
        let isolation = match carrier.isolation.as_deref() {
            None => None,
            Some("in-process") => Some(Isolation::InProcess),
            Some("worker") => Some(Isolation::Worker),
            Some(_) => {
                judge.fault(&key("isolation"), "must be in-process or worker");
                None
            }
        };
        let worker_threads = carrier.worker_threads.unwrap_or(worker::THREADS);
        if !WORKER_THREADS.contains(&worker_threads) {
            judge.fault(&key("worker_threads"), "must be from 1 to 4096");
        }
        let mut secrets = Vec::new();
        let mut settings = carrier.settings;
        take_secrets(judge, &key("settings"), "", &mut settings, &mut secrets);
        let Some(name) = judge.take(&key("name"), carrier.name.parse::<CarrierName>()) else {
            continue;
        };
        if carriers.iter().any(|other| other.name == name) {
            judge.fault(&key("name"), format!("two carriers have the name {name}"));
        }
        carriers.push(CarrierConfig {
            name,
            plugin: carrier.plugin,
            isolation,
            worker_threads,
            max_in_flight: carrier
                .max_in_flight
                .map_or(DEFAULT_CARRIER_IN_FLIGHT, std::num::NonZero::get),
            timeout: carrier.timeout.map_or(DEFAULT_TIMEOUT, HumanDuration::get),
            settings: Value::Object(settings),
            secrets,
        });
    }
    carriers
}

/// As each says, or those that are some route's only one. `wanted` has one entry per carrier: nothing was at fault.
fn required(wanted: &[Option<bool>], carriers: &[CarrierConfig], routes: &[Route]) -> BTreeSet<CarrierName> {
    let only = |name: &CarrierName| {
        let mut all = routes.iter().map(|route| route.carriers.as_slice());
        all.any(|carriers| carriers == std::slice::from_ref(name))
    };
    let all = carriers.iter().zip(wanted);
    all.filter(|(carrier, wanted)| wanted.unwrap_or_else(|| only(&carrier.name)))
        .map(|(carrier, _)| carrier.name.clone())
        .collect()
}

fn routes(judge: &mut Judge<'_>, raw: &[RawRoute], carriers: &[CarrierConfig]) -> Vec<Route> {
    raw.iter()
        .enumerate()
        .map(|(index, route)| one_route(judge, index, route, carriers))
        .collect()
}

fn one_route(judge: &mut Judge<'_>, index: usize, raw: &RawRoute, carriers: &[CarrierConfig]) -> Route {
    let key = |field: &str| format!("routes[{index}].{field}");
    for (place, prefix) in raw.to.iter().enumerate() {
        let digits = prefix.strip_prefix('+');
        if !digits
            .is_some_and(|digits| digits.len() <= 15 && digits.bytes().all(|byte| byte.is_ascii_digit()))
        {
            judge.fault(
                &format!("{}[{place}]", key("to")),
                "a prefix is + and at most 15 digits",
            );
        }
    }
    let mut classes = Vec::new();
    for (place, word) in raw.classes.iter().enumerate() {
        let class = word
            .parse::<MessageClass>()
            .map_err(|_| "must be otp, notification or bulk");
        classes.extend(judge.take(&format!("{}[{place}]", key("classes")), class));
    }
    Route {
        takes: Takes {
            to: raw.to.clone(),
            tenants: judge.names(&key("tenants"), &raw.tenants),
            clients: judge.names(&key("clients"), &raw.clients),
            classes,
        },
        carriers: route_carriers(judge, &key("carriers"), &raw.carriers, carriers),
        policy: Policy {
            on_blocked: onward(judge, &key("on_blocked"), raw.on_blocked.as_deref()),
            lost_answer: onward(judge, &key("lost_answer"), raw.lost_answer.as_deref()),
        },
    }
}

fn route_carriers(
    judge: &mut Judge<'_>,
    key: &str,
    raw: &[RawRouteCarrier],
    carriers: &[CarrierConfig],
) -> Vec<CarrierName> {
    if raw.is_empty() {
        judge.fault(key, "a route needs at least one carrier");
    }
    let mut seen = BTreeSet::new();
    for (place, carrier) in raw.iter().enumerate() {
        let key = format!("{key}[{place}]");
        if carrier.weighted {
            judge.fault(
                &format!("{key}.weight"),
                "weights are not in this version; carriers are asked in the order given",
            );
        }
        match carriers.iter().find(|known| known.name.as_str() == carrier.name) {
            Some(known) if !seen.insert(known.name.clone()) => {
                judge.fault(&key, format!("the carrier {} is in this route twice", known.name));
            }
            Some(_) => {}
            None => judge.fault(&key, format!("no carrier is named {}", shown(&carrier.name))),
        }
    }
    raw.iter()
        .filter_map(|carrier| carrier.name.parse().ok())
        .collect()
}

/// A name is shown only if it has the form of one: anything else may be a secret in the wrong place.
fn shown(name: &str) -> String {
    CarrierName::parse(name).map_or_else(|_| "that".to_owned(), |name| name.to_string())
}

fn onward(judge: &mut Judge<'_>, key: &str, word: Option<&str>) -> Onward {
    match word {
        None | Some("stop") => Onward::Stop,
        Some("next_carrier") => Onward::NextCarrier,
        Some(_) => {
            judge.fault(key, "must be stop or next_carrier");
            Onward::Stop
        }
    }
}
