//! The end of an attempt, in a carrier's words.

use crate::{Class, Scope};
use std::time::Duration;

/// The end of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What happened; decides what the host does next.
    pub class: Class,
    /// What a refusal is about.
    pub scope: Scope,
    /// The carrier's own advice.
    pub retry_after: Option<Duration>,
    /// The carrier's ids of the message, one for each part or one for all.
    pub carrier_ids: Vec<String>,
    /// The carrier's own code.
    pub code: String,
    /// A sentence for the operator, without numbers, text or secrets.
    pub detail: String,
    /// Segments the carrier counted.
    pub segments: Option<u32>,
    /// What it costs.
    pub price: Option<Price>,
}

/// What the carrier takes for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Millionths of the currency's unit.
    pub micros: i64,
    /// ISO 4217.
    pub currency: [u8; 3],
    /// False for an estimate.
    pub charged: bool,
}

impl Outcome {
    fn new(class: Class) -> Self {
        // What such a refusal is usually about; `scope` says otherwise.
        let scope = match class {
            Class::RateLimited | Class::Unauthorized | Class::NoFunds => Scope::Instance,
            Class::SenderNotAllowed => Scope::Sender,
            Class::InvalidNumber | Class::OptedOut => Scope::Recipient,
            _ => Scope::Message,
        };
        Self {
            class,
            scope,
            retry_after: None,
            carrier_ids: Vec::new(),
            code: String::new(),
            detail: String::new(),
            segments: None,
            price: None,
        }
    }

    /// The carrier took the message and calls it by these ids.
    pub fn accepted<I: Into<String>>(ids: impl IntoIterator<Item = I>) -> Self {
        Self {
            carrier_ids: ids.into_iter().map(Into::into).collect(),
            ..Self::new(Class::Accepted)
        }
    }

    /// Anything else, with the carrier's own code. Its scope is the usual one of the class: the
    /// instance for `RateLimited`, `Unauthorized` and `NoFunds`, the sender for
    /// `SenderNotAllowed`, the recipient for `InvalidNumber` and `OptedOut`, else this message.
    pub fn refused(class: Class, code: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            ..Self::new(class)
        }
    }

    /// Says more to the operator. Never numbers, text or secrets.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Says when to come back.
    #[must_use]
    pub fn retry_after(mut self, after: impl Into<Option<Duration>>) -> Self {
        self.retry_after = after.into();
        self
    }

    /// Says what the refusal is about.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Says how many segments the carrier counted.
    #[must_use]
    pub fn segments(mut self, segments: u32) -> Self {
        self.segments = Some(segments);
        self
    }

    /// Says what it costs.
    #[must_use]
    pub fn price(mut self, price: Price) -> Self {
        self.price = Some(price);
        self
    }
}
