//! Whether this process should be given work: its checks, and whether it is leaving.

use crate::listener::Health;
use std::fmt::{self, Write as _};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::timeout;

/// Orchestrators wait a second for a probe by default; a check that needs longer has failed.
const CHECK_WITHIN: Duration = Duration::from_millis(800);

type Verdict = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

struct Check {
    name: &'static str,
    ask: Box<dyn Fn() -> Verdict + Send + Sync>,
}

struct Note {
    name: &'static str,
    ask: Box<dyn Fn() -> Option<String> + Send + Sync>,
}

/// What `/readyz` asks. Clones share the draining flag and the checks.
#[derive(Clone, Default)]
pub struct Readiness {
    draining: Arc<AtomicBool>,
    checks: Arc<Vec<Arc<Check>>>,
    notes: Arc<Vec<Arc<Note>>>,
}

impl Readiness {
    /// Ready as long as it is not draining.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, and ready only if this check passes too. It is asked at each probe, and its
    /// reason is shown to whoever may see the admin listener: no number, text or secret in it.
    #[must_use]
    pub fn with_check<Asked>(
        self,
        name: &'static str,
        ask: impl Fn() -> Asked + Send + Sync + 'static,
    ) -> Self
    where
        Asked: Future<Output = Result<(), String>> + Send + 'static,
    {
        let mut checks = (*self.checks).clone();
        checks.push(Arc::new(Check {
            name,
            ask: Box::new(move || Box::pin(ask())),
        }));
        Self {
            checks: Arc::new(checks),
            ..self
        }
    }

    /// The same, and ready only if each of these listeners can accept connections.
    #[must_use]
    pub fn with_listeners(self, listeners: impl IntoIterator<Item = Health>) -> Self {
        let listeners: Vec<Health> = listeners.into_iter().collect();
        self.with_check("listeners", move || {
            let faults = listeners.iter().filter_map(|listener| listener.check().err());
            let faults: Vec<String> = faults.collect();
            std::future::ready(if faults.is_empty() {
                Ok(())
            } else {
                Err(faults.join("; "))
            })
        })
    }

    /// The same, and this is said too where there is something to say. It makes nothing unready, and is shown to whoever
    /// may see the admin listener.
    #[must_use]
    pub fn with_note(
        self,
        name: &'static str,
        ask: impl Fn() -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let mut notes = (*self.notes).clone();
        notes.push(Arc::new(Note {
            name,
            ask: Box::new(ask),
        }));
        Self {
            notes: Arc::new(notes),
            ..self
        }
    }

    /// From now on not ready: no new work, please.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
    }

    /// Whether [`Readiness::drain`] was called.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }

    /// Asks every check.
    pub async fn report(&self) -> Report {
        let mut lines = Vec::with_capacity(self.checks.len());
        for check in self.checks.iter() {
            let verdict = timeout(CHECK_WITHIN, (check.ask)()).await;
            lines.push((
                check.name,
                verdict.unwrap_or_else(|_| Err("no answer in time".to_owned())),
            ));
        }
        let notes = self.notes.iter();
        Report {
            draining: self.is_draining(),
            checks: lines,
            notes: notes
                .filter_map(|note| Some((note.name, (note.ask)()?)))
                .collect(),
        }
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.checks.iter().map(|check| check.name).collect();
        formatter
            .debug_struct("Readiness")
            .field("draining", &self.is_draining())
            .field("checks", &names)
            .finish_non_exhaustive()
    }
}

/// What the checks said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    draining: bool,
    checks: Vec<(&'static str, Result<(), String>)>,
    notes: Vec<(&'static str, String)>,
}

impl Report {
    /// Whether this process should be given work.
    pub fn is_ready(&self) -> bool {
        !self.draining && self.checks.iter().all(|(_, verdict)| verdict.is_ok())
    }

    /// One line a check, for people.
    pub fn verbose(&self) -> String {
        let mut text = String::new();
        if self.draining {
            text.push_str("draining\n");
        }
        for (name, verdict) in &self.checks {
            // Writing to a String does not fail.
            let _ = match verdict {
                Ok(()) => writeln!(text, "{name}: ok"),
                Err(reason) => writeln!(text, "{name}: {reason}"),
            };
        }
        for (name, words) in &self.notes {
            let _ = writeln!(text, "{name}: {words}");
        }
        text.push_str(self.summary());
        text
    }

    /// One word.
    pub fn summary(&self) -> &'static str {
        if self.is_ready() { "ready\n" } else { "not ready\n" }
    }
}
