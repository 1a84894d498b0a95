//! The front door of Aldis: the only process the internet reaches.
//!
//! It parses, authenticates, forwards and answers: Auth0's HTTP call comes in, a `NewMessage` goes to delivery, and
//! exactly 200 or an error goes back. It keeps no store, holds no carrier's secret and loads no native code.
//! [`Config::load`] reads the settings, [`Listeners::bind`] takes the ports, [`Edge::run`] serves until it is told to
//! stop.

mod auth0;
mod caller;
mod complaints;
mod config;
#[doc(hidden)]
pub mod fuzzing;
mod limits;
mod metrics;
mod places;
mod proxies;
mod receipts;
mod reload;
mod reply;
mod routes;
mod serve;
mod tenants;
mod watch;

pub use config::Config;
pub use reload::Reread;
pub use serve::Listeners;

use aldis_daemon::admin::{self, Admin};
use aldis_daemon::clock;
use aldis_daemon::complaints::Complaints;
use aldis_daemon::descriptors;
use aldis_daemon::listener::http1::Peer;
use aldis_daemon::listener::{Health, Limits, Listener};
use aldis_daemon::readiness::Readiness;
use axum::extract::Request;
use complaints::Kind;
use config::Fixed;
use metrics::Metrics;
use places::Places;
use prometheus_client::registry::Registry;
use reload::{Current, Reload, Settings};
use serve::{Connections, REFUSED_ALOUD};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::Signal;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use watch::Attendance;

/// Descriptors that connections of callers leave to the rest: the admin listener, those who are told that there is no
/// place, the connection to delivery with its successor, and what a runtime has.
const KEPT: usize = admin::DESCRIPTORS + REFUSED_ALOUD + 64;

/// What every request needs.
pub(crate) struct Door {
    settings: Arc<Current>,
    places: Arc<Places>,
    complaints: Complaints<Kind>,
    metrics: Metrics,
    attendance: Attendance,
}

impl Door {
    /// The settings in force; what belongs to one request takes them once.
    pub(crate) fn settings(&self) -> Arc<Settings> {
        self.settings.get()
    }

    /// The address of whoever called, as far as a connection and our own proxies tell it.
    pub(crate) fn caller(&self, request: &Request) -> Option<IpAddr> {
        let Peer(peer) = request.extensions().get()?;
        Some(self.settings().proxies.caller((*peer)?.ip(), request.headers()))
    }
}

/// The service, ready to run.
pub struct Edge {
    door: Arc<Door>,
    registry: Registry,
    limits: Limits,
    drain_within: Duration,
    fixed: Fixed,
    reload: Option<Reload>,
}

impl Edge {
    /// Puts the service together. Nothing is opened yet.
    pub fn build(config: Config) -> Self {
        // Numbering plans are compiled at first use; the first caller should not wait for it.
        aldis_message::PhoneNumber::warm_up();
        let mut registry = Registry::default();
        let connections = descriptors::share(config.max_connections, descriptors::limit(), KEPT);
        if connections < config.max_connections {
            tracing::warn!(
                connections,
                max_connections = config.max_connections,
                "fewer connections are taken than max_connections allows: RLIMIT_NOFILE is too small"
            );
        }
        let limits = Limits {
            connections,
            strangers: Some(config.max_unauthenticated_per_address),
            unproven: (connections / places::PART).max(1),
            reserve: 0,
        };
        let (fixed, drain_within) = (Fixed::of(&config), config.drain_within);
        let door = Arc::new(Door {
            complaints: Complaints::new(complaints::AT_ONCE),
            places: Places::new(connections, config.max_unauthenticated_per_address),
            settings: Arc::new(Current::new(config.into_settings())),
            metrics: Metrics::register(&mut registry),
            attendance: Attendance::new(),
        });
        Self {
            door,
            registry,
            limits,
            drain_within,
            fixed,
            reload: None,
        }
    }

    /// Reads the settings again with `reread` at each SIGHUP, also at one that came before it runs.
    #[must_use]
    pub fn rereading(self, reread: Reread, hangups: Option<Signal>) -> Self {
        let reread = Arc::new(reread);
        Self {
            reload: hangups.map(|hangups| Reload { reread, hangups }),
            ..self
        }
    }

    /// Serves until `shutdown`, then takes nothing new, finishes what is under way and returns.
    pub async fn run(mut self, listeners: Listeners, shutdown: CancellationToken) {
        let door = Arc::clone(&self.door);
        let public = Listener::new("public", listeners.public, self.limits)
            .trusting(move |address| door.settings().proxies.trusts(address));
        let admin = Admin::listener(listeners.admin);
        Metrics::of_listener(&mut self.registry, &public);
        admin.register(&mut self.registry);
        let readiness = Self::readiness(&self.door, [public.health(), admin.health()]);
        let current = Arc::clone(&self.door.settings);
        let reloading = self.reload.take().map(|reload| {
            let reloading = reload::at_each(reload, self.fixed, current);
            AbortOnDropHandle::new(tokio::spawn(reloading))
        });
        let closed = CancellationToken::new();
        let admin = Admin::new(self.registry, readiness.clone()).serve(admin, closed.clone());
        let connections = Connections::new(
            routes::router(Arc::clone(&self.door)),
            routes::refusals(Arc::clone(&self.door)),
        );
        let serving = async {
            let drained = async {
                shutdown.cancelled().await;
                readiness.drain();
                timeout(self.drain_within, self.door.attendance.drained())
                    .await
                    .is_ok()
            };
            // New callers are still heard while draining: they are told to come back.
            let in_time = tokio::select! {
                in_time = drained => in_time,
                () = connections.accept(&public) => true,
                () = self.door.complaints.sum_up(clock::now, complaints::Kind::sum_up) => true,
            };
            if !in_time {
                tracing::warn!("requests were cut off after {:?} of draining", self.drain_within);
            }
            connections.close().await;
            closed.cancel();
        };
        tokio::join!(admin, serving);
        drop(reloading);
    }

    fn readiness(door: &Arc<Door>, listeners: [Health; 2]) -> Readiness {
        let door = Arc::clone(door);
        Readiness::new()
            .with_check("delivery", move || {
                let delivery = door.settings().delivery.clone();
                async move {
                    if delivery.healthy().await {
                        Ok(())
                    } else {
                        Err("does not answer".to_owned())
                    }
                }
            })
            .with_listeners(listeners)
    }
}
