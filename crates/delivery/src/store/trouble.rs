//! The end of the store: once its disk or its file failed, nothing is durable any more, and nobody may be told that
//! something is.

use super::StoreError;
use std::sync::{Arc, OnceLock};
use tokio_util::sync::CancellationToken;

/// The trouble of a store: that it failed, and how. Clones are the same one.
#[derive(Clone, Default)]
pub(super) struct Trouble {
    words: Arc<OnceLock<String>>,
    broken: CancellationToken,
}

impl Trouble {
    /// Marks the store as failed: from now on nothing is durable. The first words count.
    pub(super) fn fail(&self, words: &str) {
        if self.words.set(words.to_owned()).is_ok() {
            tracing::error!(error = words, "store failed, nothing more is accepted");
        }
        self.broken.cancel();
    }

    /// Returns a token that is cancelled when it failed.
    pub(super) fn broken(&self) -> CancellationToken {
        self.broken.clone()
    }

    /// Returns an error if it failed.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        match self.words.get() {
            Some(words) => Err(StoreError::Broken(words.clone())),
            None => Ok(()),
        }
    }
}
