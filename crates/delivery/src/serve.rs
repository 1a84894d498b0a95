//! The service as a whole: built from its settings, run until it is told to stop, drained.

mod readiness;
mod router;

use self::readiness::readiness;
use self::router::router;
use crate::carriers::{Carriers, Gauges};
use crate::clients::{self, Clients};
use crate::clocks::{self, Skews};
use crate::config::Config;
use crate::engine::Engine;
use crate::listen::{GrpcListener, Listeners, incoming, server_tls};
use crate::metrics::{Metrics, StoreGauges};
use crate::receipts::{self, CallbackUrls, Ears};
use crate::reload::{self, Reload, Reread};
use crate::running::Running;
use crate::service::{self, Server as MessageServer};
use crate::store::{OpenError, Store, StoreError};
use crate::supervised::{Ended, Supervised};
use crate::{recovery, scheduler};
use aldis_daemon::admin::{self, Admin};
use aldis_daemon::clock::{self, SteadyClock};
use aldis_daemon::complaints::Complaints;
use aldis_daemon::config::ConfigError;
use aldis_daemon::descriptors;
use aldis_daemon::listener::{Limits, Listener, Socket};
use aldis_message::PhoneNumber;
use prometheus_client::registry::Registry;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::signal::unix::Signal;
use tokio::sync::{Notify, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::transport::server::Router;

/// What is in flight gets this long after the signal; the rest is left to the next start.
const DRAIN: Duration = Duration::from_secs(20);
/// Carriers with connections get this long to say good-bye.
const FAREWELL: Duration = Duration::from_secs(3);
/// Answers get this long to leave, and streams that never end (health watches) are cut after it.
const LAST_ANSWERS: Duration = Duration::from_secs(2);
/// The writer gets this long to finish: another program may hold the store's lock for as long as it likes.
const LAST_COMMITS: Duration = Duration::from_secs(10);
/// Retried messages may hold this part of the places, so that they never crowd out new ones.
const RETRIED_PART: usize = 4;

/// The descriptors that connections leave to the rest, besides one for each message that a carrier may be given: the
/// admin listener, the store, the workers, and what a runtime has.
const KEPT: usize = admin::DESCRIPTORS + 128;

/// Why the service could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The settings are wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
}

/// Why the service ended early.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store failed: nothing more can be made durable.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A task ended that should run for as long as the service does.
    #[error("{0}")]
    Task(Ended),
    /// A listener failed.
    #[error("the listener failed: {0}")]
    Listener(#[from] io::Error),
    /// The gRPC server failed.
    #[error("the gRPC server failed: {0}")]
    Server(#[from] tonic::transport::Error),
}

/// The delivery service, built and not yet running.
pub struct Delivery {
    engine: Arc<Engine>,
    registry: Registry,
    config: Config,
    tls: Option<TlsAcceptor>,
    /// Each is a wish to have the settings read again.
    hangups: Option<Signal>,
}

impl Delivery {
    /// Loads the carriers and reads every file the settings name, and opens nothing.
    pub fn check(config: &Config) -> Result<(), ConfigError> {
        server_tls(config)?;
        Carriers::check(config)
    }

    /// Loads the carriers and opens the store.
    pub fn build(config: Config) -> Result<Self, BuildError> {
        let mut registry = Registry::default();
        let metrics = Metrics::new(&mut registry);
        let carriers = Carriers::load(&config, metrics.clone())?;
        Self::with_carriers(config, registry, metrics, carriers)
    }

    /// The part that needs no library.
    pub(crate) fn with_carriers(
        config: Config,
        mut registry: Registry,
        metrics: Metrics,
        carriers: Carriers,
    ) -> Result<Self, BuildError> {
        let tls = server_tls(&config)?;
        let observe = metrics.clone();
        let store = Store::open(&config.store, &run_name(), move |batch| observe.commit(batch))?;
        store.know(clients::former_seals(&config.clients));
        let callback_urls = CallbackUrls::new(store.callback_key());
        let clock = SteadyClock::begin(clocks::not_before(store.latest(), clock::now()));
        let engine = Arc::new(Engine {
            clock,
            skews: Skews::default(),
            callback_urls,
            store,
            clients: Clients::new(&config.clients),
            carriers,
            metrics,
            refusals: Complaints::new(service::REFUSALS_AT_ONCE),
            log_addresses: config.log_addresses,
            running: Arc::new(Running::default()),
            places: Arc::new(Semaphore::new(config.max_in_flight.min(Semaphore::MAX_PERMITS))),
            tasks: TaskTracker::new(),
            due: Notify::new(),
            draining: CancellationToken::new(),
            complaints: receipts::Complaints::default(),
            given_up: CancellationToken::new(),
            reload: OnceLock::new(),
        });
        registry.register_collector(Box::new(Gauges::new(Arc::downgrade(&engine))));
        registry.register_collector(Box::new(StoreGauges::new(Arc::downgrade(&engine))));
        Ok(Self {
            engine,
            registry,
            config,
            tls,
            hangups: None,
        })
    }

    /// Reads the settings again with `reread` at each SIGHUP, also at one that came before it runs. `first` is what it
    /// was built from.
    #[must_use]
    pub fn rereading(mut self, reread: Reread, first: Config, hangups: Option<Signal>) -> Self {
        let _ = self.engine.reload.set(Reload::new(reread, first));
        self.hangups = hangups;
        self
    }

    #[cfg(test)]
    pub(crate) fn engine(&self) -> Arc<Engine> {
        Arc::clone(&self.engine)
    }

    /// Settles what a dead process left, then serves until `shutdown`, then drains.
    pub async fn run(self, listeners: Listeners, shutdown: CancellationToken) -> Result<(), RunError> {
        let Self {
            engine,
            mut registry,
            config,
            tls,
            hangups,
        } = self;
        tokio::task::spawn_blocking(PhoneNumber::warm_up);
        recovery::recover(&engine).await?;
        engine.metrics.unknown_at_start(engine.store.unknown().await?);
        engine.carriers.start(&Ears::of(&engine));
        let mut tasks = Supervised::default();
        if let Some(hangups) = hangups {
            tasks.spawn(
                "the reading of settings",
                reload::at_each(hangups, Arc::clone(&engine)),
            );
        }
        announce(&listeners);
        let Listeners { grpc, admin } = listeners;
        let (grpc, _file) = match grpc {
            GrpcListener::Tcp(listener) => (Socket::from(listener), None),
            GrpcListener::Unix(listener, file) => (Socket::from(listener), Some(file)),
        };
        let grpc = Listener::new("grpc", grpc, grpc_limits(&config));
        let admin = Admin::listener(admin);
        grpc.register(&mut registry);
        admin.register(&mut registry);
        let readiness = readiness(&engine, [grpc.health(), admin.health()]);
        let (health, router) = router(&engine, &config)?;
        health.set_serving::<MessageServer>().await;
        let (admin_end, grpc_end) = (CancellationToken::new(), CancellationToken::new());
        let mut admin = tokio::spawn(Admin::new(registry, readiness.clone()).serve(admin, admin_end.clone()));
        let most = config.max_in_flight / RETRIED_PART;
        tasks.spawn("the scheduler", scheduler::run(Arc::clone(&engine), most));
        let mut grpc = tokio::spawn(serve(Arc::clone(&engine), router, grpc, tls, grpc_end.clone()));
        let broken = engine.store.broken();
        let early = tokio::select! {
            () = shutdown.cancelled() => None,
            () = broken.cancelled() => engine.store.check().err().map(RunError::Store),
            ended = &mut grpc => Some(early_end(ended)),
            ended = &mut admin => Some(early_end_of_admin(ended)),
            ended = tasks.first_end() => Some(RunError::Task(ended)),
        };
        readiness.drain();
        engine.draining.cancel();
        health.set_not_serving::<MessageServer>().await;
        health
            .set_service_status("", tonic_health::ServingStatus::NotServing)
            .await;
        if early.is_none() {
            drain(&engine, &broken).await;
        }
        engine.given_up.cancel();
        // After the messages: their answers come over the links.
        engine.carriers.drain(FAREWELL).await;
        grpc_end.cancel();
        if !grpc.is_finished() && tokio::time::timeout(LAST_ANSWERS, &mut grpc).await.is_err() {
            grpc.abort();
        }
        drop(tasks);
        close(&engine).await;
        admin_end.cancel();
        if !admin.is_finished() {
            let _ = admin.await;
        }
        early.map_or(Ok(()), Err)
    }
}

/// Waits for what is in flight.
async fn drain(engine: &Engine, broken: &CancellationToken) {
    tracing::info!(in_flight = engine.tasks.len(), "draining");
    engine.tasks.close();
    tokio::select! {
        () = engine.tasks.wait() => tracing::info!("everything in flight is done"),
        () = broken.cancelled() => tracing::error!("the store failed while draining"),
        () = tokio::time::sleep(DRAIN) => {
            tracing::warn!(in_flight = engine.tasks.len(), "the rest is left to the next start");
        }
    }
}

async fn close(engine: &Engine) {
    let closed = tokio::time::timeout(LAST_COMMITS, engine.store.close()).await;
    if closed.is_err() {
        tracing::warn!("the store could not be closed in time, the next start folds its log");
    }
}

fn early_end(ended: Result<Result<(), tonic::transport::Error>, tokio::task::JoinError>) -> RunError {
    match ended {
        Ok(Err(error)) => error.into(),
        Ok(Ok(())) => io::Error::other("it ended by itself").into(),
        Err(error) => io::Error::other(error).into(),
    }
}

/// The end of the admin listener ends the service: without its pages nobody sees whether it is ready.
fn early_end_of_admin(ended: Result<(), tokio::task::JoinError>) -> RunError {
    match ended {
        Ok(()) => io::Error::other("the admin listener ended by itself").into(),
        Err(error) => io::Error::other(error).into(),
    }
}

/// The number of callers there may be: those of ours keep their connection, so nothing is closed but what has shown
/// nothing.
fn grpc_limits(config: &Config) -> Limits {
    let limit = descriptors::limit();
    let carriers: usize = config.carriers.iter().map(|carrier| carrier.max_in_flight).sum();
    let kept = KEPT.saturating_add(carriers).max(limit / 2);
    let connections = descriptors::share(config.max_connections, limit, kept);
    if connections < config.max_connections {
        tracing::warn!(
            connections,
            max_connections = config.max_connections,
            "fewer connections are taken than max_connections allows: RLIMIT_NOFILE is too small"
        );
    }
    Limits {
        connections,
        strangers: None,
        unproven: connections,
        reserve: 0,
    }
}

async fn serve(
    engine: Arc<Engine>,
    router: Router,
    listener: Listener,
    tls: Option<TlsAcceptor>,
    end: CancellationToken,
) -> Result<(), tonic::transport::Error> {
    let serving = router.serve_with_incoming_shutdown(incoming(listener, tls), end.cancelled_owned());
    tokio::select! {
        served = serving => served,
        () = engine.refusals.sum_up(clock::now, service::sum_up) => Ok(()),
    }
}

fn announce(listeners: &Listeners) {
    let admin = listeners
        .admin
        .local_addr()
        .map(|address| address.to_string())
        .unwrap_or_default();
    match (&listeners.grpc, listeners.address()) {
        (_, Some(address)) => {
            tracing::info!(%address, admin, "listening");
        }
        (GrpcListener::Unix(_, file), None) => {
            tracing::info!(socket = %file.path().display(), admin, "listening");
        }
        (GrpcListener::Tcp(_), None) => tracing::info!(admin, "listening"),
    }
}

/// Names this run: a lease of another run is a dead hand's.
fn run_name() -> String {
    let mut random = [0; 8];
    // Without randomness the process id tells this run from the last one.
    let _ = aws_lc_rs::rand::fill(&mut random);
    format!("{}-{:016x}", std::process::id(), u64::from_be_bytes(random))
}
