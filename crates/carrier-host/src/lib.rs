//! The host half of the carrier border: loads carrier libraries and does for them what they may not do
//! themselves, above all HTTP.
//!
//! [`Library`] is a loaded file, [`Instance`] one configured carrier of it, whatever its style: `submit` is one
//! attempt, be it HTTP exchanges or a place in the window of a connection that stays.

#![allow(
    unsafe_code,
    reason = "this crate is one of the two sides of a C border; see `unsafe_code` in the workspace"
)]

mod allowed;
mod bare_secret;
mod border;
mod bounded;
mod broken;
mod budget;
mod callback;
mod descriptor;
pub mod elf;
mod faults;
mod guard;
mod http;
mod instance;
mod judge;
#[cfg(feature = "kit")]
pub mod kit;
mod libraries;
mod library;
mod limits;
mod manifest;
mod pin;
mod ration;
mod redact;
mod report;
mod resident;
mod sealed;
mod session;
mod settings;
mod shelf;
mod submission;
mod terms;
mod trust;
mod verdict;
pub mod worker;

pub use aldis_carrier::{
    Class, Encoding, EventKind, Proof, ReceiptState, Scope, SenderKind, SenderProof, calendar,
};
pub use budget::CallTimes;
pub use callback::{CallbackReply, CallbackRequest, CallbackVerdict, CarrierEvent};
pub use descriptor::{Capabilities, Descriptor};
pub use guard::{Found, Lookup, system};
pub use http::{HttpEngine, HttpEngineError, HttpOptions};
pub use instance::{Instance, InstanceError, InstanceMetrics, InstanceOptions};
pub use libraries::{Isolation, Libraries};
pub use library::{Library, LoadError, find};
pub use manifest::Manifest;
pub use pin::{Pin, Sha256, Sha256Error, Trust};
pub use report::{Price, PriceKind, Report};
pub use session::{Events, LateAnswer, LinkMetrics, Stored};
pub use shelf::{MetricKind, PluginMetric};
pub use submission::{CarrierMessage, CarrierSender, Submission};
pub use worker::WorkerMetrics;
