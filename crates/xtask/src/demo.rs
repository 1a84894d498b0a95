//! `cargo demo`: builds what `aldis dev` needs, then becomes it.

use crate::cargo::{self, cargo, passed_on, target};
use anyhow::{Context as _, Result};
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

/// Both services, the hand that starts them, the program a carrier runs in, and the carrier they load.
const PACKAGES: [&str; 5] = [
    "aldis-edge",
    "aldis-delivery",
    "aldis-carrier-host",
    "aldis-cli",
    "aldis-carrier-sandbox",
];

pub(crate) fn run(arguments: impl Iterator<Item = OsString>) -> Result<ExitCode> {
    let mut release = cargo();
    release.args(["build", "--release", "--locked"]);
    for package in PACKAGES {
        release.args(["--package", package]);
    }
    let built = cargo::run(&mut release)?;
    if !built.success() {
        return Ok(passed_on(built));
    }
    let aldis = target()?.join("release/aldis");
    // Becomes it, so that Ctrl-C and signals reach it and nobody in between.
    let error = Command::new(&aldis).arg("dev").args(arguments).exec();
    Err(error).with_context(|| format!("{} does not run", aldis.display()))
}
