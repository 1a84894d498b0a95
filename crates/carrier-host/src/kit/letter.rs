//! What the kit tells a library: a message, a carrier's reply, a call-back, a configuration.

use super::lending::{Fields, Lending, Length};
use aldis_carrier::abi::{
    HttpResp, InstanceCfg, LinkSink, MSG_WANT_RECEIPT, Msg, Op, PAIR_SECRET, Sess, SessInfo, Str, WebhookReq,
    WebhookSink,
};
use aldis_carrier::{Encoding, SenderKind, Transport};
use serde::Deserialize;
use std::mem::offset_of;

/// The clock of every check: 2023-11-14 22:13:20 UTC.
pub(super) const NOW: u64 = 1_700_000_000_000;

macro_rules! fields {
    ($name:ident $type:ty { $($field:ident),* $(,)? }) => {
        pub(super) const $name: Fields = &[$((stringify!($field), offset_of!($type, $field))),*];
    };
}
fields! { CFG InstanceCfg {
    struct_size, pad, instance_id, name, config_json, secrets, webhook_base_url, locale_region, fault_ctx, fault,
} }
fields! { MSG Msg {
    struct_size, flags, id, to, from, from_kind, encoding, text, parts, segments_est, attempt, validity_s, pad,
    deadline_unix_ms, schedule_unix_ms, now_unix_ms, callback_url, idempotency_key, attrs,
    until_unix_ms,
} }
fields! { RESP HttpResp {
    struct_size, status, transport, request_written, headers, body, elapsed_ms, step, state, now_unix_ms,
} }
fields! { CALLBACK WebhookReq {
    struct_size, pad, external_url, method, headers, body, remote_address, now_unix_ms,
} }
fields! { OP Op { struct_size, pad, ctx, http, complete, wait } }
fields! { SINK WebhookSink { struct_size, pad, ctx, event, reply } }
fields! { SESS Sess {
    struct_size, pad, ctx, now_unix_ms, write, ready, complete, event, timer, close, hold,
} }
fields! { INFO SessInfo { struct_size, link, name } }
fields! { LINK_SINK LinkSink { struct_size, pad, ctx, link } }

/// How long each struct is lent.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lengths {
    pub(super) host: Length,
    pub(super) cfg: Length,
    pub(super) msg: Length,
    pub(super) resp: Length,
    pub(super) callback: Length,
    /// Of `submit`, `on_response`, `handle` and `links`.
    pub(super) sink: Length,
    pub(super) sess: Length,
    pub(super) info: Length,
    pub(super) pair: Length,
    /// The sinks of this call only.
    pub(super) only: Option<&'static str>,
}

impl Lengths {
    /// How long a sink is lent for a call.
    pub(super) fn sink_of(&self, call: &str, sink: Length) -> Length {
        if self.only.is_none_or(|only| only == call) {
            sink
        } else {
            Length::Own
        }
    }
}

/// A message to send.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Letter {
    pub(super) id: String,
    pub(super) to: String,
    pub(super) from: Option<String>,
    pub(super) from_kind: Option<String>,
    pub(super) text: String,
    pub(super) encoding: Option<String>,
    pub(super) segments: u32,
    pub(super) attempt: u32,
    pub(super) validity_s: u32,
    pub(super) now_unix_ms: u64,
    pub(super) deadline_unix_ms: Option<u64>,
    pub(super) callback_url: String,
    pub(super) idempotency_key: String,
    pub(super) attributes: std::collections::BTreeMap<String, String>,
}

impl Default for Letter {
    fn default() -> Self {
        Self {
            id: "msg_0123456789abcdef0123456789abcdef".into(),
            to: "+12025550100".into(),
            from: None,
            from_kind: None,
            text: "Your code is 173205".into(),
            encoding: None,
            segments: 1,
            attempt: 1,
            validity_s: 180,
            now_unix_ms: NOW,
            deadline_unix_ms: None,
            callback_url: String::new(),
            idempotency_key: "key_0123456789abcdef".into(),
            attributes: std::collections::BTreeMap::new(),
        }
    }
}

impl Letter {
    pub(super) fn lend(&self, lending: &Lending<'_>, call: &'static str, lengths: &Lengths) -> *const Msg {
        let text = |what, text: &str| lending.bytes(what, call, text.as_bytes());
        let attributes: Vec<_> = self
            .attributes
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_bytes(), 0))
            .collect();
        let msg = Msg {
            struct_size: 0,
            flags: if self.callback_url.is_empty() {
                0
            } else {
                MSG_WANT_RECEIPT
            },
            id: text("the text of msg.id", &self.id),
            to: text("the text of msg.to", &self.to),
            from: self
                .from
                .as_deref()
                .map_or(Str::EMPTY, |from| text("the text of msg.from", from)),
            from_kind: self.sender_kind(),
            encoding: self.coding(),
            text: text("the text of msg.text", &self.text),
            parts: aldis_carrier::abi::List::EMPTY,
            segments_est: self.segments,
            attempt: self.attempt,
            validity_s: self.validity_s,
            pad: 0,
            deadline_unix_ms: self.deadline_unix_ms.unwrap_or(self.now_unix_ms + 180_000),
            schedule_unix_ms: 0,
            now_unix_ms: self.now_unix_ms,
            callback_url: text("the text of msg.callback_url", &self.callback_url),
            idempotency_key: text("the text of msg.idempotency_key", &self.idempotency_key),
            attrs: lending.pairs(("the list msg.attrs", call), &attributes, lengths.pair),
            until_unix_ms: self.deadline_unix_ms.unwrap_or(self.now_unix_ms + 180_000),
        };
        lending.whole(("the struct msg", call), &msg, lengths.msg, MSG)
    }

    /// By what it looks like, unless it is said.
    fn sender_kind(&self) -> u32 {
        let kind = match (self.from_kind.as_deref(), self.from.as_deref()) {
            (Some("long_number"), _) => SenderKind::LongNumber,
            (Some("short_code"), _) => SenderKind::ShortCode,
            (Some("toll_free"), _) => SenderKind::TollFree,
            (None, Some(from)) if from.starts_with('+') => SenderKind::LongNumber,
            (None, Some(from)) if from.bytes().all(|byte| byte.is_ascii_digit()) => SenderKind::ShortCode,
            _ => SenderKind::Alphanumeric,
        };
        kind.number()
    }

    fn coding(&self) -> u32 {
        let coding = match self.encoding.as_deref() {
            Some("auto") => Encoding::Auto,
            Some("ucs2") => Encoding::Ucs2,
            None if !self.text.is_ascii() => Encoding::Ucs2,
            _ => Encoding::Gsm7,
        };
        coding.number()
    }
}

/// What a carrier's API answers, or how far the exchange got.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) transport: Transport,
    pub(super) written: bool,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            transport: Transport::Ok,
            written: true,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// No answer.
    pub(super) fn none(transport: Transport, written: bool) -> Self {
        Self {
            transport,
            written,
            ..Self::new(0, "")
        }
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn lend(
        &self,
        lending: &Lending<'_>,
        call: &'static str,
        lengths: &Lengths,
        (step, state): (u32, &[u8]),
    ) -> *const HttpResp {
        let headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes(), 0))
            .collect();
        let resp = HttpResp {
            struct_size: 0,
            status: self.status.into(),
            transport: self.transport.number(),
            request_written: self.written.into(),
            headers: lending.pairs(("the list resp.headers", call), &headers, lengths.pair),
            body: lending.bytes("the bytes of resp.body", call, &self.body),
            elapsed_ms: 20,
            step,
            state: lending.bytes("the bytes of resp.state", call, state),
            now_unix_ms: NOW,
        };
        lending.whole(("the struct resp", call), &resp, lengths.resp, RESP)
    }
}

/// A carrier's call-back.
#[derive(Debug, Clone)]
pub(super) struct Callback {
    pub(super) url: String,
    pub(super) method: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) remote_address: String,
    pub(super) now_unix_ms: u64,
}

impl Callback {
    pub(super) fn lend(
        &self,
        lending: &Lending<'_>,
        call: &'static str,
        lengths: &Lengths,
    ) -> *const WebhookReq {
        let headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes(), 0))
            .collect();
        let req = WebhookReq {
            struct_size: 0,
            pad: 0,
            external_url: lending.bytes("the text of req.external_url", call, self.url.as_bytes()),
            method: lending.bytes("the text of req.method", call, self.method.as_bytes()),
            headers: lending.pairs(("the list req.headers", call), &headers, lengths.pair),
            body: lending.bytes("the bytes of req.body", call, &self.body),
            remote_address: lending.bytes(
                "the text of req.remote_address",
                call,
                self.remote_address.as_bytes(),
            ),
            now_unix_ms: self.now_unix_ms,
        };
        lending.whole(("the struct req", call), &req, lengths.callback, CALLBACK)
    }
}

/// What an instance is made from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Configuration {
    pub(super) settings: serde_json::Value,
    /// Dotted key and value.
    pub(super) secrets: Vec<(String, String)>,
}

impl Configuration {
    pub(super) fn lend(
        &self,
        lending: &Lending<'_>,
        lengths: &Lengths,
        id: u64,
        faults: &FaultSink,
    ) -> *const InstanceCfg {
        let call = "instance_create";
        let secrets: Vec<_> = self
            .secrets
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_bytes(), PAIR_SECRET))
            .collect();
        let cfg = InstanceCfg {
            struct_size: 0,
            pad: 0,
            instance_id: id,
            name: lending.bytes("the text of cfg.name", call, b"check"),
            config_json: lending.bytes(
                "the text of cfg.config_json",
                call,
                self.settings.to_string().as_bytes(),
            ),
            secrets: lending.pairs(("the list cfg.secrets", call), &secrets, lengths.pair),
            webhook_base_url: lending.bytes("the text of cfg.webhook_base_url", call, BASE.as_bytes()),
            locale_region: lending.bytes("the text of cfg.locale_region", call, b"US"),
            fault_ctx: std::ptr::from_ref(faults).cast_mut().cast(),
            fault: Some(setting_at_fault),
        };
        lending.whole(("the struct cfg", call), &cfg, lengths.cfg, CFG)
    }
}

/// Where carriers reach the gateway of every check.
const BASE: &str = "https://sms.example.com/carriers/check/receipts";

/// Hears which setting is at fault.
#[derive(Default)]
pub(super) struct FaultSink(pub(super) std::cell::RefCell<Vec<(String, String)>>);

unsafe extern "C" fn setting_at_fault(ctx: *mut std::ffi::c_void, key: Str, reason: Str) {
    // SAFETY: the sink outlives the call it was lent for; the texts are lent.
    unsafe {
        let sink = &*ctx.cast::<FaultSink>();
        sink.0.borrow_mut().push((key.to_text(), reason.to_text()));
    }
}
