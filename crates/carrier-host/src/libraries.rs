//! The libraries of a process: the same bytes are one library, and changed bytes are another one beside it.

use crate::library::{Candidate, Code, Library, LoadError};
use crate::pin::{Sha256, Trust};
use crate::sealed::Sealed;
use crate::worker::{Loaded, NotStarted, Program, Recipe};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Nothing is ever unmapped, so there is an end to replacing one; a restart begins anew.
const MOST_OF_ONE: usize = 8;

/// Where a library's code runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Isolation {
    /// In this process: the least processor time, and a crash is everybody's.
    InProcess,
    /// In a process of each instance's own.
    Worker,
}

/// Every library that is known.
#[derive(Debug, Default)]
pub struct Libraries {
    /// `aldis-carrier-worker`.
    program: Option<Program>,
    known: HashMap<(Sha256, Isolation), Library>,
}

impl Libraries {
    /// With the program that workers are; `None`: there are none, and nothing is tried before it is loaded.
    pub fn new(program: Option<PathBuf>) -> Self {
        let (program, known) = (program.map(Program::new), HashMap::new());
        Self { program, known }
    }

    /// Finds the library among those that are known, or tries it in a worker and loads it where it is to run; if its
    /// bytes are trusted. Without a word on that, what is not pinned as first-party runs in workers.
    pub fn load(
        &mut self,
        path: &Path,
        trust: &Trust,
        isolation: Option<Isolation>,
    ) -> Result<Library, LoadError> {
        let candidate = Candidate::read(path, trust)?;
        let isolation = isolation.unwrap_or(if candidate.is_first_party() {
            Isolation::InProcess
        } else {
            Isolation::Worker
        });
        let key = (candidate.sha256(), isolation);
        if let Some(library) = self.known.get(&key) {
            return Ok(library.clone());
        }
        let library = match isolation {
            Isolation::InProcess => self.load_here(&candidate)?,
            Isolation::Worker => self.know(&candidate)?,
        };
        self.known.insert(key, library.clone());
        Ok(library)
    }

    fn load_here(&self, candidate: &Candidate) -> Result<Library, LoadError> {
        let sealed = candidate.seal()?;
        // Before it is mapped, where that can be: there is no way back.
        if let Some(program) = &self.program {
            let (_, loaded) = attempt(program, &sealed, candidate)?;
            self.check_room(candidate, &candidate.describe(&loaded.descriptor)?.id)?;
            return candidate.load(sealed);
        }
        let library = candidate.load(sealed)?;
        self.check_room(candidate, &library.descriptor().id)?;
        Ok(library)
    }

    fn check_room(&self, candidate: &Candidate, id: &str) -> Result<(), LoadError> {
        let same =
            |other: &&Library| other.isolation() == Isolation::InProcess && other.descriptor().id == id;
        if self.known.values().filter(same).count() < MOST_OF_ONE {
            return Ok(());
        }
        Err(candidate.refused(format!(
            "{MOST_OF_ONE} versions of it are in memory already, which are never given back; restart delivery, or let \
             it run in a worker"
        )))
    }

    fn know(&self, candidate: &Candidate) -> Result<Library, LoadError> {
        let Some(program) = &self.program else {
            let reason = "it is to run in a worker, and there is no program aldis-carrier-worker";
            return Err(candidate.refused(reason.to_owned()));
        };
        let sealed = candidate.seal()?;
        let (recipe, loaded) = attempt(program, &sealed, candidate)?;
        let descriptor = candidate.describe(&loaded.descriptor)?;
        if !loaded.gaps.is_empty() {
            let (plugin, gaps) = (&descriptor.id, loaded.gaps.join("; "));
            tracing::warn!(target: "aldis_carrier", plugin, "its workers are less confined than they should be: {gaps}");
        }
        Ok(candidate.known(descriptor, Code::Workers(recipe)))
    }
}

/// Loads it in a worker and sees what it is: a crash there hurts nobody.
fn attempt(program: &Program, sealed: &Sealed, candidate: &Candidate) -> Result<(Recipe, Loaded), LoadError> {
    let cannot = |error| candidate.refused(format!("it cannot be handed to a worker: {error}"));
    let library = sealed.try_clone().map_err(cannot)?;
    let recipe = Recipe {
        program: program.clone(),
        library: Arc::new(library),
    };
    match recipe.start(None) {
        Ok(started) => Ok((recipe, started.loaded)),
        Err(NotStarted::Library(reason)) => Err(candidate.refused(reason)),
        Err(NotStarted::Setting(refusal)) => Err(candidate.refused(refusal.reason)),
        Err(NotStarted::Host(reason)) => {
            Err(candidate.refused(format!("it cannot be tried in a worker: {reason}")))
        }
    }
}
