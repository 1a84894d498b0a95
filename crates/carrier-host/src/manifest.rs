//! `libaldis_carrier_<id>.json` beside a library: what it says of itself, to be read without running it.

mod reading;

use crate::elf::floor::{self, Glibc};
use crate::elf::{self, Facts};
use crate::library::Candidate;
use crate::{Descriptor, Isolation, LoadError, Sha256, sealed};
use aldis_carrier::abi::{ABI_MAJOR, ABI_MINOR, Entry};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[cfg(test)]
mod tests;

/// What a library was when its manifest was written. The loader believes none of it: before it runs the library it holds
/// the manifest against the file, and afterwards against the descriptor that is compiled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    sha256: Sha256,
    platform: String,
    glibc: Option<Glibc>,
    abi: Abi,
    descriptor: Value,
}

/// The versions of the carrier ABI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Abi {
    major: u16,
    /// Compiled against.
    minor: u16,
    /// The oldest host it runs with.
    min_host_minor: u16,
}

impl Abi {
    fn of(entry: &Entry) -> Self {
        Self {
            major: entry.abi_major,
            minor: entry.abi_minor,
            min_host_minor: entry.min_host_minor,
        }
    }
}

impl Manifest {
    /// Where the manifest of a library lies.
    pub fn file_of(library: &Path) -> PathBuf {
        library.with_extension("json")
    }

    /// Makes the manifest of a library. Runs it, in this process: mind where you call it from.
    pub fn of(library: &Path) -> Result<Self, LoadError> {
        let candidate = Candidate::alone(library)?;
        let sealed = candidate.seal(Isolation::Worker)?;
        candidate.manifest(sealed)
    }

    /// The manifest that lies beside a library, if one does, and if it is of this file. Runs nothing.
    pub fn beside(library: &Path) -> Result<Option<Self>, LoadError> {
        let candidate = Candidate::alone(library)?;
        candidate.manifest_beside(library)
    }

    /// Reads one. The error names the place, or the key and the reason.
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        reading::manifest(json)
    }

    pub(crate) fn new(sha256: Sha256, facts: &Facts, entry: &Entry, descriptor: Value) -> Self {
        Self {
            sha256,
            platform: facts.platform.to_owned(),
            glibc: facts.glibc,
            abi: Abi::of(entry),
            descriptor,
        }
    }

    /// As it is written to the file.
    pub fn to_json(&self) -> Value {
        json!({
            "sha256": self.sha256.to_string(),
            "platform": self.platform,
            "glibc": self.glibc(),
            "abi": {
                "major": self.abi.major,
                "minor": self.abi.minor,
                "min_host_minor": self.abi.min_host_minor,
            },
            "descriptor": self.descriptor,
        })
    }

    /// The hash of the library's bytes.
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// The kind of machine it runs on.
    pub fn platform(&self) -> &str {
        &self.platform
    }

    /// The oldest glibc it runs with, as `2.34`; `None`: any.
    pub fn glibc(&self) -> Option<String> {
        self.glibc.map(|glibc| glibc.to_string())
    }

    /// The ABI it was compiled against, and the oldest host it runs with.
    pub fn abi(&self) -> (String, String) {
        let Abi {
            major,
            minor,
            min_host_minor,
        } = self.abi;
        (format!("{major}.{minor}"), format!("{major}.{min_host_minor}"))
    }

    /// What it says of itself.
    pub fn descriptor(&self) -> &Value {
        &self.descriptor
    }

    /// Whether it is of this file, and of one that this host can run. The error completes "its manifest <file> ".
    pub(crate) fn check(&self, sha256: Sha256, facts: &Facts) -> Result<(), String> {
        if self.sha256 != sha256 {
            let theirs = self.sha256;
            return Err(format!(
                "is of another file: it has the SHA-256 {theirs}, the library {sha256}"
            ));
        }
        if self.platform != facts.platform {
            let (says, is) = (&self.platform, facts.platform);
            return Err(format!("says platform {says:?}, and it was built for {is:?}"));
        }
        if elf::platform().is_some_and(|ours| ours != self.platform) {
            return Err(format!("says platform {:?}, and this is another", self.platform));
        }
        if self.glibc != facts.glibc {
            let word = |glibc: Option<Glibc>| glibc.map_or("none".to_owned(), |glibc| glibc.to_string());
            let (says, needs) = (word(self.glibc), word(facts.glibc));
            return Err(format!("says glibc {says}, and it needs {needs}"));
        }
        if let Some(fault) = self.glibc.and_then(|glibc| floor::fault(glibc, floor::running())) {
            return Err(format!("says so: {fault}"));
        }
        let (built, needed) = self.abi();
        if self.abi.major != ABI_MAJOR || self.abi.min_host_minor > ABI_MINOR {
            return Err(format!(
                "says that it was built for carrier ABI {built} and needs a host of at least {needed}; this host speaks \
                 {ABI_MAJOR}.{ABI_MINOR}"
            ));
        }
        Ok(())
    }

    /// Whether it says what is compiled in. The error completes "its manifest <file> ".
    pub(crate) fn check_descriptor(&self, compiled_in: &[u8]) -> Result<(), String> {
        let compiled_in: Value = serde_json::from_slice(compiled_in).unwrap_or_default();
        match difference(&self.descriptor, &compiled_in, "descriptor") {
            None => Ok(()),
            Some(key) => Err(differs(&key)),
        }
    }

    /// As [`Manifest::check_descriptor`], for the versions.
    pub(crate) fn check_entry(&self, entry: &Entry) -> Result<(), String> {
        if self.abi == Abi::of(entry) {
            Ok(())
        } else {
            Err(differs("abi"))
        }
    }
}

fn differs(key: &str) -> String {
    format!("differs in {key} from what is compiled into it (write it anew with `aldis carrier manifest`)")
}

/// The dotted key of the first member that is not the same.
fn difference(one: &Value, two: &Value, key: &str) -> Option<String> {
    if one == two {
        return None;
    }
    let (Value::Object(first), Value::Object(second)) = (one, two) else {
        return Some(key.to_owned());
    };
    let mut names = first.keys().chain(second.keys());
    names
        .find_map(|name| difference(&one[name], &two[name], &format!("{key}.{name}")))
        // A member that is null, and none.
        .or_else(|| Some(key.to_owned()))
}

/// The manifest beside a library, if there is one; whole, not yet believed. The error completes "<path>: ".
pub(crate) fn read(library: &Path) -> Result<Option<Manifest>, String> {
    let file = Manifest::file_of(library);
    let real = match file.canonicalize() {
        Ok(real) => real,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(&file, &format!("cannot be read: {error}"))),
    };
    let found = sealed::read(&real).map_err(|reason| wrong(&file, &format!("cannot be read: {reason}")))?;
    let manifest = Manifest::parse(&found.bytes).map_err(|reason| wrong(&file, &reason))?;
    Ok(Some(manifest))
}

/// Completes "<library>: ".
pub(crate) fn wrong(file: &Path, reason: &str) -> String {
    format!("its manifest {} {reason}", file.display())
}

/// What a descriptor in JSON says, if it can be one.
fn described(descriptor: &Value) -> Result<Descriptor, String> {
    Descriptor::parse(descriptor.to_string().as_bytes())
}
