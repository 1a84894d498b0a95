//! `aldis carrier pin`: writes down which libraries delivery may load, and shows what that means.

use super::confined::{Ran, under};
use super::{Pin, kit, not_seen, object, scratch, trusted};
use crate::failure::Failure;
use crate::plain::acts;
use crate::printer::Printer;
use aldis_carrier_host::{Manifest, Sha256};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::ExitCode;

const HEAD: &str = "\
# The carrier libraries that aldis-delivery may load, by the SHA-256 of their bytes.
# Written by `aldis carrier pin`.

";

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lock {
    #[serde(default)]
    carriers: Vec<Entry>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    plugin: String,
    version: String,
    sha256: String,
    #[serde(default)]
    first_party: bool,
}

/// A library that is pinned: what goes into the lock, and what is shown of it.
struct Pinned {
    entry: Entry,
    descriptor: Value,
    text: String,
    ran: Ran,
}

pub(super) fn run(wish: &Pin, printer: &Printer) -> Result<ExitCode, Failure> {
    let mut lock = read(&wish.lock)?;
    let mut pinned = Vec::new();
    for library in &wish.libraries {
        let one = match Manifest::beside(library)
            .map_err(|error| Failure::failed(trusted::plain(&error.to_string())))?
        {
            Some(manifest) => told(library, &manifest, wish.first_party)?,
            None => tried(library, wish)?,
        };
        let entry = &one.entry;
        lock.carriers
            .retain(|known| known.plugin != entry.plugin || (wish.keep && known.sha256 != entry.sha256));
        lock.carriers.push(entry.clone());
        pinned.push(one);
    }
    lock.carriers
        .sort_by(|one, other| (&one.plugin, &one.version).cmp(&(&other.plugin, &other.version)));
    write(&wish.lock, &lock)?;
    let (texts, all): (Vec<_>, Vec<_>) = pinned.iter().map(|one| (one.text.as_str(), json(one))).unzip();
    printer.answer(&texts.join("\n"), &all.into())?;
    Ok(ExitCode::SUCCESS)
}

fn json(pinned: &Pinned) -> Value {
    let mut all = json!(pinned.entry);
    for key in ["allowed_hosts", "styles", "capabilities"] {
        all[key] = pinned.descriptor[key].clone();
    }
    pinned.ran.note(&mut all);
    all
}

/// Of a library with a manifest, which has been held against the file: nothing of it runs before it is trusted.
fn told(library: &Path, manifest: &Manifest, first_party: bool) -> Result<Pinned, Failure> {
    let descriptor = manifest.descriptor().clone();
    Ok(Pinned {
        entry: Entry::of(library, &descriptor, manifest.sha256(), first_party)?,
        text: trusted::shown(manifest),
        descriptor,
        ran: Ran::Not,
    })
}

/// Describes a library that a host would load: it tells its name in a child that is confined, and its bytes are hashed
/// here.
fn tried(library: &Path, wish: &Pin) -> Result<Pinned, Failure> {
    let fault = |error| Failure::usage(format!("{}: {error}", library.display()));
    let before = fs::read(library).map_err(fault)?;
    let scratch = scratch()?;
    let kit = kit(library, None, scratch.path(), wish.confinement)?;
    let said = kit.describe();
    let ran = Ran::of(&kit, wish.confinement);
    let after = |failure: Failure| ran.after(failure);
    let said = said.map_err(|why| not_seen(&why));
    let descriptor = said.and_then(object).map_err(after)?;
    let bytes = fs::read(library).map_err(fault).map_err(after)?;
    if bytes != before {
        let failure = Failure::failed(format!("{} is being written", library.display()));
        return Err(after(failure));
    }
    let entry = Entry::of(library, &descriptor, Sha256::of(&bytes), wish.first_party).map_err(after)?;
    let (text, sha256) = (trusted::described(&descriptor), &entry.sha256);
    let how = match &ran {
        Ran::Without(_) => "unconfined",
        _ => "confined",
    };
    let text = format!("{text}\n  sha256: {sha256}\n  no manifest beside it: it ran, {how}, to tell this");
    Ok(Pinned {
        text: under(text, &ran),
        ran,
        entry,
        descriptor,
    })
}

impl Entry {
    /// Makes the entry of a library with this descriptor. Its name and version must be there to be read: somebody decides by
    /// them.
    fn of(library: &Path, descriptor: &Value, sha256: Sha256, first_party: bool) -> Result<Self, Failure> {
        let text = |key: &str| {
            let text = descriptor[key].as_str().unwrap_or_default();
            if text.is_empty() || text.contains(acts) {
                let library = library.display();
                let reason =
                    format!("{library}: the descriptor's {key} is empty, or has letters that are not seen");
                return Err(Failure::failed(reason));
            }
            Ok(text.to_owned())
        };
        Ok(Self {
            plugin: text("id")?,
            version: text("version")?,
            sha256: sha256.to_string(),
            first_party,
        })
    }
}

fn read(file: &Path) -> Result<Lock, Failure> {
    match fs::read_to_string(file) {
        Ok(text) => toml::from_str(&text)
            .map_err(|error| Failure::config(format!("{}: {}", file.display(), error.message()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Lock::default()),
        Err(error) => Err(Failure::config(format!("{}: {error}", file.display()))),
    }
}

/// Whole or not at all: delivery may be reading it.
fn write(file: &Path, lock: &Lock) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::failed(format!("{}: {error}", file.display()));
    let text = toml::to_string(lock).map_err(|error| failed(&error))?;
    let beside = file.with_extension("lock.new");
    fs::write(&beside, format!("{HEAD}{text}")).map_err(|error| failed(&error))?;
    fs::rename(&beside, file).map_err(|error| failed(&error))
}
