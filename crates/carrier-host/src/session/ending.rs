//! How a connection ended.

use crate::broken::Broken;
use aldis_carrier::Class;
use std::time::Duration;

/// How a connection ended, and so how to go on.
pub(super) struct End {
    pub(super) class: Class,
    /// For the operator.
    pub(super) why: String,
    /// How long it held.
    pub(super) held: Duration,
}

/// Why it ended.
pub(super) enum Stop {
    /// As the library wanted.
    Closed(Class, String),
    /// Lost.
    Lost(String),
    /// The library broke the contract.
    Broken(Broken),
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl Stop {
    /// The library's worker ended.
    pub(super) fn gone() -> Self {
        Self::Lost("the carrier library lost its worker, and with it what it knew of the link".to_owned())
    }
}
