//! How a library broke the contract.

use std::fmt;

/// In words that end a sentence about the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    how: String,
    harm: Harm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Harm {
    /// Too often, and the whole instance is left alone.
    Instance,
    /// To a worker only, which has its own rules for that.
    Worker,
    /// To a worker, over something else: this was only under way.
    Bystander,
}

impl Broken {
    pub(crate) fn in_worker(how: impl Into<String>) -> Self {
        let how = how.into();
        let harm = Harm::Worker;
        Self { how, harm }
    }

    /// What was under way in a worker that ended over something else.
    pub(crate) fn bystander() -> Self {
        Self {
            how: "lost its worker".to_owned(),
            harm: Harm::Bystander,
        }
    }

    pub(crate) fn is_contained(&self) -> bool {
        self.harm != Harm::Instance
    }

    pub(crate) fn is_bystander(&self) -> bool {
        self.harm == Harm::Bystander
    }
}

impl<T: Into<String>> From<T> for Broken {
    fn from(how: T) -> Self {
        Self {
            how: how.into(),
            harm: Harm::Instance,
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.how)
    }
}
