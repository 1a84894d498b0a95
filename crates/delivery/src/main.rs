//! `aldis-delivery`: read the settings, build, announce, serve, drain.

use aldis_daemon::{config, exit, logging, shutdown};
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
    let ended = if arguments.check_config {
        check(&arguments)
    } else {
        run(&arguments).await
    };
    let Err(error) = ended else {
        return ExitCode::from(exit::OK);
    };
    // Whoever started it reads this; the log may go elsewhere.
    let _ = writeln!(std::io::stderr(), "aldis-delivery: {error:#}");
    ExitCode::from(code(&error))
}

fn check(arguments: &Arguments) -> anyhow::Result<()> {
    let config = aldis_delivery::config::load(&arguments.config, config::environment())?;
    Ok(Delivery::check(&config)?)
}

async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let config = aldis_delivery::config::load(&arguments.config, config::environment())?;
    logging::init();
    let stop = shutdown::on_signal();
    let listeners = Listeners::bind(&config).await?;
    Delivery::build(config)?.run(listeners, stop).await?;
    Ok(())
}

fn code(error: &anyhow::Error) -> u8 {
    match (
        error.downcast_ref::<BuildError>(),
        error.downcast_ref::<RunError>(),
    ) {
        (Some(BuildError::Config(_)), _) => exit::CONFIG,
        (Some(BuildError::Store(_)), _) | (_, Some(RunError::Store(_))) => exit::IO,
        _ if error.is::<config::ConfigError>() => exit::CONFIG,
        _ => exit::FAILURE,
    }
}
