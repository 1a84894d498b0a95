//! A library's instance with what the host knows of its conduct: shared by everybody who calls into it.

use crate::Library;
use crate::border::Word;
use crate::border::calls::{Handle, LentAnswer, Verdict};
use crate::border::host_table::Room;
use crate::broken::Broken;
use crate::budget::Budget;
use crate::callback::CallbackRequest;
use crate::faults::Faults;
use crate::submission::CarrierMessage;
use crate::worker::{Told, Worker, WorkerMetrics};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One instance of a library. The last owner ends it.
pub(crate) struct Resident {
    name: String,
    library: Library,
    code: Code,
    faults: Mutex<Faults>,
    budget: Budget,
}

/// Where its code runs.
pub(crate) enum Code {
    /// In this process.
    Here(Arc<Handle>),
    Worker(Arc<Worker>),
}

impl Resident {
    pub(crate) fn new(name: String, library: Library, code: Code) -> Self {
        Self {
            name,
            library,
            code,
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

    pub(crate) fn code(&self) -> &Code {
        &self.code
    }

    /// What the host keeps for it.
    pub(crate) fn room(&self) -> &Room {
        match &self.code {
            Code::Here(handle) => handle.room(),
            Code::Worker(worker) => worker.room(),
        }
    }

    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// The first word on a message.
    pub(crate) async fn submit(&self, message: &CarrierMessage, now_unix_ms: u64) -> Result<Word, Broken> {
        match &self.code {
            Code::Here(handle) => self.timed(|| handle.submit(message, now_unix_ms)),
            Code::Worker(worker) => self.noted(worker.submit(message, now_unix_ms).await),
        }
    }

    /// The next word, given what came of the last request.
    pub(crate) async fn on_response(
        &self,
        message: &CarrierMessage,
        answer: LentAnswer<'_>,
    ) -> Result<Word, Broken> {
        match &self.code {
            Code::Here(handle) => self.timed(|| handle.on_response(message, &answer)),
            Code::Worker(worker) => self.noted(worker.on_response(message, answer).await),
        }
    }

    /// Whether the library reads call-backs at all.
    pub(crate) fn reads_callbacks(&self) -> bool {
        match &self.code {
            Code::Here(handle) => handle.reads_callbacks(),
            Code::Worker(worker) => worker.loaded().webhook,
        }
    }

    /// What the library makes of a call-back.
    pub(crate) async fn callback(&self, request: &CallbackRequest) -> Result<Verdict, Broken> {
        match &self.code {
            Code::Here(handle) => self.timed(|| handle.callback(request)),
            Code::Worker(worker) => self.noted(worker.callback(request).await),
        }
    }

    /// Of its worker, if it has one.
    pub(crate) fn worker(&self) -> Option<WorkerMetrics> {
        match &self.code {
            Code::Here(_) => None,
            Code::Worker(worker) => Some(worker.metrics()),
        }
    }

    /// Broke the contract too often and is being left alone for a minute.
    pub(crate) fn quarantined(&self) -> bool {
        self.faults().quarantined(self.room().age())
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note_fault(&self, broken: &Broken) {
        let quarantined = if broken.is_contained() {
            self.faults().count();
            false
        } else {
            self.faults().note(self.room().age())
        };
        tracing::error!(target: "aldis_carrier", carrier = self.name, quarantined, "the carrier library {broken}");
    }

    pub(crate) fn warn(&self, what: &str) {
        tracing::warn!(target: "aldis_carrier", carrier = self.name, "the carrier library {what}");
    }

    /// Runs a call into the library and counts how long it took.
    pub(crate) fn timed<R>(&self, call: impl FnOnce() -> R) -> R {
        let before = self.room().age();
        let result = call();
        let after = self.room().age();
        self.took(after.saturating_sub(before), after);
        result
    }

    /// Counts how long a worker's call took.
    pub(crate) fn noted<T>(&self, told: Told<T>) -> Result<T, Broken> {
        let (answer, took) = told?;
        self.took(took, self.room().age());
        Ok(answer)
    }

    fn took(&self, took: Duration, now: Duration) {
        if self.budget.note(took, now) {
            self.warn(&format!(
                "took {} ms for one call; others wait meanwhile",
                took.as_millis()
            ));
        }
    }
}
