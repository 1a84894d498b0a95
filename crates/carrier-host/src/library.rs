//! Finds a carrier's file, loads it, and settles with it which contract both speak.

use crate::border::calls::load;
use crate::border::host_table::Room;
use crate::border::open::{Opened, open};
use crate::descriptor::Descriptor;
use crate::redact::Redactor;
use crate::{Sha256, Trust, elf, sealed};
use aldis_carrier::abi::{ABI_MAJOR, ABI_MINOR, Entry, HTTP, Http, MAGIC, SESSION, Session};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

/// A loaded library. It stays mapped for the life of the process; clones are the same library.
#[derive(Clone)]
pub struct Library(Arc<Loaded>);

struct Loaded {
    path: PathBuf,
    sha256: Sha256,
    opened: Opened,
    descriptor: Descriptor,
}

impl Library {
    /// Loads a file and agrees with it on the contract, or says why not. Loading the same bytes again maps them again:
    /// [`crate::Libraries`] does not.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        Self::take(path, &Trust::Anything, |_| None)
    }

    /// As [`Library::load`], if these bytes are trusted and `known` does not have them.
    pub(crate) fn take(
        path: &Path,
        trust: &Trust,
        known: impl FnOnce(Sha256) -> Option<Self>,
    ) -> Result<Self, LoadError> {
        let refused = |reason| LoadError::Refused {
            path: path.to_owned(),
            reason,
        };
        // A bare file name would be looked for in the system's library directories.
        let real = path
            .canonicalize()
            .map_err(|error| refused(format!("it cannot be loaded: {error}")))?;
        let file = sealed::read(&real).map_err(refused)?;
        let pin = trust.allows(file.sha256).map_err(refused)?;
        if let Some(library) = known(file.sha256) {
            return Ok(library);
        }
        // Its constructors run when it is mapped, so this is the last look at it as mere bytes.
        if cfg!(target_os = "linux")
            && let faults = elf::faults(&file.bytes)
            && !faults.is_empty()
        {
            return Err(refused(faults.join("; ")));
        }
        let opened = sealed::seal(&file, &real)
            .and_then(|sealed| open(&sealed))
            .map_err(refused)?;
        agree(&opened.entry).map_err(refused)?;
        let descriptor = Descriptor::parse(opened.descriptor_json())
            .map_err(|reason| refused(format!("its descriptor {reason}")))?;
        check_style(&opened).map_err(refused)?;
        check_name(path, &descriptor.id).map_err(refused)?;
        if let Some(pin) = pin.filter(|pin| pin.version != descriptor.version) {
            let (says, pinned) = (&descriptor.version, &pin.version);
            return Err(refused(format!(
                "it says it is version {says}, and pinned is {pinned}"
            )));
        }
        // It has no instance yet, hence nothing to hide and no clock.
        let room = Room::new(descriptor.id.clone(), || 0, Redactor::default());
        load(&opened, &room).map_err(refused)?;
        Ok(Self(Arc::new(Loaded {
            path: real,
            sha256: file.sha256,
            opened,
            descriptor,
        })))
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

    pub(crate) fn opened(&self) -> &Opened {
        &self.0.opened
    }
}

impl PartialEq for Library {
    /// The same code in memory.
    fn eq(&self, other: &Self) -> bool {
        self.0.opened.address == other.0.opened.address
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library")
            .field("path", &self.0.path)
            .finish_non_exhaustive()
    }
}

/// Equal majors, and a host new enough for the library (`aldis_carrier.h`). The error completes "<path>: ".
fn agree(entry: &Entry) -> Result<(), String> {
    let Entry {
        magic,
        abi_major,
        abi_minor,
        min_host_minor,
        required_features,
        ..
    } = *entry;
    let versions = format!(
        "it was built for carrier ABI {abi_major}.{abi_minor}, this host speaks {ABI_MAJOR}.{ABI_MINOR}"
    );
    if magic != MAGIC {
        return Err(format!(
            "it is no Aldis carrier: its entry begins with {magic:#010x} instead of {MAGIC:#010x}"
        ));
    }
    if abi_major != ABI_MAJOR {
        return Err(format!("{versions}: the major versions must be equal"));
    }
    if min_host_minor > ABI_MINOR {
        return Err(format!(
            "{versions}: it needs a host of at least {abi_major}.{min_host_minor}"
        ));
    }
    let unknown = required_features & !KNOWN_FEATURES;
    if unknown != 0 {
        return Err(format!(
            "it needs features this host does not have (bits {unknown:#x}); {versions}"
        ));
    }
    if entry.instance_create.is_none() {
        return Err("its entry has no instance_create".into());
    }
    Ok(())
}

/// None is defined yet.
const KNOWN_FEATURES: u64 = 0;

/// One of the two styles, and all of it.
fn check_style(opened: &Opened) -> Result<(), String> {
    match (opened.http(), opened.session()) {
        (Some(_), Some(_)) => Err(format!(
            "it has both {HTTP} and {SESSION}; a carrier has one of them"
        )),
        (Some(http), None) => match http {
            Http {
                submit: Some(_),
                on_response: Some(_),
                ..
            } => Ok(()),
            _ => Err(format!("its {HTTP} table lacks submit or on_response")),
        },
        (None, Some(session)) => match session {
            Session {
                links: Some(_),
                open: Some(_),
                on_bytes: Some(_),
                on_timer: Some(_),
                submit: Some(_),
                drain: Some(_),
                destroy: Some(_),
                ..
            } => Ok(()),
            _ => Err(format!("its {SESSION} table lacks a function")),
        },
        (None, None) => Err(format!(
            "it has neither {HTTP} nor {SESSION}, the styles this host runs"
        )),
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
