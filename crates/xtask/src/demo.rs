//! `cargo demo`: builds everything, then becomes `aldis dev`.

use crate::cargo::{self, cargo, passed_on, target};
use anyhow::{Context as _, Result};
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

pub(crate) fn run(arguments: impl Iterator<Item = OsString>) -> Result<ExitCode> {
    let mut release = cargo();
    // Named are those that are left out: a list of what is needed could lack something.
    release.args(["build", "--release", "--locked", "--workspace"]);
    release.args(["--exclude", "aldis-xtask", "--exclude", "aldis-tests"]);
    let built = cargo::run(&mut release)?;
    if !built.success() {
        return Ok(passed_on(built));
    }
    let aldis = target()?.join("release/aldis");
    // Becomes it, so that Ctrl-C and signals reach it and nobody in between.
    let error = Command::new(&aldis).arg("dev").args(arguments).exec();
    Err(error).with_context(|| format!("{} does not run", aldis.display()))
}
