//! A carrier's call on its way from the edge to the plugin that can read it, and the answer on its way back.

use crate::{DeliveryError, ErrorKind, wire};
use std::fmt;

/// A call as it arrived. `Debug` shows the method only: URL, headers and body are the carrier's secrets and somebody's
/// numbers.
#[derive(Clone, PartialEq, Eq)]
pub struct Callback {
    /// The carrier's name in the configuration, as it stood in the URL.
    pub carrier: String,
    /// HTTP method, upper case.
    pub method: String,
    /// The URL exactly as the carrier called it.
    pub external_url: String,
    /// Headers in order, names in lower case, values untouched.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, untouched.
    pub body: Vec<u8>,
    /// Who called.
    pub remote_address: String,
}

/// What the carrier is to be answered.
#[derive(Clone, PartialEq, Eq)]
pub struct CallbackAnswer {
    /// HTTP status, 200 to 599.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Body.
    pub body: Vec<u8>,
}

impl CallbackAnswer {
    /// A status and nothing else.
    pub fn bare(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Writes it.
    pub fn into_wire(self) -> wire::HandleCallbackResponse {
        wire::HandleCallbackResponse {
            status: self.status.into(),
            headers: headers_into_wire(self.headers),
            body: self.body,
        }
    }

    /// Reads it.
    pub fn from_wire(answer: wire::HandleCallbackResponse) -> Result<Self, DeliveryError> {
        let status = u16::try_from(answer.status)
            .ok()
            .filter(|status| (200..600).contains(status))
            .ok_or_else(|| {
                DeliveryError::new(ErrorKind::Internal, "delivery's answer cannot be read: status")
            })?;
        Ok(Self {
            status,
            headers: headers_from_wire(answer.headers),
            body: answer.body,
        })
    }
}

impl Callback {
    /// Writes it.
    pub fn into_wire(self) -> wire::HandleCallbackRequest {
        wire::HandleCallbackRequest {
            carrier: self.carrier,
            method: self.method,
            external_url: self.external_url,
            headers: headers_into_wire(self.headers),
            body: self.body,
            remote_address: self.remote_address,
        }
    }

    /// Reads it.
    pub fn from_wire(call: wire::HandleCallbackRequest) -> Self {
        Self {
            carrier: call.carrier,
            method: call.method,
            external_url: call.external_url,
            headers: headers_from_wire(call.headers),
            body: call.body,
            remote_address: call.remote_address,
        }
    }
}

fn headers_into_wire(headers: Vec<(String, Vec<u8>)>) -> Vec<wire::CallbackHeader> {
    headers
        .into_iter()
        .map(|(name, value)| wire::CallbackHeader { name, value })
        .collect()
}

fn headers_from_wire(headers: Vec<wire::CallbackHeader>) -> Vec<(String, Vec<u8>)> {
    headers
        .into_iter()
        .map(|header| (header.name, header.value))
        .collect()
}

impl fmt::Debug for Callback {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Callback")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CallbackAnswer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("CallbackAnswer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
