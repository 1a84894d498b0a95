//! What the author of a carrier with a connection that stays writes: two traits.

use crate::{About, Event, Instance, Message, Outcome, SettingsError, abi};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use std::fmt;
use std::time::Duration;

/// A carrier with connections that stay, such as SMPP.
///
/// The host owns sockets, TLS, timers, reconnecting and the send window; the carrier turns bytes and messages into
/// bytes and outcomes. Export it with `export_carrier!(session: Acme);`.
pub trait SessionCarrier: Sized + Send + Sync + 'static {
    /// What the operator sets in `[carriers.settings]`; see [`crate::Carrier::Settings`].
    type Settings: DeserializeOwned + JsonSchema;

    /// One connection.
    type Session: Session;

    /// Who this carrier is.
    const ABOUT: About;

    /// Makes an instance. Several may live at once, with other settings.
    fn new(settings: Self::Settings, instance: &Instance) -> Result<Self, SettingsError>;

    /// The connections the host shall keep up: at least one, at most 64. Asked once.
    fn links(&self) -> Vec<Link>;

    /// A link is connected: begin, usually by writing a bind.
    fn open(&self, link: &LinkInfo<'_>, host: &mut SessionHost) -> Self::Session;

    /// The carrier called back. Verify first, then read. Only asked if [`About::with_webhook`].
    fn webhook(&self, request: &crate::WebhookRequest<'_>) -> crate::Webhook {
        let _ = request;
        crate::Webhook::Rejected
    }
}

/// One connection, from `open` until it is gone. Its methods are never called at the same time.
///
/// When the connection ends, the host ends its messages: those whose bytes may have left are ambiguous, the others go
/// elsewhere. The session is just dropped.
pub trait Session: Send + 'static {
    /// Bytes arrived, cut anywhere.
    fn on_bytes(&mut self, bytes: &[u8], host: &mut SessionHost);

    /// A timer ran out.
    fn on_timer(&mut self, id: u32, host: &mut SessionHost);

    /// A message is to be sent. `token` names it until [`SessionHost::complete`]. What is written here is that message: if it
    /// is over before any of it has left, the host leaves it out, whole.
    fn submit(&mut self, token: u64, message: &Message<'_>, host: &mut SessionHost);

    /// No message will follow and none is in flight: take leave, then [`SessionHost::close`].
    fn drain(&mut self, host: &mut SessionHost);
}

/// A connection the host shall keep up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Link {
    pub(crate) name: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: bool,
    pub(crate) server_name: String,
}

impl Link {
    /// A plain TCP connection. `host` must be the value of the setting `host`, or one of [`About::hosts`].
    pub fn new(name: impl Into<String>, host: impl Into<String>, port: u16) -> Self {
        Self {
            name: name.into(),
            host: host.into(),
            port,
            tls: false,
            server_name: String::new(),
        }
    }

    /// Over TLS, or not.
    pub fn tls(self, tls: bool) -> Self {
        Self { tls, ..self }
    }

    /// The name in the carrier's certificate, if it is not that of the host.
    pub fn server_name(self, server_name: impl Into<String>) -> Self {
        Self {
            server_name: server_name.into(),
            ..self
        }
    }

    /// The carrier's name for it.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// What a session is told of its connection.
#[derive(Clone, Copy, Debug)]
pub struct LinkInfo<'a> {
    pub(crate) index: usize,
    pub(crate) name: &'a str,
}

impl<'a> LinkInfo<'a> {
    /// Of a test, which calls a session without a host.
    pub fn new(index: usize, name: &'a str) -> Self {
        Self { index, name }
    }

    /// Which one of [`SessionCarrier::links`].
    pub fn index(&self) -> usize {
        self.index
    }

    /// The link's name.
    pub fn name(&self) -> &'a str {
        self.name
    }
}

/// One thing a session wants.
#[derive(Clone, PartialEq)]
pub enum Act {
    /// Write these bytes.
    Write(Vec<u8>),
    /// So many messages may be in flight, and so many be handed over in a second.
    Ready {
        /// 0: none.
        window: u32,
        /// `None`: as fast as they come.
        per_second: Option<f64>,
    },
    /// The message of this token ended like this.
    Complete(u64, Outcome),
    /// Something the carrier tells, and the two possible answers.
    Event {
        /// What it tells.
        event: Box<Event>,
        /// Written once it is durable.
        ack: Vec<u8>,
        /// Written if it could not be stored.
        nack: Vec<u8>,
    },
    /// Call `on_timer` with this id after this time; `None`: not at all.
    Timer(u32, Option<Duration>),
    /// End this connection.
    Close(Outcome),
    /// The message of this token takes longer than an attempt may.
    Hold(u64),
}

impl fmt::Debug for Act {
    /// No bytes: they hold numbers, texts and passwords.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(bytes) => write!(out, "Write({} bytes)", bytes.len()),
            Self::Ready { window, per_second } => write!(out, "Ready({window}, {per_second:?})"),
            Self::Complete(token, outcome) => write!(out, "Complete({token}, {:?})", outcome.class),
            Self::Event { event, .. } => write!(out, "Event({event:?})"),
            Self::Timer(id, after) => write!(out, "Timer({id}, {after:?})"),
            Self::Close(outcome) => write!(out, "Close({:?})", outcome.class),
            Self::Hold(token) => write!(out, "Hold({token})"),
        }
    }
}

/// Where a session says what it wants. It only records; the host acts, in the same order, after the call returned.
#[derive(Debug)]
pub struct SessionHost {
    now_unix_ms: u64,
    acts: Vec<Act>,
}

impl SessionHost {
    /// A recorder with a clock that stands still; tests of a session read [`SessionHost::take`].
    pub fn at(now_unix_ms: u64) -> Self {
        Self {
            now_unix_ms,
            acts: Vec::new(),
        }
    }

    /// What was wanted so far, in order; writes that follow each other are one.
    pub fn take(&mut self) -> Vec<Act> {
        std::mem::take(&mut self.acts)
    }

    /// Now.
    pub fn now_unix_ms(&self) -> u64 {
        self.now_unix_ms
    }

    /// Write these bytes.
    pub fn write(&mut self, bytes: &[u8]) {
        if let Some(Act::Write(before)) = self.acts.last_mut() {
            before.extend_from_slice(bytes);
        } else {
            self.acts.push(Act::Write(bytes.to_vec()));
        }
    }

    /// So many messages may be in flight on this link (0: none), and so many be handed over in a second (`None`: as
    /// fast as they come). Holds until said anew.
    pub fn ready(&mut self, window: u32, per_second: Option<f64>) {
        self.acts.push(Act::Ready { window, per_second });
    }

    /// The message of this token ended like this; once for each token. A token whose time ran out is not announced,
    /// and completing it late is harmless. After [`Class::Ambiguous`](crate::Class::Ambiguous) the carrier's own answer may
    /// follow once, on the same connection, within a minute: it finds the message, and so do its receipts.
    pub fn complete(&mut self, token: u64, outcome: Outcome) {
        self.acts.push(Act::Complete(token, outcome));
    }

    /// The message of this token has left in part, and nobody else can send the rest: its attempt lasts until
    /// [`Message::until_unix_ms`], after which nothing of it is to be written. A host older than 1.1 does not know this,
    /// and ends the attempt in its time.
    pub fn hold(&mut self, token: u64) {
        self.acts.push(Act::Hold(token));
    }

    /// Something the carrier tells. The host writes `ack` once it is durable, or `nack` if it could not be stored;
    /// either may be empty.
    pub fn event(&mut self, event: Event, ack: &[u8], nack: &[u8]) {
        self.acts.push(Act::Event {
            event: Box::new(event),
            ack: ack.to_vec(),
            nack: nack.to_vec(),
        });
    }

    /// Call `on_timer` with this id after this time; said again: instead of before. Ids are the session's own, 64 at
    /// most at a time.
    pub fn timer(&mut self, id: u32, after: Duration) {
        self.acts.push(Act::Timer(id, Some(after)));
    }

    /// The timer is not wanted any more.
    pub fn cancel_timer(&mut self, id: u32) {
        self.acts.push(Act::Timer(id, None));
    }

    /// End this connection once everything is written. The class says how to go on: `Temporary` connects again with
    /// back-off, `Unauthorized` and `NoFunds` rest long and tell somebody.
    pub fn close(&mut self, outcome: Outcome) {
        self.acts.push(Act::Close(outcome));
    }
}

/// Thousandths, as the border says it; never 0, which means "no limit".
pub(crate) fn milli_per_second(per_second: Option<f64>) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the range of the type"
    )]
    per_second.map_or(0, |rate| (rate * 1000.0).clamp(1.0, f64::from(u32::MAX)) as u32)
}

/// The other way.
pub(crate) fn per_second(milli: u32) -> Option<f64> {
    (milli > 0).then(|| f64::from(milli) / 1000.0)
}

/// Milliseconds of a timer, as the border says it.
pub(crate) fn timer_ms(after: Option<Duration>) -> u32 {
    after.map_or(abi::TIMER_OFF, |after| {
        u32::try_from(after.as_millis())
            .unwrap_or(u32::MAX)
            .min(abi::TIMER_OFF - 1)
    })
}
