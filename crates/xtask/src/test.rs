//! `cargo xtask test`: programs and carriers built, peers set up, then `cargo test` over everything.

use crate::cargo::{self, cargo, passed_on};
use crate::peers;
use anyhow::Result;
use std::ffi::OsString;
use std::process::ExitCode;

pub(crate) fn run(arguments: impl Iterator<Item = OsString>) -> Result<ExitCode> {
    // `cargo test` alone builds no carrier library: nothing depends on one.
    let built = cargo::run(cargo().args(["build", "--workspace", "--locked"]))?;
    if !built.success() {
        return Ok(passed_on(built));
    }
    let peers = peers::set_up()?;
    let mut test = cargo();
    test.args(["test", "--workspace", "--locked", "--no-fail-fast"])
        .args(arguments)
        .env("ALDIS_PEERS", peers);
    Ok(passed_on(cargo::run(&mut test)?))
}
