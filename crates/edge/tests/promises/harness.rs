//! An edge with real sockets, a delivery that does as it is told, and callers who say any bytes they like.

pub(crate) mod call;
pub(crate) mod delivery;
pub(crate) mod edge;
pub(crate) mod printed;
pub(crate) mod token;

pub(crate) use call::{Answer, Call};
pub(crate) use delivery::{Delivery, Script};
pub(crate) use edge::{Edge, tenant};
pub(crate) use printed::Printed;
pub(crate) use token::{Token, now};

/// The secret of the tenant `acme`.
pub(crate) const SECRET: &str = "acme-secret-of-more-than-32-bytes";
/// A body as Auth0 sends it.
pub(crate) const BODY: &str =
    r#"{"recipient":"+12025550100","body":"Your code is 314159","sender":"+12025550199"}"#;
