//! `aldis carrier manifest`: writes what a library is beside it.

use super::confined::{Ran, under};
use super::{Manifest as Wish, kit, not_seen, scratch, trusted};
use crate::failure::Failure;
use crate::plain::escaped;
use crate::printer::Printer;
use aldis_carrier_host::Manifest;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

pub(super) fn run(wish: &Wish, printer: &Printer) -> Result<ExitCode, Failure> {
    let scratch = scratch()?;
    let kit = kit(&wish.library, None, scratch.path(), wish.confinement)?;
    let made = kit.manifest();
    let ran = Ran::of(&kit, wish.confinement);
    let after = |failure: Failure| ran.after(failure);
    let manifest = made.map_err(|why| after(not_seen(&why)))?;
    let file = Manifest::file_of(&wish.library);
    write(&file, &manifest).map_err(after)?;
    // What the child said is held against the file, as a host does.
    let held = Manifest::beside(&wish.library).map_err(|error| {
        let _ = fs::remove_file(&file);
        after(Failure::failed(trusted::plain(&error.to_string())))
    })?;
    let text = trusted::shown(held.as_ref().unwrap_or(&manifest));
    let mut answer = manifest.to_json();
    ran.note(&mut answer);
    printer.answer(&under(format!("{}\n{text}", file.display()), &ran), &answer)?;
    Ok(ExitCode::SUCCESS)
}

/// Whole or not at all: delivery may be reading it.
fn write(file: &Path, manifest: &Manifest) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::failed(format!("{}: {error}", file.display()));
    let text = serde_json::to_string_pretty(&manifest.to_json()).map_err(|error| failed(&error))?;
    let beside = file.with_extension("json.new");
    fs::write(&beside, escaped(&text) + "\n").map_err(|error| failed(&error))?;
    fs::rename(&beside, file).map_err(|error| failed(&error))
}
