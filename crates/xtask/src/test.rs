//! `cargo xtask test`: programs and carriers built, peers set up, then `cargo test` over everything.

use crate::cargo::{self, cargo, passed_on};
use crate::peers;
use anyhow::Result;
use std::ffi::OsString;
use std::process::{Command, ExitCode};

pub(crate) fn run(arguments: impl Iterator<Item = OsString>) -> Result<ExitCode> {
    // `cargo test` alone builds no carrier library: nothing depends on one.
    let built = cargo::run(cargo().args(["build", "--workspace", "--locked"]))?;
    if !built.success() {
        return Ok(passed_on(built));
    }
    let peers = peers::set_up()?;
    let arguments: Vec<_> = arguments.collect();
    if arguments.is_empty() {
        let in_workers = cargo::run(in_workers().env("ALDIS_PEERS", &peers))?;
        if !in_workers.success() {
            return Ok(passed_on(in_workers));
        }
    }
    let mut test = cargo();
    test.args(["test", "--workspace", "--locked", "--no-fail-fast"])
        .args(arguments)
        .env("ALDIS_PEERS", peers);
    Ok(passed_on(cargo::run(&mut test)?))
}

/// The carrier border keeps its promises where a library runs in a process of its own too.
fn in_workers() -> Command {
    let mut test = cargo();
    // The whole workspace, for its features: what is built here is built once.
    test.args(["test", "--workspace", "--exclude", "aldis-carrier-smpp"])
        .args(["--locked", "--test", "promises"])
        .env("ALDIS_TEST_ISOLATION", "worker");
    test
}
