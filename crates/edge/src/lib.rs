//! The front door of Aldis: the only process the internet reaches.
//!
//! It parses, authenticates, forwards and answers: Auth0's HTTP call comes in, a `NewMessage` goes to delivery, and
//! exactly 200 or an error goes back. It keeps no store, holds no carrier's secret and loads no native code.
//! [`Config::load`] reads the settings, [`Listeners::bind`] takes the ports, [`Edge::run`] serves until it is told to
//! stop.

mod auth0;
mod config;
#[doc(hidden)]
pub mod fuzzing;
mod limits;
mod metrics;
mod proxies;
mod receipts;
mod reply;
mod routes;
mod serve;
mod tenants;
mod watch;

pub use config::Config;
pub use serve::Listeners;

use aldis_daemon::admin::Admin;
use aldis_daemon::readiness::Readiness;
use aldis_delivery_api::DeliveryClient;
use auth0::replay::ReplayKey;
use metrics::Metrics;
use prometheus_client::registry::Registry;
use proxies::TrustedProxies;
use serve::Connections;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tenants::Tenants;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use watch::Attendance;

/// What every request needs.
pub(crate) struct Door {
    tenants: Tenants,
    delivery: DeliveryClient,
    replay: ReplayKey,
    /// Where carriers reach us, without a slash at its end.
    public_url: Option<String>,
    proxies: TrustedProxies,
    metrics: Metrics,
    attendance: Attendance,
}

/// The service, ready to run.
pub struct Edge {
    door: Arc<Door>,
    registry: Registry,
    max_connections: usize,
    drain_within: Duration,
}

impl Edge {
    /// Puts the service together. Nothing is opened yet.
    pub fn build(config: Config) -> Self {
        // Numbering plans are compiled at first use; the first caller should not wait for it.
        aldis_message::PhoneNumber::warm_up();
        let mut registry = Registry::default();
        let door = Arc::new(Door {
            tenants: config.tenants,
            delivery: config.delivery,
            replay: config.replay,
            public_url: config.public_url,
            proxies: config.proxies,
            metrics: Metrics::register(&mut registry),
            attendance: Attendance::new(),
        });
        Self {
            door,
            registry,
            max_connections: config.max_connections,
            drain_within: config.drain_within,
        }
    }

    /// Serves until `shutdown`, then takes nothing new, finishes what is under way and returns.
    pub async fn run(self, listeners: Listeners, shutdown: CancellationToken) -> io::Result<()> {
        let delivery = self.door.delivery.clone();
        let readiness = Readiness::new().with_check("delivery", move || {
            let delivery = delivery.clone();
            async move {
                if delivery.healthy().await {
                    Ok(())
                } else {
                    Err("does not answer".to_owned())
                }
            }
        });
        let closed = CancellationToken::new();
        let admin = Admin::new(self.registry, readiness.clone()).serve(listeners.admin, closed.clone());
        let connections = Connections::new(
            routes::router(Arc::clone(&self.door)),
            routes::refusals(),
            self.max_connections,
            self.door.metrics.clone(),
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
                () = connections.accept(&listeners.public) => true,
            };
            if !in_time {
                tracing::warn!("requests were cut off after {:?} of draining", self.drain_within);
            }
            connections.close().await;
            closed.cancel();
        };
        let (served, ()) = tokio::join!(admin, serving);
        served
    }
}
