//! `aldis carrier manifest`: writes what a library is beside it.

use super::{Manifest as Wish, scratch, trusted};
use crate::failure::Failure;
use crate::printer::Printer;
use aldis_carrier_host::Manifest;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Constructors and `load` of a library are done in milliseconds.
const LONGEST: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(10);

pub(super) fn run(wish: &Wish, printer: &Printer) -> Result<ExitCode, Failure> {
    if let Some(file) = &wish.inside {
        let manifest = Manifest::of(&wish.library).map_err(|error| Failure::failed(error.to_string()))?;
        write(file, &manifest)?;
        return Ok(ExitCode::SUCCESS);
    }
    let manifest = made(&wish.library)?;
    let file = Manifest::file_of(&wish.library);
    write(&file, &manifest)?;
    // What the child said is held against the file, as a host does.
    let held = Manifest::beside(&wish.library).map_err(|error| {
        let _ = fs::remove_file(&file);
        Failure::failed(error.to_string())
    })?;
    let text = trusted::shown(held.as_ref().unwrap_or(&manifest));
    printer.answer(&format!("{}\n{text}", file.display()), &manifest.to_json())?;
    Ok(ExitCode::SUCCESS)
}

/// By a child: the library runs in it, and whatever that does stays in it.
fn made(library: &Path) -> Result<Manifest, Failure> {
    let fault = |reason: String| Failure::failed(format!("{}: {reason}", library.display()));
    let scratch = scratch()?;
    let (manifest, words) = (scratch.path().join("manifest.json"), scratch.path().join("words"));
    let spawn = || -> std::io::Result<Child> {
        let mut child = Command::new(std::env::current_exe()?);
        child
            .args(["carrier", "manifest", "--inside"])
            .arg(&manifest)
            .arg(library);
        child.stdin(Stdio::null()).stdout(Stdio::null());
        child.stderr(fs::File::create(&words)?).spawn()
    };
    let mut child = spawn().map_err(|error| fault(format!("it cannot be tried: {error}")))?;
    if !ended_well(&mut child).map_err(|error| fault(error.to_string()))? {
        let said = fs::read_to_string(&words).unwrap_or_default();
        let said = said.trim().trim_start_matches("aldis: ");
        return Err(if said.is_empty() {
            fault("it crashes where it is loaded".to_owned())
        } else {
            Failure::failed(trusted::plain(said))
        });
    }
    let text = fs::read(&manifest).map_err(|error| fault(error.to_string()))?;
    Manifest::parse(&text).map_err(|reason| fault(format!("its manifest {reason}")))
}

fn ended_well(child: &mut Child) -> std::io::Result<bool> {
    let until = Instant::now() + LONGEST;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if Instant::now() >= until {
            child.kill()?;
            child.wait()?;
            return Err(std::io::Error::other("it does not come back from being loaded"));
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// Whole or not at all: delivery may be reading it.
fn write(file: &Path, manifest: &Manifest) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::failed(format!("{}: {error}", file.display()));
    let text = serde_json::to_string_pretty(&manifest.to_json()).map_err(|error| failed(&error))?;
    let beside = file.with_extension("json.new");
    fs::write(&beside, text + "\n").map_err(|error| failed(&error))?;
    fs::rename(&beside, file).map_err(|error| failed(&error))
}
