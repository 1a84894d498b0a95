//! The settings that may change while the edge runs: tenants with their secrets, and the way to delivery with its token.
//! They are read again at SIGHUP; if anything in them is wrong, everything stays as it was.

use crate::auth0::replay::ReplayKey;
use crate::config::{Config, Fixed};
use crate::proxies::TrustedProxies;
use crate::tenants::Tenants;
use aldis_daemon::addresses::Shown;
use aldis_daemon::config::ConfigError;
use aldis_delivery_api::DeliveryClient;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::runtime::Handle;
use tokio::signal::unix::Signal;

/// Reads the settings as they are now.
pub type Reread = Box<dyn Fn() -> Result<Config, ConfigError> + Send + Sync>;

/// The settings that a reload replaces.
pub(crate) struct Settings {
    pub(crate) tenants: Tenants,
    pub(crate) delivery: DeliveryClient,
    pub(crate) replay: ReplayKey,
    /// The URL at which carriers reach us, without a slash at its end.
    pub(crate) public_url: Option<String>,
    pub(crate) proxies: TrustedProxies,
    pub(crate) log_addresses: Shown,
}

/// The settings in force. A request takes them once, and ends under those it began with.
pub(crate) struct Current(RwLock<Arc<Settings>>);

impl Current {
    pub(crate) fn new(settings: Settings) -> Self {
        Self(RwLock::new(Arc::new(settings)))
    }

    pub(crate) fn get(&self) -> Arc<Settings> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, settings: Settings) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }
}

/// The way to read the settings again, and the signals to do so.
pub(crate) struct Reload {
    pub(crate) reread: Arc<Reread>,
    pub(crate) hangups: Signal,
}

/// Reads them again at each SIGHUP, also at one that came before.
pub(crate) async fn at_each(mut reload: Reload, fixed: Fixed, current: Arc<Current>) {
    while reload.hangups.recv().await.is_some() {
        let (reread, runtime) = (Arc::clone(&reload.reread), Handle::current());
        // Files are read, and a connection to delivery is prepared.
        let read = tokio::task::spawn_blocking(move || {
            let _inside = runtime.enter();
            reread()
        });
        match read.await {
            Ok(Ok(config)) => {
                for warning in config.warnings() {
                    tracing::warn!("{warning}");
                }
                for key in fixed.changed(&config) {
                    tracing::warn!(key, "this setting was changed, and counts at the next start only");
                }
                current.replace(config.into_settings());
                tracing::info!("settings read again");
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "the settings are wrong, everything stays as it was");
            }
            Err(error) => tracing::error!(%error, "the settings could not be read again"),
        }
    }
}
