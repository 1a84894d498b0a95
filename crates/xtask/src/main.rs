//! `cargo demo` and `cargo xtask test`: what a newcomer runs first, from a bare clone. And `cargo xtask bench`.
//!
//! Needs cargo, rustc and a C compiler. What else a check wants is set up here, or its absence is said aloud.

mod bench;
mod cargo;
mod demo;
mod peers;
mod test;

use std::io::Write as _;
use std::process::ExitCode;

const USAGE: &str = "\
cargo demo [--once] [--port N] ...   builds everything, sends one signed Auth0 request to a sandbox carrier,
                                     shows its way and keeps serving; options as in `aldis dev --help`
cargo xtask test [filter] ...        the whole suite (also `cargo t`); arguments as in `cargo test`
cargo xtask bench                    what the carrier border costs, measured on this machine
";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let command = arguments.next();
    let done = match command.as_deref().and_then(|word| word.to_str()) {
        Some("demo") => demo::run(arguments),
        Some("test") => test::run(arguments),
        Some("bench") => bench::run(arguments),
        None | Some("help" | "--help" | "-h") => {
            say(USAGE.trim_end());
            Ok(ExitCode::SUCCESS)
        }
        Some(_) => {
            say(&format!("xtask: no such task\n{}", USAGE.trim_end()));
            Ok(ExitCode::from(2))
        }
    };
    done.unwrap_or_else(|error| {
        say(&format!("xtask: {error:#}"));
        ExitCode::FAILURE
    })
}

/// Standard error, unbuffered; standard output belongs to what is run.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
