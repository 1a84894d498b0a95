//! What one side tells the other: lent for a call, copied by the receiver.

use super::{List, Str};
use std::ffi::c_void;

/// How an instance is configured.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct InstanceCfg {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// Zero.
    pub pad: u32,
    /// Names the instance in host calls.
    pub instance_id: u64,
    /// The operator's name for it.
    pub name: Str,
    /// Its settings without the secrets: a JSON object.
    pub config_json: Str,
    /// Its secrets: list of [`super::Pair`], the key a dotted path into the settings.
    pub secrets: List,
    /// Where the carrier can reach us; empty if it cannot.
    pub webhook_base_url: Str,
    /// ISO 3166 region of the operator; may be empty.
    pub locale_region: Str,
    /// Handed back to `fault`.
    pub fault_ctx: *mut c_void,
    /// Says which setting is wrong and why, before `E_INVALID` is returned. Never quotes a value.
    pub fault: Option<unsafe extern "C" fn(ctx: *mut c_void, key: Str, reason: Str)>,
}

/// A message to send. Borrowed for the call.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Msg {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// `MSG_*`.
    pub flags: u32,
    /// Aldis's id.
    pub id: Str,
    /// Recipient, E.164 with `+`.
    pub to: Str,
    /// Sender; empty: the instance's default.
    pub from: Str,
    /// `SENDER_*`, see [`crate::SenderKind`].
    pub from_kind: u32,
    /// `ENCODING_*`, see [`crate::Encoding`].
    pub encoding: u32,
    /// The text.
    pub text: Str,
    /// List of [`Part`] when the host splits the text; else empty.
    pub parts: List,
    /// Segments the host counts.
    pub segments_est: u32,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// Seconds the carrier may keep trying; 0: its own default.
    pub validity_s: u32,
    /// Zero.
    pub pad: u32,
    /// Not to be sent after this moment.
    pub deadline_unix_ms: u64,
    /// Not to be sent before this moment; 0: now.
    pub schedule_unix_ms: u64,
    /// Now.
    pub now_unix_ms: u64,
    /// Where receipts shall go; may be empty.
    pub callback_url: Str,
    /// The same for every attempt of this message at this carrier.
    pub idempotency_key: Str,
    /// List of [`super::Pair`].
    pub attrs: List,
    /// Nothing of it is to be written after this moment: its deadline, or its caller has an answer. Since 1.1; 0 in an
    /// older host.
    pub until_unix_ms: u64,
}

/// One part of a long text.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// Data coding scheme, 3GPP TS 23.038 section 4.
    pub dcs: u32,
    /// User data header.
    pub udh: Str,
    /// User data.
    pub data: Str,
}

/// A request the host shall make.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct HttpReq {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// `HTTP_*`.
    pub flags: u32,
    /// `GET`, `POST`, ...
    pub method: Str,
    /// Absolute and percent-encoded; its host must be an allowed one.
    pub url: Str,
    /// List of [`super::Pair`].
    pub headers: List,
    /// Body.
    pub body: Str,
    /// Give up after this; 0: the host's limit, which caps it anyway.
    pub timeout_ms: u32,
    /// Zero.
    pub pad: u32,
    /// At most 4 KiB, returned with the answer.
    pub state: Str,
}

/// What came of a request.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct HttpResp {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// HTTP status; 0 without an answer.
    pub status: u32,
    /// `TRANSPORT_*`, see [`crate::Transport`].
    pub transport: u32,
    /// 0: nothing of the request can have reached the carrier. 1: it may have.
    pub request_written: u32,
    /// List of [`super::Pair`].
    pub headers: List,
    /// Body.
    pub body: Str,
    /// How long it took.
    pub elapsed_ms: u32,
    /// 1 for the answer to the first request of an attempt.
    pub step: u32,
    /// What the request left.
    pub state: Str,
    /// Now.
    pub now_unix_ms: u64,
}

/// The end of an attempt.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// See [`crate::Class`].
    pub class: u32,
    /// See [`crate::Scope`].
    pub scope: u32,
    /// Zero.
    pub flags: u32,
    /// The carrier's own advice; 0: none.
    pub retry_after_ms: u64,
    /// Segments the carrier counted; 0: it did not say.
    pub segments: u32,
    /// 0: no price. 1: charged. 2: estimated.
    pub price_kind: u32,
    /// Millionths of the currency's unit.
    pub price_micros: i64,
    /// ISO 4217 and a zero.
    pub currency: [u8; 4],
    /// Zero.
    pub pad: u32,
    /// List of [`Str`]: one id for each part, or one for all.
    pub carrier_ids: List,
    /// The carrier's own code.
    pub code: Str,
    /// A sentence for the operator, without numbers, text or secrets.
    pub detail: Str,
}

/// Something a carrier tells.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// See [`crate::EventKind`].
    pub kind: u32,
    /// See [`crate::ReceiptState`].
    pub state: u32,
    /// See [`crate::Class`]; why it failed.
    pub class: u32,
    /// 1 if the state will not change any more.
    pub is_final: u32,
    /// Which part, from 0.
    pub part_index: u32,
    /// The carrier's id of the message.
    pub carrier_id: Str,
    /// Who an inbound message is from.
    pub from: Str,
    /// Whom it is to.
    pub to: Str,
    /// Its text.
    pub text: Str,
    /// The carrier's own code.
    pub code: Str,
    /// When, by the carrier's clock; 0: it did not say.
    pub carrier_time_ms: u64,
    /// Mobile country and network code.
    pub mccmnc: Str,
    /// Millionths of the currency's unit.
    pub price_micros: i64,
    /// ISO 4217 and a zero; zeros: no price.
    pub currency: [u8; 4],
    /// Zero.
    pub pad: u32,
    /// List of [`super::Pair`].
    pub attrs: List,
    /// `RECEIPT_*`. Since 1.1.
    pub flags: u32,
    /// Zero.
    pub pad2: u32,
}

/// A call-back of a carrier, as it arrived.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct WebhookReq {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// Zero.
    pub pad: u32,
    /// The URL exactly as the carrier called it; signatures cover it.
    pub external_url: Str,
    /// `GET`, `POST`, ...
    pub method: Str,
    /// List of [`super::Pair`].
    pub headers: List,
    /// Body, untouched.
    pub body: Str,
    /// Who called; may be empty.
    pub remote_address: Str,
    /// Now.
    pub now_unix_ms: u64,
}
