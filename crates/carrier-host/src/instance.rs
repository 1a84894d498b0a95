//! One configured carrier: the seam between delivery and whatever runs a library's code.

mod attempt;
mod judge;
mod request;
mod verdict;

use crate::allowed::AllowedHosts;
use crate::bare_secret;
use crate::border::calls::{Handle, create};
use crate::border::host_table::Room;
use crate::budget::{Budget, CallTimes};
use crate::faults::Faults;
use crate::redact::Redactor;
use crate::{CallbackRequest, CallbackVerdict, HttpEngine, Library, PluginMetric, Report, Submission};
use attempt::Attempt;
use judge::{Truth, fault};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use verdict::believe;

/// What the host itself would say of a library's words; for the conformance kit.
#[cfg(feature = "kit")]
pub(crate) mod judged {
    use super::{Truth, judge, request, verdict};
    use crate::border::calls::Verdict;
    use crate::border::{RawEvent, RawOutcome, RawRequest};
    use crate::redact::Redactor;

    pub(crate) fn request(raw: RawRequest) -> Result<(), String> {
        request::parse(raw).map(drop)
    }

    pub(crate) fn outcome(raw: RawOutcome) -> Result<(), String> {
        judge::judge(raw, Truth::default(), &Redactor::default()).map(drop)
    }

    pub(crate) fn event(raw: RawEvent) -> Result<(), String> {
        verdict::believe(Verdict::Verified(vec![raw], None)).map(drop)
    }
}

/// What an instance is made from.
pub struct InstanceOptions {
    /// The carrier's name in the configuration.
    pub name: String,
    /// Its settings, without the secrets.
    pub settings: serde_json::Value,
    /// Dotted key and value of each secret.
    pub secrets: Vec<(String, String)>,
    /// Where this carrier's call-backs arrive from outside; `None` = nowhere.
    pub callback_base_url: Option<String>,
    /// The process's clock, Unix milliseconds: a library may ask for the time.
    pub clock: fn() -> u64,
}

/// Why there is no instance. Names the key and the reason, never the value.
#[derive(Debug, thiserror::Error)]
#[error("{}{reason}", key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default())]
pub struct InstanceError {
    /// The setting at fault, dotted, relative to the settings; `None` = it is about none in particular.
    pub key: Option<String>,
    /// What is wrong.
    pub reason: String,
}

/// What the host counts for one instance.
#[derive(Debug, Clone, PartialEq)]
pub struct InstanceMetrics {
    /// Calls into the library and how long they took.
    pub call_times: CallTimes,
    /// Broken contracts so far.
    pub faults: u64,
    /// It is being left alone just now.
    pub quarantined: bool,
    /// What the library itself reports.
    pub plugin: Vec<PluginMetric>,
}

/// One configured carrier. May be used by any number of tasks at once; dropping it ends the library's instance.
pub struct Instance {
    library: Library,
    handle: Handle,
    name: String,
    allowed: AllowedHosts,
    engine: HttpEngine,
    faults: Mutex<Faults>,
    budget: Budget,
}

impl Instance {
    /// Asks the library for an instance with these settings.
    pub fn create(
        library: &Library,
        options: InstanceOptions,
        engine: HttpEngine,
    ) -> Result<Self, InstanceError> {
        let schema = library.descriptor().config_schema.as_ref();
        if let Some(key) = schema.and_then(|schema| bare_secret::find(schema, &options.settings)) {
            let reason = r#"a secret is written as { file = ".." }, { env = ".." } or { literal = ".." }"#;
            return Err(InstanceError {
                key: Some(key),
                reason: reason.to_owned(),
            });
        }
        let allowed = allowed(library, &options.settings)?;
        let redactor = Redactor::for_secrets(options.secrets.iter().map(|(_, value)| value.as_str()));
        let room = Room::new(options.name.clone(), options.clock, redactor.clone());
        let handle = create(library.opened(), room, &options).map_err(|refusal| InstanceError {
            key: (!refusal.key.is_empty()).then(|| redactor.clean(&refusal.key)),
            reason: redactor.clean(&refusal.reason),
        })?;
        Ok(Self {
            library: library.clone(),
            handle,
            name: options.name,
            allowed,
            engine,
            faults: Mutex::default(),
            budget: Budget::default(),
        })
    }

    /// The carrier's name in the configuration.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The library it runs.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// One attempt, from the library's first word to the last answer. Ends within the time limit, and may be
    /// dropped at any await: nothing is left behind.
    pub async fn submit(&self, submission: Submission) -> Report {
        if self.quarantined() {
            return fault(
                "broke its contract too often and is left alone for a minute",
                Truth::default(),
            );
        }
        Attempt::new(self, &submission).run().await
    }

    /// What the library makes of a call-back. Pure and quick: no I/O.
    pub fn webhook(&self, request: &CallbackRequest) -> CallbackVerdict {
        if !self.handle.reads_callbacks() {
            return CallbackVerdict::Rejected;
        }
        if self.quarantined() {
            return CallbackVerdict::Fault;
        }
        let verdict = self.timed(|| self.handle.callback(request)).and_then(believe);
        verdict.unwrap_or_else(|broken| {
            self.note_fault(&broken);
            CallbackVerdict::Fault
        })
    }

    /// Broke the contract too often and is being left alone for a minute.
    pub fn quarantined(&self) -> bool {
        self.faults().quarantined(self.handle.room().age())
    }

    /// The counters of this instance.
    pub fn metrics(&self) -> InstanceMetrics {
        let faults = self.faults().total();
        InstanceMetrics {
            call_times: self.budget.times(),
            faults,
            quarantined: self.quarantined(),
            plugin: self.handle.room().series().all(),
        }
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_fault(&self, broken: &str) {
        let quarantined = self.faults().note(self.handle.room().age());
        tracing::error!(target: "aldis_carrier", carrier = self.name, quarantined, "the carrier library {broken}");
    }

    fn warn(&self, what: &str) {
        tracing::warn!(target: "aldis_carrier", carrier = self.name, "the carrier library {what}");
    }

    /// Runs a call into the library and counts how long it took.
    fn timed<R>(&self, call: impl FnOnce() -> R) -> R {
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

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance")
            .field("name", &self.name)
            .field("library", &self.library)
            .finish_non_exhaustive()
    }
}

/// The descriptor's hosts and that of `base_url`, which every HTTP carrier takes.
fn allowed(library: &Library, settings: &serde_json::Value) -> Result<AllowedHosts, InstanceError> {
    const KEY: &str = "base_url";
    let error = |key: Option<&str>, reason: &str| InstanceError {
        key: key.map(str::to_owned),
        reason: reason.to_owned(),
    };
    if !settings.is_object() {
        return Err(error(None, "the settings are not a table"));
    }
    let mut allowed = library
        .descriptor()
        .allowed()
        .map_err(|reason| error(None, &format!("the descriptor {reason}")))?;
    match settings.get(KEY) {
        None | Some(serde_json::Value::Null) => {}
        Some(serde_json::Value::String(url)) => {
            allowed
                .add_base_url(url)
                .map_err(|reason| error(Some(KEY), reason))?;
        }
        Some(_) => return Err(error(Some(KEY), "it is not text")),
    }
    Ok(allowed)
}
