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
    /// The carrier had no part in it.
    pub(super) ours: bool,
}

/// Why it ended.
pub(super) enum Stop {
    /// As the library wanted.
    Closed(Class, String),
    /// Lost.
    Lost(String),
    /// The other side takes nothing, and what is on its way to it must not arrive any more.
    Stalled(&'static str),
    /// The library broke the contract.
    Broken(Broken),
    /// The library's worker ended.
    Gone,
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl Stop {
    /// The rest of a text whose beginning was taken back must not leave, and the library cannot be told.
    pub(super) fn parts() -> Self {
        Self::Lost("a text of several parts was over before it left, and more of it could follow".to_owned())
    }
}
