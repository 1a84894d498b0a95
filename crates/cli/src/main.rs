//! `aldis`: hands the command line to [`aldis_cli`] and exits with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    aldis_cli::run()
}
