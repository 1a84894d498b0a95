//! A carrier's call-back and what its library made of it.

use crate::report::Price;
use aldis_carrier::{Class, EventKind, Proof, ReceiptState};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A call-back as it arrived. `Debug` shows the method only: URL, headers and body are the carrier's secrets and
/// somebody's numbers.
#[derive(Clone, Serialize, Deserialize)]
pub struct CallbackRequest {
    /// The URL exactly as the carrier called it; signatures cover it.
    pub external_url: String,
    /// HTTP method, upper case.
    pub method: String,
    /// Headers in order, values untouched.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, untouched.
    pub body: Bytes,
    /// Who called, as text; empty if unknown.
    pub remote_address: String,
    /// When it arrived.
    pub now_unix_ms: u64,
}

impl fmt::Debug for CallbackRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackRequest")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// What the library says of a call-back.
#[derive(Debug)]
pub enum CallbackVerdict {
    /// The carrier sent it. Answer with `reply` (default: 200, empty) once the events are durable.
    Verified {
        /// What it tells, in order.
        events: Vec<CarrierEvent>,
        /// The answer the carrier expects.
        reply: Option<CallbackReply>,
    },
    /// It cannot be proved who sent it. Whatever the library read from it is dropped.
    Unverified,
    /// It is forged, stale or not a call-back; also the answer of a library without call-backs.
    Rejected,
    /// The library broke the contract; ask the carrier to try again.
    Fault,
}

/// The answer a carrier expects to its call-back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackReply {
    /// 200..=599.
    pub status: u16,
    /// Header names and values.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Body.
    pub body: Bytes,
}

/// One thing a carrier tells us. `Debug` shows neither numbers nor text.
#[derive(Clone)]
pub struct CarrierEvent {
    /// What it is about.
    pub kind: EventKind,
    /// For receipts: the state.
    pub state: ReceiptState,
    /// For failures: the outcome class, when the carrier gives a reason we know.
    pub class: Option<Class>,
    /// Nothing will follow.
    pub is_final: bool,
    /// The carrier's id of the message.
    pub carrier_id: String,
    /// Which part, from 0.
    pub part: u32,
    /// Sender number.
    pub from: String,
    /// Recipient number.
    pub to: String,
    /// Text of an inbound message.
    pub text: String,
    /// The carrier's raw code.
    pub code: Option<String>,
    /// When it happened, by the carrier's clock.
    pub carrier_time_unix_ms: Option<u64>,
    /// Network that handled it, `MCCMNC`.
    pub mccmnc: Option<String>,
    /// What it cost.
    pub price: Option<Price>,
    /// Anything else the carrier says.
    pub attributes: Vec<(String, String)>,
    /// The proof, for receipts, that the carrier wrote it.
    pub proof: Proof,
}

impl fmt::Debug for CarrierEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CarrierEvent")
            .field("kind", &self.kind)
            .field("state", &self.state)
            .field("carrier_id", &self.carrier_id)
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}
