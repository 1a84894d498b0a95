//! `aldis-delivery`: read the settings, build, announce, serve, drain.

use aldis_daemon::{config, descriptors, exit, logging, shutdown};
use aldis_delivery::{BuildError, Delivery, Listeners, RunError};
use clap::Parser;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// The internal SMS delivery service of Aldis.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The settings, TOML.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Checks the settings, loads the carriers, sends nothing; exits 0 or 78.
    #[arg(long)]
    check_config: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Before a carrier's library is loaded anywhere. What refuses it refuses more: the workers say what they lack.
    let _ = aldis_daemon::shield::shield();
    let Err(error) = run(&arguments).await else {
        return ExitCode::from(exit::OK);
    };
    // Whoever started it reads this; the log may go elsewhere.
    let _ = writeln!(std::io::stderr(), "aldis-delivery: {error:#}");
    ExitCode::from(code(&error))
}

async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    // First of all: until then SIGHUP ends the process.
    let hangups = shutdown::hangups();
    let config = aldis_delivery::config::load(&arguments.config, config::environment())?;
    let hidden = logging::Hidden::default();
    hidden.hide(config.secrets());
    if arguments.check_config {
        logging::init_for_findings(&hidden);
        Delivery::check(&config)?;
        for warning in &config.warnings {
            let _ = writeln!(std::io::stderr(), "warning: {warning}");
        }
        return Ok(());
    }
    logging::init(&hidden);
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    descriptors::raise();
    let (stop, listeners) = (shutdown::on_signal(), Listeners::bind(&config).await?);
    let (path, first) = (arguments.config.clone(), config.clone());
    let reread = move || {
        let config = aldis_delivery::config::load(&path, config::environment())?;
        hidden.hide(config.secrets());
        Ok(config)
    };
    let delivery = Delivery::build(config)?.rereading(Box::new(reread), first, hangups);
    Ok(delivery.run(listeners, stop).await?)
}

fn code(error: &anyhow::Error) -> u8 {
    match (
        error.downcast_ref::<BuildError>(),
        error.downcast_ref::<RunError>(),
    ) {
        (Some(BuildError::Config(_)), _) => exit::CONFIG,
        (Some(BuildError::Store(error)), _) if error.is_setting() => exit::CONFIG,
        (Some(BuildError::Store(_)), _) | (_, Some(RunError::Store(_))) => exit::IO,
        _ if error.is::<config::ConfigError>() => exit::CONFIG,
        _ => exit::FAILURE,
    }
}
