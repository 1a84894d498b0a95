//! The host half of the carrier border: loads carrier libraries and does for them what they may not do
//! themselves, above all HTTP.
//!
//! [`Library`] is a loaded file, [`Instance`] one configured carrier of it. An instance is the seam for what comes
//! later: other styles (sessions) and other places (a worker process) have the same `submit` and `webhook`.

#![allow(unsafe_code, reason = "this crate is one of the two sides of a C border; see `unsafe_code` in the workspace")]

mod allowed;
mod callback;
mod http;
mod report;
mod submission;

pub use callback::{CallbackReply, CallbackRequest, CallbackVerdict, CarrierEvent, EventKind, EventState};
pub use http::{HttpEngine, HttpEngineError, HttpOptions};
pub use report::{Class, Price, PriceKind, Report, Scope};
pub use submission::{CarrierMessage, CarrierSender, Encoding, SenderKind, Submission};
