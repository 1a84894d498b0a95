//! One configured carrier: the seam between delivery and whatever runs a library's code.

use crate::budget::CallTimes;
use crate::{CallbackRequest, CallbackVerdict, Class, HttpEngine, Library, PluginMetric, Report, Submission};

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

/// One configured carrier. May be used by any number of tasks at once.
pub struct Instance {
    name: String,
    library: Library,
}

impl Instance {
    /// Asks the library for an instance with these settings.
    pub fn create(
        library: &Library,
        options: InstanceOptions,
        _engine: HttpEngine,
    ) -> Result<Self, InstanceError> {
        Ok(Self {
            name: options.name,
            library: library.clone(),
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
    #[expect(clippy::unused_async, reason = "the exchange comes next")]
    pub async fn submit(&self, _submission: Submission) -> Report {
        Report::bare(Class::Unsupported, false, "this host cannot submit yet")
    }

    /// What the library makes of a call-back.
    pub fn webhook(&self, _request: &CallbackRequest) -> CallbackVerdict {
        CallbackVerdict::Rejected
    }

    /// Broke the contract too often and is being left alone for a minute.
    pub fn quarantined(&self) -> bool {
        false
    }

    /// The counters of this instance.
    pub fn metrics(&self) -> InstanceMetrics {
        InstanceMetrics {
            call_times: CallTimes::default(),
            faults: 0,
            quarantined: false,
            plugin: Vec::new(),
        }
    }
}
