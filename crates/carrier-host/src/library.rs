//! Finds a carrier's file, loads it, and settles with it which contract both speak.

use crate::border::calls::load;
use crate::border::host_table::Room;
use crate::border::open::Opened;
use crate::budget::Conduct;
use crate::descriptor::Descriptor;
use crate::manifest::{self, Manifest};
use crate::redact::Redactor;
use crate::sealed::{Read, Sealed};
use crate::terms::meet;
use crate::worker::Recipe;
use crate::{Isolation, Pin, Sha256, Trust, elf, sealed};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

/// Why a plugin cannot be used. A sentence for the operator: it names the file and what is wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No such file in any of the directories.
    #[error("no carrier plugin {plugin:?}: {file} is in none of {}", shown(searched))]
    NotFound {
        /// The name in the configuration.
        plugin: String,
        /// The file looked for.
        file: String,
        /// Where.
        searched: Vec<PathBuf>,
    },
    /// There is a file, and it will not do.
    #[error("{}: {reason}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl LoadError {
    fn refused(path: &Path, reason: String) -> Self {
        let path = path.to_owned();
        Self::Refused { path, reason }
    }
}

fn shown(searched: &[PathBuf]) -> String {
    let shown: Vec<_> = searched.iter().map(|dir| dir.display().to_string()).collect();
    if shown.is_empty() {
        "no directory at all (plugin_dirs is empty)".into()
    } else {
        shown.join(", ")
    }
}

/// The file of a plugin: the first of `dirs` that has it wins.
pub fn find(plugin: &str, dirs: &[PathBuf]) -> Result<PathBuf, LoadError> {
    let file = format!("{PREFIX}{}{SUFFIX}", plugin.replace('-', "_"));
    // A name is a name: it cannot climb out of the directories.
    let named = !plugin.contains(['/', '\\', '\0']);
    let found = dirs
        .iter()
        .map(|dir| dir.join(&file))
        .find(|path| named && path.is_file());
    found.ok_or_else(|| LoadError::NotFound {
        plugin: plugin.to_owned(),
        file,
        searched: dirs.to_vec(),
    })
}

const PREFIX: &str = "libaldis_carrier_";
const SUFFIX: &str = std::env::consts::DLL_SUFFIX;

/// A library that may be used: loaded here for the life of the process, or known from a trial and run in workers.
/// Clones are the same library.
#[derive(Clone)]
pub struct Library(Arc<Known>);

struct Known {
    path: PathBuf,
    sha256: Sha256,
    descriptor: Descriptor,
    code: Code,
    conduct: Conduct,
}

/// A library for as long as somebody has it.
pub(crate) struct Remembered(Weak<Known>);

impl Remembered {
    pub(crate) fn recall(&self) -> Option<Library> {
        self.0.upgrade().map(Library)
    }
}

/// Where its code is.
pub(crate) enum Code {
    /// In this process.
    Here(Opened),
    /// In processes of its own.
    Workers(Recipe),
}

/// A file that was read once and found fit for a trial.
pub(crate) struct Candidate {
    path: PathBuf,
    file: Read,
    pin: Option<Pin>,
    manifest: Option<Manifest>,
}

impl Candidate {
    /// Reads the file, if these bytes are trusted and are what their manifest says.
    pub(crate) fn read(path: &Path, trust: &Trust) -> Result<Self, LoadError> {
        let candidate = Self::alone(path)?;
        let pin = trust.allows(candidate.file.sha256);
        let pin = pin.map_err(|reason| candidate.refused(reason))?.cloned();
        let manifest = candidate.manifest_beside(path)?;
        Ok(Self {
            pin,
            manifest,
            ..candidate
        })
    }

    /// Reads the file, whatever is known of it.
    pub(crate) fn alone(path: &Path) -> Result<Self, LoadError> {
        let refused = |reason| LoadError::refused(path, reason);
        // A bare file name would be looked for in the system's library directories.
        let real = path
            .canonicalize()
            .map_err(|error| refused(format!("it cannot be loaded: {error}")))?;
        Ok(Self {
            file: sealed::read(&real).map_err(refused)?,
            path: real,
            pin: None,
            manifest: None,
        })
    }

    /// The manifest that lies beside the file, or beside what `path` is a link to; held against the file.
    pub(crate) fn manifest_beside(&self, path: &Path) -> Result<Option<Manifest>, LoadError> {
        for path in [path, &self.path] {
            let found = manifest::read(path).map_err(|reason| self.refused(reason))?;
            let Some(manifest) = found else { continue };
            let facts = elf::facts(&self.file.bytes);
            let held = facts.and_then(|facts| {
                let held = manifest.check(self.sha256(), &facts);
                held.map_err(|reason| manifest::wrong(&Manifest::file_of(path), &reason))
            });
            return held
                .map(|()| Some(manifest))
                .map_err(|reason| self.refused(reason));
        }
        Ok(None)
    }

    pub(crate) fn sha256(&self) -> Sha256 {
        self.file.sha256
    }

    /// Made by those who make Aldis, says the pin.
    pub(crate) fn is_first_party(&self) -> bool {
        self.pin.as_ref().is_some_and(|pin| pin.first_party)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn refused(&self, reason: String) -> LoadError {
        LoadError::refused(&self.path, reason)
    }

    /// The last look at it as mere bytes: its constructors run when it is mapped.
    pub(crate) fn seal(&self, isolation: Isolation) -> Result<Sealed, LoadError> {
        let faults = elf::faults(&self.file.bytes, isolation);
        if !faults.is_empty() {
            return Err(self.refused(faults.join("; ")));
        }
        sealed::seal(&self.file).map_err(|reason| self.refused(reason))
    }

    /// Loads it into this process.
    pub(crate) fn load(&self, sealed: Sealed) -> Result<Library, LoadError> {
        let opened = meet(&sealed.lasting_path()).map_err(|reason| self.refused(reason))?;
        let descriptor = self.describe(opened.descriptor_json())?;
        self.against_manifest(|manifest| manifest.check_entry(&opened.entry))?;
        // It has no instance yet, hence nothing to hide and no clock.
        let room = Room::new(descriptor.id.clone(), || 0, Redactor::default());
        load(&opened, &room).map_err(|reason| self.refused(reason))?;
        Ok(self.known(descriptor, Code::Here(opened)))
    }

    /// The bytes, whatever they are, where they can be mapped from. The error completes "<path>: ".
    #[cfg(feature = "kit")]
    pub(crate) fn bytes_in_memory(&self) -> Result<Sealed, String> {
        sealed::seal(&self.file)
    }

    /// Loads it into this process, only to see what it says.
    pub(crate) fn manifest(&self, sealed: Sealed) -> Result<Manifest, LoadError> {
        let facts = elf::facts(&self.file.bytes).map_err(|reason| self.refused(reason))?;
        let opened = meet(&sealed.lasting_path()).map_err(|reason| self.refused(reason))?;
        self.describe(opened.descriptor_json())?;
        let descriptor = serde_json::from_slice(opened.descriptor_json()).unwrap_or_default();
        Ok(Manifest::new(self.sha256(), &facts, &opened.entry, descriptor))
    }

    /// What it says of itself, and whether that can be.
    pub(crate) fn describe(&self, json: &[u8]) -> Result<Descriptor, LoadError> {
        let descriptor = Descriptor::parse(json);
        let descriptor = descriptor.map_err(|reason| self.refused(format!("its descriptor {reason}")))?;
        check_name(&self.path, &descriptor.id).map_err(|reason| self.refused(reason))?;
        if let Some(pin) = self.pin.as_ref().filter(|pin| pin.version != descriptor.version) {
            let (says, pinned) = (&descriptor.version, &pin.version);
            let reason = format!("it says it is version {says}, and pinned is {pinned}");
            return Err(self.refused(reason));
        }
        self.against_manifest(|manifest| manifest.check_descriptor(json))?;
        Ok(descriptor)
    }

    fn against_manifest(&self, check: impl Fn(&Manifest) -> Result<(), String>) -> Result<(), LoadError> {
        let held = self.manifest.as_ref().map_or(Ok(()), check);
        held.map_err(|reason| self.refused(manifest::wrong(&Manifest::file_of(&self.path), &reason)))
    }

    pub(crate) fn known(&self, descriptor: Descriptor, code: Code) -> Library {
        Library(Arc::new(Known {
            path: self.path.clone(),
            sha256: self.file.sha256,
            descriptor,
            code,
            conduct: Conduct::default(),
        }))
    }
}

impl Library {
    /// Loads a file into this process and agrees with it on the contract, or says why not. Loading the same bytes again
    /// maps them again: [`crate::Libraries`] does not, and asks whom you trust.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        let candidate = Candidate::read(path, &Trust::Anything)?;
        let sealed = candidate.seal(Isolation::InProcess)?;
        candidate.load(sealed)
    }

    /// The hash of its bytes.
    pub fn sha256(&self) -> Sha256 {
        self.0.sha256
    }

    /// What the library says of itself.
    pub fn descriptor(&self) -> &Descriptor {
        &self.0.descriptor
    }

    /// The file it came from.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Where its instances run.
    pub fn isolation(&self) -> Isolation {
        match self.0.code {
            Code::Here(_) => Isolation::InProcess,
            Code::Workers(_) => Isolation::Worker,
        }
    }

    pub(crate) fn code(&self) -> &Code {
        &self.0.code
    }

    /// How it behaves in this process.
    pub(crate) fn conduct(&self) -> &Conduct {
        &self.0.conduct
    }

    pub(crate) fn remembered(&self) -> Remembered {
        Remembered(Arc::downgrade(&self.0))
    }
}

impl PartialEq for Library {
    /// The same code in memory.
    fn eq(&self, other: &Self) -> bool {
        match (&self.0.code, &other.0.code) {
            (Code::Here(one), Code::Here(two)) => one.address == two.address,
            _ => Arc::ptr_eq(&self.0, &other.0),
        }
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library")
            .field("path", &self.0.path)
            .finish_non_exhaustive()
    }
}

/// A file that is named as a plugin must be that plugin.
fn check_name(path: &Path, id: &str) -> Result<(), String> {
    let file = path
        .file_name()
        .and_then(|file| file.to_str())
        .unwrap_or_default();
    let named = file
        .strip_prefix(PREFIX)
        .and_then(|file| file.strip_suffix(SUFFIX));
    match named {
        Some(named) if named != id.replace('-', "_") => Err(format!(
            "its descriptor says it is the plugin {id:?}; its file name says {named:?}"
        )),
        _ => Ok(()),
    }
}
