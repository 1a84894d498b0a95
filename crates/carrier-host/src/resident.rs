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
use tokio::time::timeout;

/// One instance of a library. The last owner ends it.
pub(crate) struct Resident {
    name: String,
    library: Library,
    code: Code,
    faults: Mutex<Faults>,
    /// Of its own: anybody on the internet may call back, and nobody there shall stop what is sent.
    callback_faults: Mutex<Faults>,
    /// One call-back at a time, so that a crowd of bad ones is noticed at its third.
    callback_turn: tokio::sync::Mutex<()>,
    budget: Budget,
}

/// How long to look elsewhere while a worker is left alone, whose rest ends by itself.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

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
            callback_faults: Mutex::default(),
            callback_turn: tokio::sync::Mutex::default(),
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

    /// The first word on a message. `None`: it did not come within `limit`, for a worker may have to be started first.
    pub(crate) async fn submit(
        &self,
        message: &CarrierMessage,
        now_unix_ms: u64,
        limit: Duration,
    ) -> Option<Result<Word, Broken>> {
        match &self.code {
            Code::Here(handle) => Some(self.timed(|| handle.submit(message, now_unix_ms))),
            Code::Worker(worker) => {
                let told = timeout(limit, worker.submit(message, now_unix_ms)).await;
                Some(self.noted(told.ok()?))
            }
        }
    }

    /// The next word, given what came of the last request; otherwise as [`Resident::submit`].
    pub(crate) async fn on_response(
        &self,
        message: &CarrierMessage,
        answer: LentAnswer<'_>,
        limit: Duration,
    ) -> Option<Result<Word, Broken>> {
        match &self.code {
            Code::Here(handle) => Some(self.timed(|| handle.on_response(message, &answer))),
            Code::Worker(worker) => {
                let told = timeout(limit, worker.on_response(message, answer)).await;
                Some(self.noted(told.ok()?))
            }
        }
    }

    /// Whether the library reads call-backs at all.
    pub(crate) fn reads_callbacks(&self) -> bool {
        match &self.code {
            Code::Here(handle) => handle.reads_callbacks(),
            Code::Worker(worker) => worker.loaded().webhook,
        }
    }

    /// What the library makes of a call-back. `None`: it broke the contract over too many of them, and call-backs are
    /// left alone for a minute.
    pub(crate) async fn callback(&self, request: &CallbackRequest) -> Option<Result<Verdict, Broken>> {
        let _turn = self.callback_turn.lock().await;
        if self.deaf() {
            return None;
        }
        Some(self.read_callback(request).await)
    }

    async fn read_callback(&self, request: &CallbackRequest) -> Result<Verdict, Broken> {
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
        self.faults().rest(self.room().age()).is_some()
    }

    /// Broke the contract over too many call-backs, which are being left alone for a minute.
    pub(crate) fn deaf(&self) -> bool {
        self.callback_faults().rest(self.room().age()).is_some()
    }

    /// For how long it is being left alone, if it is, whatever for.
    pub(crate) fn rest(&self) -> Option<Duration> {
        let safe_mode = self.worker().is_some_and(|worker| worker.safe_mode);
        let quarantine = self.faults().rest(self.room().age());
        quarantine.max(safe_mode.then_some(LOOK_AGAIN))
    }

    fn callback_faults(&self) -> MutexGuard<'_, Faults> {
        self.callback_faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Broken contracts so far, whatever over.
    pub(crate) fn all_faults(&self) -> u64 {
        self.faults().total() + self.callback_faults().total()
    }

    /// Over a call-back: no reason to send nothing. That it crashed a worker is one to read no more of them.
    pub(crate) fn note_callback_fault(&self, broken: &Broken) {
        let rests = self.worker().is_some_and(|worker| worker.safe_mode);
        let deaf = if rests {
            self.callback_faults().count();
            false
        } else {
            self.callback_faults().note(self.room().age())
        };
        if deaf || self.room().may_write() {
            tracing::error!(target: "aldis_carrier", carrier = self.name, deaf, "over a call-back, the carrier library {broken}");
        }
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
        // That it is left alone is always said.
        if quarantined || self.room().may_write() {
            tracing::error!(target: "aldis_carrier", carrier = self.name, quarantined, "the carrier library {broken}");
        }
    }

    pub(crate) fn warn(&self, what: &str) {
        if self.room().may_write() {
            tracing::warn!(target: "aldis_carrier", carrier = self.name, "the carrier library {what}");
        }
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
        if matches!(self.code, Code::Here(_)) && self.library.conduct().note(took) {
            let (carrier, took) = (&self.name, took.as_millis());
            tracing::error!(
                target: "aldis_carrier",
                carrier,
                "the carrier library took {took} ms for one call in delivery's own process, and is too slow for it: when \
                 the settings are read again, it is run in a worker"
            );
        }
    }
}
