//! The harness, in the words of the domain: a real edge, a real delivery service, a real
//! carrier library and a real store, as processes on loopback.
//!
//! Nothing here knows how Aldis works inside: it writes configuration files, starts the
//! programs an operator starts, and talks to their sockets.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::print_stderr,
    reason = "a harness fails the test it serves and shows why; saying so at each function says nothing"
)]

pub mod binaries;
pub mod eventually;
pub mod gateway;
pub mod jasmin;
pub mod kannel;
pub mod peers;
pub mod process;
pub mod setup;
pub mod smsc;
pub mod tenant;

pub use gateway::{Answer, Gateway};
pub use setup::Setup;
pub use tenant::Tenant;

/// A number that the sandbox accepts at once. 202-555-01XX is reserved for fiction.
pub const ALICE: &str = "+12025550100";
