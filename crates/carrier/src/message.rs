//! A message to send, as a carrier sees it.

use crate::{Encoding, SenderKind, abi};
use std::fmt;
use std::time::Duration;

/// A message to send. Numbers and text are plain here; `Debug` shows the id only.
#[derive(Clone)]
pub struct Message<'a> {
    id: &'a str,
    to: &'a str,
    from: &'a str,
    from_kind: SenderKind,
    text: &'a str,
    encoding: Encoding,
    segments: u32,
    attempt: u32,
    validity: Option<Duration>,
    deadline_unix_ms: u64,
    now_unix_ms: u64,
    callback_url: &'a str,
    idempotency_key: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
    until_unix_ms: u64,
}

impl<'a> Message<'a> {
    /// `None` if the host sent what is no message: text that is not UTF-8, or no recipient.
    ///
    /// # Safety
    /// `msg` and all it points to is readable as long as `'a`.
    pub(crate) unsafe fn read(msg: *const abi::Msg) -> Option<Self> {
        // SAFETY: the caller's promise.
        let msg = unsafe { crate::copying::copy(msg) }?;
        // SAFETY: the caller's promise.
        let text = |text: abi::Str| unsafe { text.text::<'a>() };
        // SAFETY: the caller's promise.
        let attributes = unsafe { msg.attrs.pairs::<'a>() };
        let attributes = attributes
            .into_iter()
            .filter_map(|(key, value, _)| {
                Some((std::str::from_utf8(key).ok()?, std::str::from_utf8(value).ok()?))
            })
            .collect();
        let to = text(msg.to).filter(|to| !to.is_empty())?;
        Some(Self {
            id: text(msg.id)?,
            to,
            from: text(msg.from)?,
            from_kind: SenderKind::from_number(msg.from_kind)?,
            text: text(msg.text)?,
            encoding: Encoding::from_number(msg.encoding)?,
            segments: msg.segments_est,
            attempt: msg.attempt,
            validity: (msg.validity_s > 0).then(|| Duration::from_secs(msg.validity_s.into())),
            deadline_unix_ms: msg.deadline_unix_ms,
            now_unix_ms: msg.now_unix_ms,
            callback_url: text(msg.callback_url)?,
            idempotency_key: text(msg.idempotency_key)?,
            attributes,
            until_unix_ms: if msg.until_unix_ms == 0 {
                msg.deadline_unix_ms
            } else {
                msg.until_unix_ms
            },
        })
    }

    /// Aldis's id of the message; safe to log and to hand to the carrier as a reference.
    pub fn id(&self) -> &'a str {
        self.id
    }

    /// Recipient in E.164 form, with `+`.
    pub fn to(&self) -> &'a str {
        self.to
    }

    /// Sender, if the caller chose one; else use the instance's own.
    pub fn from(&self) -> Option<&'a str> {
        some(self.from)
    }

    /// What kind of name [`Message::from`] is.
    pub fn from_kind(&self) -> SenderKind {
        self.from_kind
    }

    /// The text.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// How the text will be coded; carriers that must be told are told this.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Segments the host counts.
    pub fn segments(&self) -> u32 {
        self.segments
    }

    /// 1 for the first attempt at any carrier.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// How long the carrier may keep trying, in whole seconds; `None`: its own default.
    pub fn validity(&self) -> Option<Duration> {
        self.validity
    }

    /// The message must not be sent after this moment.
    pub fn deadline_unix_ms(&self) -> u64 {
        self.deadline_unix_ms
    }

    /// Nothing of the message is to be written after this moment: its deadline, or its caller has an answer.
    pub fn until_unix_ms(&self) -> u64 {
        self.until_unix_ms
    }

    /// Now. Signing takes its clock from here, so that tests can stop it.
    pub fn now_unix_ms(&self) -> u64 {
        self.now_unix_ms
    }

    /// Where receipts shall go, if any are wanted.
    pub fn callback_url(&self) -> Option<&'a str> {
        some(self.callback_url)
    }

    /// The same for every attempt of this message at this carrier.
    pub fn idempotency_key(&self) -> Option<&'a str> {
        some(self.idempotency_key)
    }

    /// One of the caller's attributes.
    pub fn attribute(&self, key: &str) -> Option<&'a str> {
        self.attributes
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| *value)
    }

    /// The caller's attributes.
    pub fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> + '_ {
        self.attributes.iter().copied()
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Message")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
