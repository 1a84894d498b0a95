//! `aldis-edge`: log, settings, build, announce, wait, drain.

use aldis_daemon::{config, exit, logging, shutdown};
use aldis_edge::{Config, Edge, Listeners};
use anyhow::Context as _;
use clap::Parser;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

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
    let config = match Config::load(&arguments.config, config::environment()) {
        Ok(config) => config,
        Err(faults) => return say(&faults.to_string(), exit::CONFIG),
    };
    if arguments.check_config {
        let good = std::iter::once(format!("{} is good", arguments.config.display()));
        let findings: Vec<_> = config.warnings().iter().cloned().chain(good).collect();
        return say(&findings.join("\n"), exit::OK);
    }
    logging::init();
    match serve(config).await {
        Ok(()) => ExitCode::from(exit::OK),
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::from(exit::FAILURE)
        }
    }
}

async fn serve(config: Config) -> anyhow::Result<()> {
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    let listeners = Listeners::bind(&config).await.context("cannot listen")?;
    let (public, admin) = listeners.addresses()?;
    let shutdown = shutdown::on_signal();
    tracing::info!(%public, %admin, version = env!("CARGO_PKG_VERSION"), "aldis-edge is listening");
    Edge::build(config)
        .run(listeners, shutdown)
        .await
        .context("cannot serve")?;
    tracing::info!("aldis-edge has stopped");
    Ok(())
}

/// Findings are for whoever typed the command, so they do not go to the log.
fn say(findings: &str, code: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{findings}");
    ExitCode::from(code)
}
