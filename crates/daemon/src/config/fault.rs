//! What is wrong with the settings, and where.

use std::fmt;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    place: String,
    key: String,
    reason: String,
}

impl Fault {
    pub(super) fn new(place: impl Into<String>, key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            key: key.into(),
            reason: reason.into(),
        }
    }

    /// `file:line:column`, or the environment variable.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The dotted key, `tenants[0].name`; empty where the fault lies before any key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Why it is wrong. Never a value.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, key, reason } = self;
        if key.is_empty() {
            write!(formatter, "{place}: {reason}")
        } else {
            write!(formatter, "{place}: {key}: {reason}")
        }
    }
}

/// Settings that cannot be used. Shows one line a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    first: Fault,
    more: Vec<Fault>,
}

impl ConfigError {
    pub(super) fn of(first: Fault) -> Self {
        Self {
            first,
            more: Vec::new(),
        }
    }

    /// Both: an operator mends a file in one go.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.more.push(other.first);
        self.more.extend(other.more);
        self
    }

    /// All of these as one, or nothing where there was none.
    pub fn all(errors: impl IntoIterator<Item = Self>) -> Result<(), Self> {
        errors.into_iter().reduce(Self::and).map_or(Ok(()), Err)
    }

    /// Everything that is wrong.
    pub fn faults(&self) -> impl Iterator<Item = &Fault> {
        std::iter::once(&self.first).chain(&self.more)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.first)?;
        self.more
            .iter()
            .try_for_each(|fault| write!(formatter, "\n{fault}"))
    }
}

impl std::error::Error for ConfigError {}
