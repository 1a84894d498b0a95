//! The peers that others wrote, in Python, Node, Perl and C: installed below the target folder, or their absence said aloud.

use crate::cargo::{root, run, target};
use crate::say;
use anyhow::{Context as _, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Sets up what can be set up, and returns the folder that holds it.
pub(crate) fn set_up() -> Result<PathBuf> {
    let folder = target()?.join("peers");
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    // Two runs in one clone take turns. Given back when the file is closed.
    let turn = fs::File::create(folder.join("lock")).context("the peers' lock cannot be made")?;
    turn.lock().context("the peers' lock cannot be taken")?;
    let wanted = root().join("tests/peers");
    python(&folder.join("python"), &wanted)?;
    node(&folder.join("node"), &wanted)?;
    perl(&folder.join("perl"), &wanted)?;
    kannel(&folder.join("kannel"), &wanted)?;
    jasmin(&folder.join("jasmin"), &wanted)?;
    go(&folder.join("go"), &wanted)?;
    Ok(folder)
}

fn python(folder: &Path, wanted: &Path) -> Result<()> {
    let requirements = wanted.join("requirements.txt");
    set_up_one(
        "the Python peers (grpcio-tools, PyJWT, smpp34, twilio)",
        folder,
        &[&requirements],
        || environment(folder, &requirements),
    )
}

/// A Python of its own, with these packages.
fn environment(folder: &Path, requirements: &Path) -> Result<(), String> {
    attempt(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
    ]);
    // A machine without a registry shall not wait for one.
    pip.args(["--timeout", "20", "--retries", "2", "--requirement"])
        .arg(requirements);
    attempt(&mut pip)
}

fn node(folder: &Path, wanted: &Path) -> Result<()> {
    let files = [wanted.join("package.json"), wanted.join("package-lock.json")];
    set_up_one(
        "the Node peers (jsonwebtoken, smpp)",
        folder,
        &[&files[0], &files[1]],
        || {
            attempt(Command::new("node").arg("--version"))?;
            fs::create_dir_all(folder).map_err(|error| error.to_string())?;
            for file in &files {
                let name = file.file_name().unwrap_or_default();
                fs::copy(file, folder.join(name)).map_err(|error| format!("{}: {error}", file.display()))?;
            }
            let mut npm = Command::new("npm");
            npm.args([
                "ci",
                "--silent",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                "--fetch-retries=1",
            ]);
            attempt(npm.current_dir(folder))
        },
    )
}

/// Debian's SMSC in Perl: the package is unpacked, not installed.
fn perl(folder: &Path, wanted: &Path) -> Result<()> {
    let packages = wanted.join("perl.txt");
    set_up_one("the Perl peer (smsc.pl)", folder, &[&packages], || {
        attempt(Command::new("perl").arg("-v"))?;
        debian(folder, &packages)
    })
}

/// Debian's Kannel, likewise.
fn kannel(folder: &Path, wanted: &Path) -> Result<()> {
    let packages = wanted.join("kannel.txt");
    set_up_one("Kannel", folder, &[&packages], || {
        debian(folder, &packages)?;
        // Kannel is for machines like the one it was built on; elsewhere a library is missing.
        let libraries = folder.join("usr/lib/x86_64-linux-gnu");
        let old = folder.join("lib/x86_64-linux-gnu");
        let path = std::env::join_paths([libraries, old]).map_err(|error| error.to_string())?;
        let mut bearerbox = Command::new(folder.join("usr/sbin/bearerbox"));
        attempt(bearerbox.arg("--version").env("LD_LIBRARY_PATH", path))
    })
}

/// Jasmin, with a Python of its own: it wants old versions of what others want new.
fn jasmin(folder: &Path, wanted: &Path) -> Result<()> {
    let (packages, requirements) = (wanted.join("jasmin.txt"), wanted.join("jasmin-requirements.txt"));
    set_up_one("Jasmin", folder, &[&packages, &requirements], || {
        debian(&folder.join("debian"), &packages)?;
        environment(&folder.join("python"), &requirements)
    })
}

/// Debian's compiler of Go.
fn go(folder: &Path, wanted: &Path) -> Result<()> {
    let packages = wanted.join("go.txt");
    set_up_one("Go", folder, &[&packages], || {
        debian(folder, &packages)?;
        attempt(Command::new(folder.join("usr/lib/go-1.19/bin/go")).arg("version"))
    })
}

/// Unpacks Debian packages into the folder.
fn debian(folder: &Path, packages: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    let names = fs::read_to_string(packages).map_err(|error| error.to_string())?;
    let names = names.lines().filter(|line| !line.starts_with('#'));
    attempt(
        Command::new("apt-get")
            .args(["download", "--quiet"])
            .args(names)
            .current_dir(folder),
    )?;
    let files = fs::read_dir(folder).map_err(|error| error.to_string())?;
    let archives = files.flatten().map(|entry| entry.path());
    for archive in archives.filter(|path| path.extension().is_some_and(|ending| ending == "deb")) {
        attempt(Command::new("dpkg-deb").arg("-x").args([&archive, folder]))?;
    }
    Ok(())
}

/// Installs, unless exactly this is installed already. A failure leaves nothing behind.
fn set_up_one(
    what: &str,
    folder: &Path,
    wanted: &[&Path],
    install: impl FnOnce() -> Result<(), String>,
) -> Result<()> {
    let mut stamp = String::new();
    for file in wanted {
        stamp += &fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    }
    let stamped = folder.join("installed");
    if fs::read_to_string(&stamped).is_ok_and(|installed| installed == stamp) {
        return Ok(());
    }
    say(&format!("setting up {what} ..."));
    remove(folder)?;
    match install() {
        Ok(()) => {
            fs::write(&stamped, stamp).with_context(|| format!("{} cannot be written", stamped.display()))
        }
        Err(reason) => {
            say(&format!("SKIPPED: the checks against {what}, because {reason}"));
            remove(folder)
        }
    }
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
    }
    Ok(())
}

/// Runs a step; its own words go to standard error, where the reason belongs.
fn attempt(step: &mut Command) -> Result<(), String> {
    let program = step.get_program().to_string_lossy().into_owned();
    let status =
        run(step.stdin(Stdio::null()).stdout(Stdio::null())).map_err(|error| format!("{error:#}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{program} failed ({status}), as it says above"))
    }
}

#[cfg(test)]
mod tests;
