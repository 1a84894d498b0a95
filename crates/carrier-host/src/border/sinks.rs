//! The sinks a library speaks into. They only record, copying what they are lent.

use aldis_carrier::abi::{
    E_INVALID, Event, HTTP_IDEMPOTENT, HttpReq, List, OK, Op, Outcome, Str, WebhookSink,
};
use aldis_carrier::copying::{copy, size_of_u32};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::ffi::c_void;

mod session;

pub(super) use session::{LinkSink, SessSink};
pub(crate) use session::{RawAct, RawLink};

/// More than a call-back ever holds; a library beyond it is broken.
const MOST_EVENTS: usize = 10_000;

/// A request as the library wrote it, not parsed yet. Copied in one go; the fields are pieces of that.
#[derive(Serialize, Deserialize)]
pub(crate) struct RawRequest {
    pub(crate) method: Bytes,
    pub(crate) url: Bytes,
    /// Name, value, `PAIR_*` flags.
    pub(crate) headers: Vec<(Bytes, Bytes, u32)>,
    pub(crate) body: Bytes,
    pub(crate) timeout_ms: u32,
    pub(crate) state: Bytes,
    pub(crate) idempotent: bool,
}

/// Copies a request.
///
/// # Safety
/// The request's texts and lists are valid.
pub(crate) unsafe fn raw_request(request: &HttpReq) -> RawRequest {
    // SAFETY: the caller's promise.
    let [method, url, body, state] =
        [request.method, request.url, request.body, request.state].map(|text| unsafe { text.bytes() });
    // SAFETY: as above.
    let headers = unsafe { request.headers.pairs() };
    let mut all = Vec::with_capacity(
        [method, url, body, state].map(<[u8]>::len).iter().sum::<usize>()
            + headers
                .iter()
                .map(|(name, value, _)| name.len() + value.len())
                .sum::<usize>(),
    );
    for text in [method, url, body, state] {
        all.extend_from_slice(text);
    }
    for (name, value, _) in &headers {
        all.extend_from_slice(name);
        all.extend_from_slice(value);
    }
    let mut all = Bytes::from(all);
    let mut next = |text: &[u8]| all.split_to(text.len());
    RawRequest {
        method: next(method),
        url: next(url),
        body: next(body),
        state: next(state),
        headers: headers
            .into_iter()
            .map(|(name, value, flags)| (next(name), next(value), flags))
            .collect(),
        timeout_ms: request.timeout_ms,
        idempotent: request.flags & HTTP_IDEMPOTENT != 0,
    }
}

/// An outcome as the library said it, numbers not checked yet.
#[derive(Serialize, Deserialize)]
pub(crate) struct RawOutcome {
    pub(crate) class: u32,
    pub(crate) scope: u32,
    pub(crate) retry_after_ms: u64,
    pub(crate) segments: u32,
    pub(crate) price_kind: u32,
    pub(crate) price_micros: i64,
    pub(crate) currency: [u8; 4],
    pub(crate) carrier_ids: Vec<String>,
    pub(crate) code: String,
    pub(crate) detail: String,
}

/// What a library said in one call.
#[derive(Serialize, Deserialize)]
pub(crate) enum Word {
    Http(RawRequest),
    Complete(RawOutcome),
    Wait(u32),
}

/// An event as the library said it.
#[derive(Serialize, Deserialize)]
pub(crate) struct RawEvent {
    pub(crate) kind: u32,
    pub(crate) state: u32,
    pub(crate) class: u32,
    pub(crate) is_final: bool,
    pub(crate) part: u32,
    pub(crate) carrier_id: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) text: String,
    pub(crate) code: String,
    pub(crate) carrier_time_ms: u64,
    pub(crate) mccmnc: String,
    pub(crate) price_micros: i64,
    pub(crate) currency: [u8; 4],
    pub(crate) attributes: Vec<(String, String)>,
}

/// An answer for the carrier, not checked yet.
#[derive(Serialize, Deserialize)]
pub(crate) struct RawReply {
    pub(crate) status: u32,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    #[serde(with = "serde_bytes")]
    pub(crate) body: Vec<u8>,
}

/// Listens during one `submit` or `on_response`.
#[derive(Default)]
pub(super) struct OpSink {
    pub(super) calls: u32,
    pub(super) word: Option<Word>,
    /// An argument was null, or its size cannot be.
    pub(super) broken: bool,
}

impl OpSink {
    /// The table to lend with a call; it writes into `self`.
    pub(super) fn table(&mut self) -> Op {
        Op {
            struct_size: size_of_u32::<Op>(),
            pad: 0,
            ctx: std::ptr::from_mut(self).cast(),
            http: Some(op_http),
            complete: Some(op_complete),
            wait: Some(op_wait),
        }
    }

    fn hear(&mut self, word: Option<Word>) -> i32 {
        self.calls = self.calls.saturating_add(1);
        self.broken |= word.is_none();
        self.word = word;
        if self.broken || self.calls > 1 {
            E_INVALID
        } else {
            OK
        }
    }
}

/// # Safety
/// `ctx` is the one of a table whose call is under way.
unsafe fn op<'a>(ctx: *mut c_void) -> &'a mut OpSink {
    // SAFETY: `OpSink::table` made it from a unique reference that nobody uses during the call.
    unsafe { &mut *ctx.cast::<OpSink>() }
}

unsafe extern "C" fn op_http(ctx: *mut c_void, request: *const HttpReq) -> i32 {
    // SAFETY: lent for the call, and copied here.
    let word = unsafe { copy(request) }.map(|request| Word::Http(unsafe { raw_request(&request) }));
    // SAFETY: the table's own context.
    unsafe { op(ctx) }.hear(word)
}

unsafe extern "C" fn op_complete(ctx: *mut c_void, outcome: *const Outcome) -> i32 {
    // SAFETY: lent for the call, and copied here.
    let word = unsafe { raw_outcome(outcome) }.map(Word::Complete);
    // SAFETY: the table's own context.
    unsafe { op(ctx) }.hear(word)
}

/// # Safety
/// `outcome` is null, or valid for the call.
unsafe fn raw_outcome(outcome: *const Outcome) -> Option<RawOutcome> {
    // SAFETY: the caller's promise.
    unsafe { copy(outcome) }.map(|outcome| unsafe {
        RawOutcome {
            class: outcome.class,
            scope: outcome.scope,
            retry_after_ms: outcome.retry_after_ms,
            segments: outcome.segments,
            price_kind: outcome.price_kind,
            price_micros: outcome.price_micros,
            currency: outcome.currency,
            carrier_ids: outcome.carrier_ids.texts(),
            code: outcome.code.to_text(),
            detail: outcome.detail.to_text(),
        }
    })
}

unsafe extern "C" fn op_wait(ctx: *mut c_void, wait_ms: u32) -> i32 {
    // SAFETY: the table's own context.
    unsafe { op(ctx) }.hear(Some(Word::Wait(wait_ms)))
}

/// Listens during one `handle`.
#[derive(Default)]
pub(super) struct CallbackSink {
    pub(super) events: Vec<RawEvent>,
    pub(super) replies: Vec<RawReply>,
    pub(super) broken: bool,
}

impl CallbackSink {
    /// The table to lend with a call; it writes into `self`.
    pub(super) fn table(&mut self) -> WebhookSink {
        WebhookSink {
            struct_size: size_of_u32::<WebhookSink>(),
            pad: 0,
            ctx: std::ptr::from_mut(self).cast(),
            event: Some(callback_event),
            reply: Some(callback_reply),
        }
    }
}

/// # Safety
/// `ctx` is the one of a table whose call is under way.
unsafe fn callback<'a>(ctx: *mut c_void) -> &'a mut CallbackSink {
    // SAFETY: `CallbackSink::table` made it from a unique reference that nobody uses during the call.
    unsafe { &mut *ctx.cast::<CallbackSink>() }
}

unsafe extern "C" fn callback_event(ctx: *mut c_void, event: *const Event) -> i32 {
    // SAFETY: lent for the call, and copied here.
    let event = unsafe { copy(event) }.map(|event| unsafe { raw_event(&event) });
    // SAFETY: the table's own context.
    let sink = unsafe { callback(ctx) };
    match event {
        Some(event) if sink.events.len() < MOST_EVENTS => {
            sink.events.push(event);
            OK
        }
        _ => {
            sink.broken = true;
            E_INVALID
        }
    }
}

/// # Safety
/// The event's texts and lists are valid.
pub(crate) unsafe fn raw_event(event: &Event) -> RawEvent {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    // SAFETY: the caller's promise.
    unsafe {
        let attributes = event.attrs.pairs().into_iter();
        RawEvent {
            kind: event.kind,
            state: event.state,
            class: event.class,
            is_final: event.is_final != 0,
            part: event.part_index,
            carrier_id: event.carrier_id.to_text(),
            from: event.from.to_text(),
            to: event.to.to_text(),
            text: event.text.to_text(),
            code: event.code.to_text(),
            carrier_time_ms: event.carrier_time_ms,
            mccmnc: event.mccmnc.to_text(),
            price_micros: event.price_micros,
            currency: event.currency,
            attributes: attributes
                .map(|(key, value, _)| (text(key), text(value)))
                .collect(),
        }
    }
}

unsafe extern "C" fn callback_reply(ctx: *mut c_void, status: u32, headers: *const List, body: Str) -> i32 {
    // SAFETY: null, or lent for the call; a `List` has no size field, so it never grows.
    let pairs = unsafe { headers.as_ref() }
        .map(|list| unsafe { list.pairs() })
        .unwrap_or_default();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let headers = pairs
        .into_iter()
        .map(|(key, value, _)| (text(key), value.to_vec()))
        .collect();
    // SAFETY: lent for the call.
    let body = unsafe { body.bytes() }.to_vec();
    // SAFETY: the table's own context.
    let sink = unsafe { callback(ctx) };
    sink.replies.push(RawReply {
        status,
        headers,
        body,
    });
    if sink.replies.len() > 1 { E_INVALID } else { OK }
}
