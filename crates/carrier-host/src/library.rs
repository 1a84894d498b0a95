//! Finds a carrier's file, loads it, and settles with it which contract both speak.

use crate::descriptor::Descriptor;
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
    descriptor: Descriptor,
}

impl Library {
    /// Loads a file, or says why not.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        Err(LoadError::Refused {
            path: path.to_owned(),
            reason: "this host cannot load libraries yet".into(),
        })
    }

    /// What the library says of itself.
    pub fn descriptor(&self) -> &Descriptor {
        &self.0.descriptor
    }

    /// The file it came from.
    pub fn path(&self) -> &Path {
        &self.0.path
    }
}
