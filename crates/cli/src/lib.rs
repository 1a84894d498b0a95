//! The operator's hand: `aldis dev`, `send`, `message`, `carriers`, `reload`, `token`, `carrier`.
//!
//! Standard output carries data, standard error progress and faults, `--output json` makes both
//! readable by machines. Exit codes: 0 done, 1 failed, 2 wrong command line, 69 delivery cannot be
//! reached, 78 wrong settings or secrets.

mod arguments;
mod carrier;
mod dev;
mod failure;
pub mod inbox;
mod life;
mod message;
mod moment;
mod operator;
mod plain;
mod printer;
mod secret_file;
mod send;
pub mod token;

use aldis_daemon::{clock, exit};
use arguments::{Arguments, Command};
use clap::Parser as _;
use failure::Failure;
use printer::Printer;
use std::process::ExitCode;

/// Reads the command line, does what it says, and returns the exit code.
pub fn run() -> ExitCode {
    // Prints and exits by itself: 2, or 0 for --help and --version.
    let arguments = Arguments::parse();
    let printer = Printer::new(arguments.output);
    // Before there is a runtime: the conformance kit's children want a process of one thread.
    if let Command::Carrier(wish) = arguments.command {
        return carrier::run(wish, &printer).unwrap_or_else(|failure| {
            printer.complain(&failure);
            ExitCode::from(failure.exit_code())
        });
    }
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("the runtime does not start: {error}")))
        .and_then(|runtime| runtime.block_on(obey(arguments.command, &printer)));
    match done {
        Ok(()) => ExitCode::from(exit::OK),
        Err(failure) => {
            printer.complain(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

async fn obey(command: Command, printer: &Printer) -> Result<(), Failure> {
    match command {
        // Done before.
        Command::Carrier(_) => Ok(()),
        Command::Dev(wish) => dev::run(wish, printer).await,
        Command::Send(wish) => send::run(wish, printer, clock::now()).await,
        Command::Message(wish) => message::run(wish, printer).await,
        Command::Carriers(reach) => operator::carriers(reach, printer).await,
        Command::Reload(reach) => operator::reload(reach, printer).await,
        Command::Token(wish) => token::run(&wish, printer, clock::now()),
    }
}
