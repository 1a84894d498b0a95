//! What an author writes: one trait.

use crate::{Instance, Message, Outcome, Request, Response, SettingsError, Webhook, WebhookRequest};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// A carrier: pure functions from messages to requests, and from answers to outcomes.
///
/// The host owns sockets, TLS, time limits, retries and threads. Methods may be called from any
/// thread, several at once; they must not block, sleep, do I/O or start threads.
pub trait Carrier: Sized + Send + Sync + 'static {
    /// What the operator sets in `[carriers.settings]`. Give it `#[serde(deny_unknown_fields)]`,
    /// so that a typing mistake is an error, and [`crate::Secret`] fields for secrets.
    type Settings: DeserializeOwned + JsonSchema;

    /// Who this carrier is.
    const ABOUT: About;

    /// Makes an instance. Several may live at once, with other settings.
    fn new(settings: Self::Settings, instance: &Instance) -> Result<Self, SettingsError>;

    /// Says what is allowed and unwise in its settings, by key, for the operator: the host logs it. Never a value.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// A message is to be sent: ask for a request, or end the attempt.
    fn submit(&self, message: &Message<'_>) -> Step;

    /// The request was made, and this came of it: end the attempt, or ask for one more request
    /// (four at most).
    fn on_response(&self, message: &Message<'_>, response: &Response<'_>) -> Step;

    /// The carrier called back. Verify first, then read. Only asked if [`About::with_webhook`].
    fn webhook(&self, request: &WebhookRequest<'_>) -> Webhook {
        let _ = request;
        Webhook::Rejected
    }
}

/// What is next in an attempt.
#[derive(Clone, Debug)]
pub enum Step {
    /// Make this request.
    Send(Request),
    /// The attempt is over.
    Done(Outcome),
    /// Call `submit` again after this; eight times at most, inside the attempt's time.
    Wait(Duration),
}

impl From<Request> for Step {
    fn from(request: Request) -> Self {
        Self::Send(request)
    }
}

impl From<Outcome> for Step {
    fn from(outcome: Outcome) -> Self {
        Self::Done(outcome)
    }
}

/// Who a carrier is and what it can do; part of the descriptor compiled into the library.
#[derive(Clone, Copy, Debug)]
pub struct About {
    pub(crate) id: &'static str,
    pub(crate) version: &'static str,
    pub(crate) hosts: &'static [&'static str],
    pub(crate) webhook: bool,
    pub(crate) idempotent: bool,
    pub(crate) max_segments: u32,
}

impl About {
    /// The operator's word for it, and its version (`env!("CARGO_PKG_VERSION")`).
    pub const fn new(id: &'static str, version: &'static str) -> Self {
        Self {
            id,
            version,
            hosts: &[],
            webhook: false,
            idempotent: false,
            max_segments: 0,
        }
    }

    /// The hosts it may talk to. That of the setting `base_url` is allowed as well; no other is.
    #[must_use]
    pub const fn hosts(self, hosts: &'static [&'static str]) -> Self {
        Self { hosts, ..self }
    }

    /// It reads call-backs.
    #[must_use]
    pub const fn with_webhook(self) -> Self {
        Self {
            webhook: true,
            ..self
        }
    }

    /// Its API sends a message once, however often it gets the same idempotency key.
    #[must_use]
    pub const fn idempotent(self) -> Self {
        Self {
            idempotent: true,
            ..self
        }
    }

    /// It takes at most this many segments; a message of more goes to another carrier.
    #[must_use]
    pub const fn max_segments(self, segments: u32) -> Self {
        Self {
            max_segments: segments,
            ..self
        }
    }
}
