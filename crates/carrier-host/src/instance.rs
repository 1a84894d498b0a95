//! One configured carrier: the seam between delivery and whatever runs a library's code.

mod attempt;
mod request;

use crate::allowed::AllowedHosts;
use crate::border::calls::{Refusal, create};
use crate::border::host_table::Room;
use crate::border::{RawLink, machine};
use crate::budget::CallTimes;
use crate::judge::{Truth, fault};
use crate::library::Code as Runs;
use crate::redact::Redactor;
use crate::resident::{Code, Resident};
use crate::session::{Events, LinkMetrics, Plan, Sessions};
use crate::verdict::believe;
use crate::worker::{Worker, WorkerMetrics};
use crate::{CallbackRequest, CallbackVerdict, HttpEngine, Library, PluginMetric, Report, Submission};
use crate::{bare_secret, settings};
use attempt::Attempt;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::TaskTracker;

/// What the host itself would say of a library's words; for the conformance kit.
#[cfg(feature = "kit")]
pub(crate) mod judged {
    use super::request;
    use crate::border::{RawEvent, RawOutcome, RawRequest};
    use crate::judge::{self, Truth};
    use crate::redact::Redactor;
    use crate::verdict;

    pub(crate) fn request(raw: RawRequest) -> Result<(), String> {
        request::parse(raw).map(drop)
    }

    pub(crate) fn outcome(raw: RawOutcome) -> Result<(), String> {
        judge::judge(raw, Truth::default(), &Redactor::default()).map(drop)
    }

    pub(crate) fn event(raw: RawEvent) -> Result<(), String> {
        verdict::event(raw).map(drop)
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
    /// The threads that its worker may have, if it has one: [`worker::THREADS`](crate::worker::THREADS) unless it needs
    /// more.
    pub worker_threads: u32,
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
    /// Its call-backs are being left alone just now.
    pub deaf: bool,
    /// It was too slow for this process, where it still is; the next instance of its library is run in a worker.
    pub outstayed: bool,
    /// Log lines, metrics and values that it caused beyond its share.
    pub dropped_lines: u64,
    /// What the library itself reports.
    pub plugin: Vec<PluginMetric>,
    /// Its connections that stay; none in the http style.
    pub links: Vec<LinkMetrics>,
    /// The process it runs in, if it is not this one.
    pub worker: Option<WorkerMetrics>,
}

/// One configured carrier. May be used by any number of tasks at once; dropping it cuts its links and ends the
/// library's instance.
pub struct Instance {
    resident: Arc<Resident>,
    allowed: AllowedHosts,
    engine: HttpEngine,
    /// Of the session style.
    sessions: Option<Sessions>,
}

impl Instance {
    /// Asks the library for an instance with these settings. Connects nothing: see [`Instance::start`].
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
        if let Some(schema) = schema {
            settings::check(schema, &options.settings, &options.secrets)?;
        }
        let allowed = allowed(library, &options.settings)?;
        let redactor = Redactor::for_secrets(options.secrets.iter().map(|(_, value)| value.as_str()));
        let room = Room::new(options.name.clone(), options.clock, redactor.clone());
        let (code, links) = code(library, room, &options).map_err(|refusal| InstanceError {
            key: (!refusal.key.is_empty()).then(|| redactor.clean(&refusal.key)),
            reason: redactor.clean(&refusal.reason),
        })?;
        let sessions = links
            .map(|links| sessions(links, &options.settings, &allowed))
            .transpose()?;
        let resident = Resident::new(options.name, library.clone(), code);
        Ok(Self {
            resident: Arc::new(resident),
            allowed,
            engine,
            sessions,
        })
    }

    /// Connects the links of a session carrier and keeps them up; what arrives on them goes to `events`. Nothing to do
    /// in the http style. To be called within a runtime, once.
    pub fn start(&self, events: &Arc<dyn Events>) {
        self.start_beside(events, &TaskTracker::new());
    }

    /// As [`Instance::start`], while others may still have the links that the carrier allows this account: for as long
    /// as something is in `former`. A refusal is not believed before, and the link tried again within seconds.
    pub fn start_beside(&self, events: &Arc<dyn Events>, former: &TaskTracker) {
        if let Some(sessions) = &self.sessions {
            sessions.start(&self.resident, self.engine.dialer(), events, former);
        }
    }

    /// Takes leave of the carrier: no new messages, those in flight get their answer, then every link is ended, by
    /// force after `limit`.
    pub async fn drain(&self, limit: Duration) {
        if let Some(sessions) = &self.sessions {
            sessions.drain(limit).await;
        }
    }

    /// The carrier's name in the configuration.
    pub fn name(&self) -> &str {
        self.resident.name()
    }

    /// The library it runs.
    pub fn library(&self) -> &Library {
        self.resident.library()
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
        if submission.now_unix_ms >= submission.message.deadline_unix_ms {
            return Report::expired();
        }
        let most = self.library().descriptor().capabilities.max_segments;
        if most > 0 && u32::from(submission.message.segments) > most {
            return Report::too_long(most);
        }
        match &self.sessions {
            Some(sessions) => sessions.submit(submission).await,
            None => Attempt::new(self, &submission).run().await,
        }
    }

    /// What the library makes of a call-back. Pure and quick: no I/O. Contracts that it breaks here are counted apart:
    /// too many, and call-backs are left alone for a minute, while messages go on.
    pub async fn webhook(&self, request: &CallbackRequest) -> CallbackVerdict {
        let resident = &self.resident;
        if !resident.reads_callbacks() {
            return CallbackVerdict::Rejected;
        }
        if self.quarantined() {
            return CallbackVerdict::Fault;
        }
        let Some(verdict) = resident.callback(request).await else {
            return CallbackVerdict::Fault;
        };
        verdict.and_then(believe).unwrap_or_else(|broken| {
            resident.note_callback_fault(&broken);
            CallbackVerdict::Fault
        })
    }

    /// Whether its library reads call-backs.
    pub fn reads_callbacks(&self) -> bool {
        self.resident.reads_callbacks()
    }

    /// Whether it keeps connections: the session style.
    pub fn keeps_links(&self) -> bool {
        self.sessions.is_some()
    }

    /// Broke the contract too often and is being left alone for a minute.
    pub fn quarantined(&self) -> bool {
        self.resident.quarantined()
    }

    /// For how long it is being left alone, if it is: after too many broken contracts, or a crash loop of its worker.
    pub fn rest(&self) -> Option<Duration> {
        self.resident.rest()
    }

    /// The counters of this instance.
    pub fn metrics(&self) -> InstanceMetrics {
        let resident = &self.resident;
        InstanceMetrics {
            call_times: resident.budget().times(),
            faults: resident.all_faults(),
            quarantined: self.quarantined(),
            deaf: resident.deaf(),
            outstayed: resident.library().conduct().outstayed(),
            dropped_lines: resident.room().dropped(),
            plugin: resident.room().series().all(),
            links: self.sessions.as_ref().map(Sessions::metrics).unwrap_or_default(),
            worker: resident.worker(),
        }
    }
}

/// The library's instance, and the links it wants if it is of the session style.
fn code(
    library: &Library,
    room: Room,
    options: &InstanceOptions,
) -> Result<(Code, Option<Vec<RawLink>>), Refusal> {
    match library.code() {
        Runs::Here(opened) => {
            let handle = create(opened, room, options)?;
            let links = machine::links(&handle)?;
            Ok((Code::Here(Arc::new(handle)), links))
        }
        Runs::Workers(recipe) => {
            let (worker, links) = Worker::start(recipe.clone(), room, options)?;
            Ok((Code::Worker(Arc::new(worker)), links))
        }
    }
}

/// The links of a session carrier, checked.
fn sessions(
    links: Vec<RawLink>,
    settings: &serde_json::Value,
    allowed: &AllowedHosts,
) -> Result<Sessions, InstanceError> {
    let host = settings.get("host").and_then(serde_json::Value::as_str);
    let plans = Plan::of_all(links, host, allowed);
    let plans = plans.map_err(|broken| InstanceError {
        key: None,
        reason: format!("the carrier library {broken}"),
    })?;
    Ok(Sessions::new(plans))
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance")
            .field("name", &self.name())
            .field("library", self.library())
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
