//! What a test hands to a carrier, and how the bench lends it across the border.

use super::recorder::HOST;
use crate::abi::{self, List, Pair, Str};
use crate::copying::size_of_u32;
use crate::{Encoding, Instance, SenderKind, SettingsError, Transport};
use std::ffi::c_void;
use std::time::Duration;
use std::{fmt, ptr};

/// 2030-01-01T00:00:00Z: the clock of the bench stands still.
const NOW: u64 = 1_893_456_000_000;

/// A message for a test; change what matters.
#[derive(Clone)]
#[expect(missing_docs, reason = "each is the method of `Message` with its name")]
pub struct TestMessage {
    pub id: String,
    pub to: String,
    pub from: Option<String>,
    pub from_kind: SenderKind,
    pub text: String,
    pub encoding: Encoding,
    pub segments: u32,
    pub attempt: u32,
    pub validity: Option<Duration>,
    pub deadline_unix_ms: u64,
    pub until_unix_ms: u64,
    pub now_unix_ms: u64,
    pub callback_url: Option<String>,
    pub idempotency_key: Option<String>,
    pub attributes: Vec<(String, String)>,
}

impl TestMessage {
    /// A first attempt, due in three minutes.
    pub fn new(to: &str, text: &str) -> Self {
        Self {
            id: "msg_00000000000000000000000000000001".to_owned(),
            to: to.to_owned(),
            from: None,
            from_kind: SenderKind::LongNumber,
            text: text.to_owned(),
            encoding: Encoding::Gsm7,
            segments: 1,
            attempt: 1,
            validity: None,
            deadline_unix_ms: NOW + 180_000,
            until_unix_ms: NOW + 180_000,
            now_unix_ms: NOW,
            callback_url: None,
            idempotency_key: None,
            attributes: Vec::new(),
        }
    }

    pub(super) fn lend<R>(&self, call: impl FnOnce(*const abi::Msg) -> R) -> R {
        let attributes = pairs(&self.attributes);
        let lent = abi::Msg {
            struct_size: size_of_u32::<abi::Msg>(),
            flags: u32::from(self.callback_url.is_some()) * abi::MSG_WANT_RECEIPT,
            id: Str::of(&self.id),
            to: Str::of(&self.to),
            from: some(self.from.as_ref()),
            from_kind: self.from_kind.number(),
            encoding: self.encoding.number(),
            text: Str::of(&self.text),
            parts: List::EMPTY,
            segments_est: self.segments,
            attempt: self.attempt,
            validity_s: self.validity.map_or(0, |validity| {
                u32::try_from(validity.as_secs()).unwrap_or(u32::MAX)
            }),
            pad: 0,
            deadline_unix_ms: self.deadline_unix_ms,
            schedule_unix_ms: 0,
            now_unix_ms: self.now_unix_ms,
            callback_url: some(self.callback_url.as_ref()),
            idempotency_key: some(self.idempotency_key.as_ref()),
            attrs: List::of(&attributes),
            until_unix_ms: self.until_unix_ms,
        };
        call(&raw const lent)
    }
}

impl fmt::Debug for TestMessage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TestMessage").finish_non_exhaustive()
    }
}

/// A scripted answer of the carrier's API, or its absence.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each is the method of `Response` with its name")]
pub struct Answer {
    pub status: u16,
    pub transport: Transport,
    pub request_written: bool,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub elapsed: Duration,
    pub step: u32,
    pub state: Vec<u8>,
    pub now_unix_ms: u64,
}

impl Answer {
    /// An answer.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            transport: Transport::Ok,
            request_written: true,
            headers: Vec::new(),
            body: body.into(),
            elapsed: Duration::from_millis(20),
            step: 1,
            state: Vec::new(),
            now_unix_ms: NOW,
        }
    }

    /// An answer in JSON.
    pub fn json(status: u16, document: &serde_json::Value) -> Self {
        Self::new(status, document.to_string()).header("content-type", "application/json")
    }

    /// No answer, and nothing was sent.
    pub fn not_sent() -> Self {
        Self {
            transport: Transport::Connect,
            request_written: false,
            ..Self::new(0, "")
        }
    }

    /// No answer, and the request may have arrived.
    pub fn lost() -> Self {
        Self {
            transport: Transport::Timeout,
            ..Self::new(0, "")
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn lend<R>(&self, call: impl FnOnce(*const abi::HttpResp) -> R) -> R {
        let headers = pairs(&self.headers);
        let lent = abi::HttpResp {
            struct_size: size_of_u32::<abi::HttpResp>(),
            status: self.status.into(),
            transport: self.transport.number(),
            request_written: self.request_written.into(),
            headers: List::of(&headers),
            body: Str::of(&self.body),
            elapsed_ms: u32::try_from(self.elapsed.as_millis()).unwrap_or(u32::MAX),
            step: self.step,
            state: Str::of(&self.state),
            now_unix_ms: self.now_unix_ms,
        };
        call(&raw const lent)
    }
}

/// A call-back for a test.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each is the method of `WebhookRequest` with its name")]
pub struct Callback {
    pub external_url: String,
    pub method: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub remote_address: String,
    pub now_unix_ms: u64,
}

impl Callback {
    /// A `POST` to this URL.
    pub fn post(external_url: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            external_url: external_url.to_owned(),
            method: "POST".to_owned(),
            headers: Vec::new(),
            body: body.into(),
            remote_address: "192.0.2.1".to_owned(),
            now_unix_ms: NOW,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn lend<R>(&self, call: impl FnOnce(*const abi::WebhookReq) -> R) -> R {
        let headers = pairs(&self.headers);
        let lent = abi::WebhookReq {
            struct_size: size_of_u32::<abi::WebhookReq>(),
            pad: 0,
            external_url: Str::of(&self.external_url),
            method: Str::of(&self.method),
            headers: List::of(&headers),
            body: Str::of(&self.body),
            remote_address: Str::of(&self.remote_address),
            now_unix_ms: self.now_unix_ms,
        };
        call(&raw const lent)
    }
}

/// Makes an instance.
pub(super) fn create(
    entry: &abi::Entry,
    settings: &serde_json::Value,
    secrets: &[(&str, &str)],
    instance: &Instance,
) -> Result<*mut c_void, SettingsError> {
    let create = entry
        .instance_create
        .ok_or_else(|| SettingsError::new("", "the entry has no instance_create"))?;
    let config = settings.to_string();
    let secrets: Vec<Pair> = secrets
        .iter()
        .map(|(key, value)| Pair::of(key, value, abi::PAIR_SECRET))
        .collect();
    let mut faults: Vec<SettingsError> = Vec::new();
    let cfg = abi::InstanceCfg {
        struct_size: size_of_u32::<abi::InstanceCfg>(),
        pad: 0,
        instance_id: 1,
        name: Str::of(&instance.name),
        config_json: Str::of(&config),
        secrets: List::of(&secrets),
        webhook_base_url: some(instance.webhook_base_url.as_ref()),
        locale_region: some(instance.region.as_ref()),
        fault_ctx: ptr::from_mut(&mut faults).cast(),
        fault: Some(fault),
    };
    let mut inst = ptr::null_mut();
    // SAFETY: the host table is static; the rest is lent until the call returns.
    let code = unsafe { create(&raw const HOST, &raw const cfg, &raw mut inst) };
    if code == abi::OK {
        return Ok(inst);
    }
    let unsaid = || SettingsError::new("", format!("instance_create returned {code}"));
    Err(faults.into_iter().next().unwrap_or_else(unsaid))
}

unsafe extern "C" fn fault(ctx: *mut c_void, key: Str, reason: Str) {
    // SAFETY: `ctx` is the list in `create`, which nobody uses meanwhile; the texts are lent.
    unsafe {
        let error = SettingsError::new(key.to_text(), reason.to_text());
        (*ctx.cast::<Vec<SettingsError>>()).push(error);
    }
}

fn pairs(list: &[(String, String)]) -> Vec<Pair> {
    list.iter().map(|(key, value)| Pair::of(key, value, 0)).collect()
}

fn some(text: Option<&String>) -> Str {
    text.map_or(Str::EMPTY, Str::of)
}
