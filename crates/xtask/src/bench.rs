//! `cargo xtask bench`: figures of this machine, from optimised builds.

use crate::cargo::{self, cargo, passed_on};
use anyhow::Result;
use std::ffi::OsString;
use std::process::ExitCode;

pub(crate) fn run(arguments: impl Iterator<Item = OsString>) -> Result<ExitCode> {
    let mut bench = cargo();
    bench
        .args([
            "bench",
            "--locked",
            "--package",
            "aldis-carrier-host",
            "--bench",
            "border",
            "--",
        ])
        .args(arguments);
    Ok(passed_on(cargo::run(&mut bench)?))
}
