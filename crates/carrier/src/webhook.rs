//! A carrier's call-back: receipts, inbound messages, opt-outs.

use crate::headers::Headers;
use crate::{Class, EventKind, Price, ReceiptState, abi};
use std::fmt;

/// A call-back as it arrived. `Debug` shows the method only.
#[derive(Clone)]
pub struct WebhookRequest<'a> {
    external_url: &'a str,
    method: &'a str,
    headers: Headers<'a>,
    body: &'a [u8],
    remote_address: &'a str,
    now_unix_ms: u64,
}

impl<'a> WebhookRequest<'a> {
    /// # Safety
    /// `req` and all it points to is readable as long as `'a`.
    pub(crate) unsafe fn read(req: *const abi::WebhookReq) -> Option<Self> {
        // SAFETY: the caller's promise.
        let req = unsafe { crate::copying::copy(req) }?;
        // SAFETY: the caller's promise.
        let text = |text: abi::Str| unsafe { text.text::<'a>() };
        // SAFETY: the caller's promise.
        let (headers, body) = unsafe { (Headers::read(req.headers), req.body.bytes()) };
        Some(Self {
            external_url: text(req.external_url)?,
            method: text(req.method)?,
            headers,
            body,
            remote_address: text(req.remote_address)?,
            now_unix_ms: req.now_unix_ms,
        })
    }

    /// The URL exactly as the carrier called it; signatures cover it.
    pub fn external_url(&self) -> &'a str {
        self.external_url
    }

    /// HTTP method.
    pub fn method(&self) -> &'a str {
        self.method
    }

    /// A header by name, in any case; `None` if it is absent or not text.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name)
    }

    /// The body, untouched.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The fields of a form, in order.
    pub fn form(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.body).into_owned().collect()
    }

    /// The parameters of the URL, in order. The operator's own may be among them.
    pub fn query(&self) -> Vec<(String, String)> {
        let (_, query) = self.external_url.split_once('?').unwrap_or_default();
        form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }

    /// Who called; empty if unknown.
    pub fn remote_address(&self) -> &'a str {
        self.remote_address
    }

    /// Now: a stale signature is one by this clock.
    pub fn now_unix_ms(&self) -> u64 {
        self.now_unix_ms
    }
}

impl fmt::Debug for WebhookRequest<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("WebhookRequest")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// What a carrier makes of a call-back.
#[derive(Clone, Debug)]
pub enum Webhook {
    /// The carrier sent it, and this is what it tells.
    Verified {
        /// In order; may be none.
        events: Vec<Event>,
        /// The answer the carrier expects; `None`: 200 with no body.
        reply: Option<Reply>,
    },
    /// It cannot be proved who sent it.
    Unverified,
    /// It is forged, stale, or not a call-back.
    Rejected,
}

impl Webhook {
    /// The carrier sent it, and tells this.
    pub fn verified(events: impl IntoIterator<Item = Event>) -> Self {
        Self::Verified {
            events: events.into_iter().collect(),
            reply: None,
        }
    }

    /// Says what to answer; without effect unless verified.
    #[must_use]
    pub fn with_reply(mut self, answer: Reply) -> Self {
        if let Self::Verified { reply, .. } = &mut self {
            *reply = Some(answer);
        }
        self
    }
}

/// The answer to a call-back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// One thing a carrier tells. `Debug` shows neither numbers nor text.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    /// What it is about.
    pub kind: EventKind,
    /// What a receipt says.
    pub state: ReceiptState,
    /// Why a message failed.
    pub class: Option<Class>,
    /// True if the state will not change any more.
    pub is_final: bool,
    /// Which part, from 0.
    pub part: u32,
    /// The carrier's id of the message.
    pub carrier_id: String,
    /// Who an inbound message is from.
    pub from: String,
    /// Whom it is to.
    pub to: String,
    /// Its text.
    pub text: String,
    /// The carrier's own code.
    pub code: String,
    /// When, by the carrier's clock.
    pub carrier_time_ms: Option<u64>,
    /// Mobile country and network code.
    pub mccmnc: String,
    /// What it cost.
    pub price: Option<Price>,
    /// More, by the carrier's own names.
    pub attributes: Vec<(String, String)>,
    /// The proof that a receipt is one.
    pub proof: Proof,
}

/// The proof that a receipt is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Proof {
    /// The carrier says so, and nobody else can.
    #[default]
    Carrier,
    /// It looks like one, and a person could have written it. It counts only for a message to [`Event::from`] whose sender
    /// is [`Event::to`]; otherwise it is an inbound message with the event's text. A host older than 1.1 believes it.
    Addresses(SenderProof),
}

/// The messages that [`Event::to`] is the sender of, besides those that name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SenderProof {
    /// No others.
    Named,
    /// Messages without a sender of their own: it is what the carrier is told, or fills in, for them.
    Default,
    /// All messages: the number says nothing at this carrier.
    Any,
}

impl Proof {
    /// The bits that cross the border.
    pub(crate) fn flags(self) -> u32 {
        match self {
            Self::Carrier => 0,
            Self::Addresses(SenderProof::Named) => abi::RECEIPT_UNPROVEN,
            Self::Addresses(SenderProof::Default) => abi::RECEIPT_UNPROVEN | abi::RECEIPT_TO_DEFAULT,
            Self::Addresses(SenderProof::Any) => abi::RECEIPT_UNPROVEN | abi::RECEIPT_TO_ANY,
        }
    }

    /// Reads them; `None`: a bit that nobody knows, which may mean that less is proved.
    #[doc(hidden)]
    pub fn from_flags(flags: u32) -> Option<Self> {
        let known = abi::RECEIPT_UNPROVEN | abi::RECEIPT_TO_DEFAULT | abi::RECEIPT_TO_ANY;
        let has = |flag: u32| flags & flag != 0;
        if flags & !known != 0 {
            return None;
        }
        Some(
            match (
                has(abi::RECEIPT_UNPROVEN),
                has(abi::RECEIPT_TO_ANY),
                has(abi::RECEIPT_TO_DEFAULT),
            ) {
                (false, ..) => Self::Carrier,
                (true, true, _) => Self::Addresses(SenderProof::Any),
                (true, false, true) => Self::Addresses(SenderProof::Default),
                (true, false, false) => Self::Addresses(SenderProof::Named),
            },
        )
    }
}

impl Reply {
    /// An answer with a body of this type.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.into(),
        }
    }
}

impl Event {
    /// A receipt for the message with this id. Delivered, undelivered, expired, rejected, deleted
    /// and read are final.
    pub fn receipt(carrier_id: impl Into<String>, state: ReceiptState) -> Self {
        use ReceiptState::{Deleted, Delivered, Expired, Read, Rejected, Undelivered};
        let is_final = matches!(
            state,
            Delivered | Undelivered | Expired | Rejected | Deleted | Read
        );
        Self {
            state,
            is_final,
            carrier_id: carrier_id.into(),
            ..Self::new(EventKind::Receipt)
        }
    }

    /// A message to us.
    pub fn inbound(from: impl Into<String>, to: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            from: from.into(),
            to: to.into(),
            text: text.into(),
            ..Self::new(EventKind::Inbound)
        }
    }

    /// This recipient wants nothing more from this sender of ours.
    pub fn opted_out(recipient: impl Into<String>, sender: impl Into<String>) -> Self {
        Self {
            from: recipient.into(),
            to: sender.into(),
            ..Self::new(EventKind::OptOut)
        }
    }

    fn new(kind: EventKind) -> Self {
        Self {
            kind,
            state: ReceiptState::Unknown,
            class: None,
            is_final: false,
            part: 0,
            carrier_id: String::new(),
            from: String::new(),
            to: String::new(),
            text: String::new(),
            code: String::new(),
            carrier_time_ms: None,
            mccmnc: String::new(),
            price: None,
            attributes: Vec::new(),
            proof: Proof::Carrier,
        }
    }

    /// Says why, with the carrier's own code.
    #[must_use]
    pub fn because(mut self, class: Class, code: impl Into<String>) -> Self {
        self.class = Some(class);
        self.code = code.into();
        self
    }

    /// Says when, by the carrier's clock.
    #[must_use]
    pub fn at_unix_ms(mut self, moment: u64) -> Self {
        self.carrier_time_ms = Some(moment);
        self
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Event")
            .field("kind", &self.kind)
            .field("state", &self.state)
            .field("is_final", &self.is_final)
            .field("carrier_id", &self.carrier_id)
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
