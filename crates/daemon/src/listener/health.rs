//! Whether a listener can accept, and the descriptors it holds back for when the process has no others.

use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// The state of accepting; clones tell the same.
#[derive(Clone)]
pub struct Health {
    name: &'static str,
    trouble: Arc<Mutex<Option<Trouble>>>,
}

struct Trouble {
    since: Instant,
    failures: u64,
    error: String,
}

impl Health {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            trouble: Arc::default(),
        }
    }

    /// The listener's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Describes what is wrong, in words for `/readyz?verbose`.
    pub fn check(&self) -> Result<(), String> {
        match &*self.trouble() {
            None => Ok(()),
            Some(trouble) => Err(format!(
                "{}: no connection can be accepted, {} ({} failures in {} s)",
                self.name,
                trouble.error,
                trouble.failures,
                trouble.since.elapsed().as_secs()
            )),
        }
    }

    pub(super) fn is_failing(&self) -> bool {
        self.trouble().is_some()
    }

    /// Says so once, and counts from then on.
    pub(super) fn fails(&self, error: &io::Error) {
        let mut trouble = self.trouble();
        if let Some(trouble) = &mut *trouble {
            trouble.failures = trouble.failures.saturating_add(1);
            return;
        }
        tracing::error!(
            listener = self.name,
            %error,
            "no connection can be accepted; not ready until that is over"
        );
        *trouble = Some(Trouble {
            since: Instant::now(),
            failures: 1,
            error: error.to_string(),
        });
    }

    pub(super) fn works(&self) {
        if let Some(trouble) = self.trouble().take() {
            tracing::warn!(
                listener = self.name,
                failures = trouble.failures,
                seconds = trouble.since.elapsed().as_secs(),
                "connections are accepted again"
            );
        }
    }

    fn trouble(&self) -> MutexGuard<'_, Option<Trouble>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Descriptors that are open for nothing, to be closed when one is needed.
///
/// An admin listener with a few of them still answers its probes, and so can say that there are no more.
pub(super) struct Reserve {
    wanted: usize,
    held: Mutex<Vec<File>>,
}

impl Reserve {
    pub(super) fn new(wanted: usize) -> Self {
        let reserve = Self {
            wanted,
            held: Mutex::default(),
        };
        reserve.refill();
        reserve
    }

    pub(super) fn refill(&self) {
        let mut held = self.held();
        while held.len() < self.wanted {
            // Fails where there are no descriptors; then it is what it is.
            let Ok(file) = File::open("/dev/null") else { return };
            held.push(file);
        }
    }

    /// Whether nothing of it is in use.
    pub(super) fn is_whole(&self) -> bool {
        self.held().len() == self.wanted
    }

    /// Frees a descriptor, if one is left.
    pub(super) fn spend(&self) -> bool {
        self.held().pop().is_some()
    }

    fn held(&self) -> MutexGuard<'_, Vec<File>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
