//! The settings read again while the service runs: carriers, routes and the lock of libraries, and clients.

use crate::carriers::Replaced;
use crate::clients;
use crate::config::Config;
use crate::engine::Engine;
use crate::receipts::Ears;
use aldis_daemon::config::ConfigError;
use futures_util::FutureExt as _;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::signal::unix::Signal;

/// How long a connection that is replaced gets to say good-bye.
const FAREWELL: Duration = Duration::from_secs(3);

/// Reads the settings as they are now.
pub type Reread = Box<dyn Fn() -> Result<Config, ConfigError> + Send + Sync>;

/// How to read the settings again, and what they were at the start.
pub(crate) struct Reload {
    reread: Reread,
    first: Config,
    /// From the reading to the taking over: whoever reads later takes over later.
    turn: Mutex<()>,
}

impl Reload {
    pub(crate) fn new(reread: Reread, first: Config) -> Self {
        Self {
            reread,
            first,
            turn: Mutex::default(),
        }
    }
}

impl fmt::Debug for Reload {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Reload")
    }
}

/// Takes over what the settings say now; if they are wrong, everything stays as it is.
pub(crate) async fn reload(engine: &Arc<Engine>) -> Result<Replaced, ConfigError> {
    let engine = Arc::clone(engine);
    let runtime = tokio::runtime::Handle::current();
    // Reading files and trying libraries would hold up messages.
    let reloading = tokio::task::spawn_blocking(move || {
        let _inside = runtime.enter();
        take_over(&engine)
    });
    match reloading.await {
        Ok(replaced) => replaced,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The process is ending.
            Err(_) => Ok(Replaced::default()),
        },
    }
}

fn take_over(engine: &Arc<Engine>) -> Result<Replaced, ConfigError> {
    let Some(reload) = engine.reload.get() else {
        return Ok(Replaced::default());
    };
    let _turn = reload.turn.lock().unwrap_or_else(PoisonError::into_inner);
    if engine.draining.is_cancelled() {
        tracing::warn!("the settings are not read again, the service is stopping");
        return Ok(Replaced::default());
    }
    let config = (reload.reread)()?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    for key in reload.first.fixed_keys_changed(&config) {
        tracing::warn!(key, "this setting was changed, and counts at the next start only");
    }
    let (replaced, retired) = engine.carriers.replace(&config, &Ears::of(engine))?;
    engine.store.know(clients::former_seals(&config.clients));
    engine.clients.replace(&config.clients);
    tracing::info!(
        made = ?replaced.made,
        kept = ?replaced.kept,
        retired = ?replaced.retired,
        "settings read again"
    );
    engine.carriers.retire(retired, FAREWELL);
    Ok(replaced)
}

/// Reads them again at each SIGHUP.
pub(crate) async fn at_each(mut hangups: Signal, engine: Arc<Engine>) {
    while hangups.recv().await.is_some() {
        // What panics here may be a library's constructor, and the next time must be heard too.
        match AssertUnwindSafe(reload(&engine)).catch_unwind().await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::error!(%error, "the settings are wrong, everything stays as it was"),
            Err(_) => tracing::error!("reading the settings again panicked, everything stays as it was"),
        }
    }
}
