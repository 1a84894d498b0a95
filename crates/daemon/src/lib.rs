//! What every Aldis process does alike: settings, log lines, the admin listener, readiness, signals, the one clock.
//!
//! Nothing here knows what a setting means or what a service does. A service's `main` reads
//!
//! ```no_run
//! use aldis_daemon::{config, logging, shutdown};
//! # #[derive(serde::Deserialize)] struct Settings { listen: std::net::SocketAddr }
//! # fn check(_: std::net::SocketAddr) -> Result<(), &'static str> { Ok(()) }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let loaded: config::Loaded<Settings> =
//!     config::load("edge.toml".as_ref(), "ALDIS_EDGE", config::environment())?;
//! // What serde cannot check is checked by the service, and named the same way.
//! check(loaded.raw.listen).map_err(|reason| loaded.source.fault("listen", reason))?;
//! logging::init(&logging::Hidden::default());
//! # Ok(()) }
//! # async fn run() {
//! shutdown::on_signal().cancelled().await;
//! # }
//! ```

pub mod addresses;
pub mod admin;
pub mod clock;
pub mod complaints;
pub mod config;
pub mod descriptors;
pub mod exit;
pub mod listener;
pub mod logging;
pub mod readiness;
pub mod request_id;
pub mod shield;
pub mod shutdown;
