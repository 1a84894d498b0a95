//! A library's instance with what the host knows of its conduct: shared by everybody who calls into it.

use crate::Library;
use crate::border::calls::Handle;
use crate::budget::Budget;
use crate::faults::Faults;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One instance of a library. The last owner ends it.
pub(crate) struct Resident {
    name: String,
    library: Library,
    handle: Handle,
    faults: Mutex<Faults>,
    budget: Budget,
}

impl Resident {
    pub(crate) fn new(name: String, library: Library, handle: Handle) -> Self {
        Self {
            name,
            library,
            handle,
            faults: Mutex::default(),
            budget: Budget::default(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn library(&self) -> &Library {
        &self.library
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Broke the contract too often and is being left alone for a minute.
    pub(crate) fn quarantined(&self) -> bool {
        self.faults().quarantined(self.handle.room().age())
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note_fault(&self, broken: &str) {
        let quarantined = self.faults().note(self.handle.room().age());
        tracing::error!(target: "aldis_carrier", carrier = self.name, quarantined, "the carrier library {broken}");
    }

    pub(crate) fn warn(&self, what: &str) {
        tracing::warn!(target: "aldis_carrier", carrier = self.name, "the carrier library {what}");
    }

    /// Runs a call into the library and counts how long it took.
    pub(crate) fn timed<R>(&self, call: impl FnOnce() -> R) -> R {
        let before = self.handle.room().age();
        let result = call();
        let after = self.handle.room().age();
        let took = after.saturating_sub(before);
        if self.budget.note(took, after) {
            self.warn(&format!(
                "took {} ms for one call; others wait meanwhile",
                took.as_millis()
            ));
        }
        result
    }
}
