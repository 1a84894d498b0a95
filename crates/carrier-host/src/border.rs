//! Every call across the border: the only files with `unsafe`.
//!
//! What goes out is lent for the call; what comes in is copied before the call returns. A library is trusted to
//! keep the contract of `aldis_carrier::abi` where memory is concerned (the conformance kit checks it), and for
//! nothing else.

pub(crate) mod aside;
pub(crate) mod calls;
pub(crate) mod crypto;
pub(crate) mod host_table;
mod lines;
pub(crate) mod machine;
pub(crate) mod open;
mod sinks;

pub(crate) use sinks::{RawAct, RawEvent, RawLink, RawOutcome, RawReply, RawRequest, Word};
#[cfg(feature = "kit")]
pub(crate) use sinks::{raw_event, raw_request};
