//! `aldis-edge`: log, settings, build, announce, wait, drain.

use aldis_daemon::{config, descriptors, exit, logging, shutdown};
use aldis_edge::{Config, Edge, Listeners, Reread};
use anyhow::Context as _;
use clap::Parser;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::Signal;

/// The front door of Aldis: takes SMS requests from Auth0 and hands them to delivery.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The settings. Every key may also come from the environment, as in `ALDIS_EDGE__LISTEN`.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Checks the settings and exits: 0 if they are good, 78 if not.
    #[arg(long)]
    check_config: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Before a secret is read. A system that refuses it (no procfs, an old sandbox) is no reason not to serve.
    let _ = aldis_daemon::shield::shield();
    // Until then SIGHUP ends the process.
    let hangups = shutdown::hangups();
    let config = match Config::load(&arguments.config, config::environment()) {
        Ok(config) if arguments.check_config => return say(&config.finding(), exit::OK),
        Ok(config) => config,
        Err(faults) => return say(&faults.to_string(), exit::CONFIG),
    };
    let hidden = logging::Hidden::default();
    hidden.hide(config.secrets());
    logging::init(&hidden);
    let path = arguments.config;
    let reread = move || {
        let config = Config::load(&path, config::environment())?;
        hidden.hide(config.secrets());
        Ok(config)
    };
    if let Err(error) = serve(config, Box::new(reread), hangups).await {
        tracing::error!("{error:#}");
        return ExitCode::from(exit::FAILURE);
    }
    ExitCode::from(exit::OK)
}

async fn serve(config: Config, reread: Reread, hangups: Option<Signal>) -> anyhow::Result<()> {
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    descriptors::raise();
    let listeners = Listeners::bind(&config).await.context("cannot listen")?;
    let (public, admin) = listeners.addresses()?;
    let shutdown = shutdown::on_signal();
    tracing::info!(%public, %admin, version = env!("CARGO_PKG_VERSION"), "aldis-edge is listening");
    let edge = Edge::build(config).rereading(reread, hangups);
    edge.run(listeners, shutdown).await;
    tracing::info!("aldis-edge has stopped");
    Ok(())
}

/// Findings are for whoever typed the command, so they do not go to the log.
fn say(findings: &str, code: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{findings}");
    ExitCode::from(code)
}
