//! The libraries of a process: the same bytes are one library, and changed bytes are another one beside it.

use crate::Descriptor;
use crate::library::{Candidate, Code, Library, LoadError, Remembered};
use crate::pin::{Sha256, Trust};
use crate::sealed::Sealed;
use crate::worker::{Loaded, NotStarted, Program, Recipe, THREADS};
use std::collections::HashMap;
use std::fmt;
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
#[derive(Default)]
pub struct Libraries {
    /// `aldis-carrier-worker`.
    program: Option<Program>,
    /// For the life of the process, as their code is.
    here: HashMap<Sha256, Library>,
    /// For as long as somebody has them: their bytes are in memory only for workers to come.
    workers: HashMap<Sha256, Remembered>,
}

impl Libraries {
    /// Makes an empty set with the program of the workers; `None`: nothing is loaded, for each library is tried in one.
    pub fn new(program: Option<PathBuf>) -> Self {
        Self {
            program: program.map(Program::new),
            ..Self::default()
        }
    }

    /// Finds the library among those that are known, or tries it in a worker and loads it where it is to run; if its
    /// bytes are trusted. Without a word on that, what is not pinned as first-party runs in workers; and so does, with
    /// an ERROR in the log, what was too slow in this process, or replaced in it too often.
    pub fn load(
        &mut self,
        path: &Path,
        trust: &Trust,
        isolation: Option<Isolation>,
    ) -> Result<Library, LoadError> {
        self.load_with(path, trust, isolation, THREADS)
    }

    /// Loads as [`Libraries::load`] does, where the worker that it is tried in may have so many threads.
    pub fn load_with(
        &mut self,
        path: &Path,
        trust: &Trust,
        isolation: Option<Isolation>,
        threads: u32,
    ) -> Result<Library, LoadError> {
        let candidate = Candidate::read(path, trust)?;
        let isolation = isolation.unwrap_or(if candidate.is_first_party() {
            Isolation::InProcess
        } else {
            Isolation::Worker
        });
        if isolation == Isolation::Worker {
            return self.for_workers(&candidate, threads);
        }
        match self.here.get(&candidate.sha256()) {
            None => self.load_here(&candidate, threads),
            Some(library) if !library.conduct().outstayed() => Ok(library.clone()),
            Some(_) => {
                moved(&candidate, "took too long for its calls");
                self.for_workers(&candidate, threads)
            }
        }
    }

    fn load_here(&mut self, candidate: &Candidate, threads: u32) -> Result<Library, LoadError> {
        let sealed = candidate.seal(Isolation::InProcess)?;
        // Before it is mapped: there is no way back.
        let Some(program) = &self.program else {
            let reason = "it is to run in this process, and there is no program aldis-carrier-worker to try it in first";
            return Err(candidate.refused(reason.to_owned()));
        };
        let (recipe, loaded) = attempt(program, &sealed, candidate, threads)?;
        let descriptor = candidate.describe(&loaded.descriptor)?;
        if self.is_full_of(&descriptor.id) {
            moved(candidate, &full());
            return Ok(self.keep_for_workers(candidate, descriptor, recipe));
        }
        Ok(self.keep_here(candidate.load(sealed)?))
    }

    fn keep_here(&mut self, library: Library) -> Library {
        self.here.insert(library.sha256(), library.clone());
        library
    }

    fn is_full_of(&self, id: &str) -> bool {
        let same = |other: &&Library| other.descriptor().id == id;
        self.here.values().filter(same).count() >= MOST_OF_ONE
    }

    fn for_workers(&mut self, candidate: &Candidate, threads: u32) -> Result<Library, LoadError> {
        let known = self.workers.get(&candidate.sha256());
        if let Some(library) = known.and_then(Remembered::recall) {
            return Ok(library);
        }
        let Some(program) = &self.program else {
            let reason = "it is to run in a worker, and there is no program aldis-carrier-worker";
            return Err(candidate.refused(reason.to_owned()));
        };
        let sealed = candidate.seal(Isolation::Worker)?;
        let (recipe, loaded) = attempt(program, &sealed, candidate, threads)?;
        let descriptor = candidate.describe(&loaded.descriptor)?;
        if !loaded.gaps.is_empty() {
            let (plugin, gaps) = (&descriptor.id, loaded.gaps.join("; "));
            tracing::warn!(target: "aldis_carrier", plugin, "its workers are less confined than they should be: {gaps}");
        }
        Ok(self.keep_for_workers(candidate, descriptor, recipe))
    }

    fn keep_for_workers(&mut self, candidate: &Candidate, descriptor: Descriptor, recipe: Recipe) -> Library {
        let library = candidate.known(descriptor, Code::Workers(recipe));
        self.workers.retain(|_, other| other.recall().is_some());
        self.workers.insert(library.sha256(), library.remembered());
        library
    }
}

impl fmt::Debug for Libraries {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (here, workers) = (self.here.len(), self.workers.len());
        let mut shown = out.debug_struct("Libraries");
        shown
            .field("here", &here)
            .field("workers", &workers)
            .finish_non_exhaustive()
    }
}

fn full() -> String {
    format!("has {MOST_OF_ONE} versions in this process already, which are never given back")
}

/// `why` completes "it ...".
fn moved(candidate: &Candidate, why: &str) {
    let library = candidate.path().display();
    tracing::error!(
        target: "aldis_carrier",
        "{library}: it is to run in this process, but it {why}: it runs in a worker until delivery is started again"
    );
}

/// Loads it in a worker and sees what it is: a crash there hurts nobody.
fn attempt(
    program: &Program,
    sealed: &Sealed,
    candidate: &Candidate,
    threads: u32,
) -> Result<(Recipe, Loaded), LoadError> {
    let cannot = |error| candidate.refused(format!("it cannot be handed to a worker: {error}"));
    let library = sealed.try_clone().map_err(cannot)?;
    let recipe = Recipe {
        program: program.clone(),
        library: Arc::new(library),
    };
    match recipe.start(None, threads) {
        Ok(started) => Ok((recipe, started.loaded)),
        Err(NotStarted::Library(reason)) => Err(candidate.refused(reason)),
        Err(NotStarted::Setting(refusal)) => Err(candidate.refused(refusal.reason)),
        Err(NotStarted::Host(reason)) => {
            Err(candidate.refused(format!("it cannot be tried in a worker: {reason}")))
        }
    }
}
