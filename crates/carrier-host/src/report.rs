//! What became of one submission: the host's truth after the carrier's word.

use aldis_carrier::{Class, Scope};
use std::time::Duration;

/// How sure a price is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PriceKind {
    /// What the carrier charged.
    Actual,
    /// What it will probably charge.
    Estimate,
}

/// What the carrier takes for the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// Millionths of the currency's unit.
    pub micros: i64,
    /// ISO 4217, three letters.
    pub currency: String,
    /// Charged or guessed.
    pub kind: PriceKind,
}

/// The end of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What happened.
    pub class: Class,
    /// What it is about.
    pub scope: Scope,
    /// The carrier's own advice.
    pub retry_after: Option<Duration>,
    /// The carrier's ids, one per part or one for all; never empty strings.
    pub carrier_ids: Vec<String>,
    /// The carrier's raw code, or the HTTP status when the library broke.
    pub code: Option<String>,
    /// A sentence for the operator, already redacted.
    pub detail: Option<String>,
    /// Parts the carrier counted.
    pub segments: Option<u16>,
    /// What it costs, when the carrier says so.
    pub price: Option<Price>,
    /// False only if no byte of any request can have reached the carrier.
    pub request_written: bool,
}

impl Report {
    /// The last look before the wire.
    pub(crate) fn expired() -> Self {
        Self::bare(
            Class::Expired,
            false,
            "the deadline passed before the carrier was asked",
        )
    }

    /// Nobody wants it sent any more.
    pub(crate) fn caller_gone() -> Self {
        let detail = "the caller left, or had an answer, before the carrier was asked";
        let mut report = Self::bare(Class::Temporary, false, detail);
        report.code = Some("caller_gone".to_owned());
        report
    }

    /// The library's descriptor says so.
    pub(crate) fn too_long(most: u32) -> Self {
        let detail = format!("the carrier takes no message of more than {most} parts");
        // Another one may take it.
        let mut report = Self::bare(Class::Unsupported, false, detail);
        report.code = Some("max_segments".to_owned());
        report
    }

    pub(crate) fn bare(class: Class, request_written: bool, detail: impl Into<String>) -> Self {
        Self {
            class,
            scope: Scope::Message,
            retry_after: None,
            carrier_ids: Vec::new(),
            code: None,
            detail: Some(detail.into()),
            segments: None,
            price: None,
            request_written,
        }
    }
}
