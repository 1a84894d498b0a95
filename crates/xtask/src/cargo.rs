//! Runs the cargo that runs us, on the repository that we belong to.

use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};

/// The repository root.
pub(crate) fn root() -> &'static Path {
    // crates/xtask lies two below it.
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().and_then(Path::parent).unwrap_or(own)
}

/// Where this build's results go, by whichever setting: we are `<there>/<profile>/xtask` ourselves.
pub(crate) fn target() -> Result<PathBuf> {
    let own = std::env::current_exe().context("this program does not know where it lies")?;
    let target = own
        .parent()
        .and_then(Path::parent)
        .context("this program does not lie in a target folder")?;
    Ok(target.to_path_buf())
}

/// A cargo command in the repository root.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Result<ExitStatus> {
    command
        .status()
        .with_context(|| format!("{} does not run", command.get_program().to_string_lossy()))
}

/// The same end for us.
pub(crate) fn passed_on(status: ExitStatus) -> ExitCode {
    // None: it died of a signal.
    status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from)
}
