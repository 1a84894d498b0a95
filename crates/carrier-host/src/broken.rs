//! How a library broke the contract.

use std::fmt;

/// In words that end a sentence about the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    how: String,
    /// It hurt a worker only, which has its own rules for that: no reason to leave the whole instance alone.
    contained: bool,
}

impl Broken {
    pub(crate) fn in_worker(how: impl Into<String>) -> Self {
        Self {
            how: how.into(),
            contained: true,
        }
    }

    pub(crate) fn is_contained(&self) -> bool {
        self.contained
    }
}

impl<T: Into<String>> From<T> for Broken {
    fn from(how: T) -> Self {
        Self {
            how: how.into(),
            contained: false,
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.how)
    }
}
