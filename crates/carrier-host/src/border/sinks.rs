//! The sinks a library speaks into. They only record, copying what they are lent.

use crate::limits;
use crate::ration::Ration;
use aldis_carrier::abi::{
    E_INVALID, Event, HTTP_IDEMPOTENT, HttpReq, List, OK, Op, Outcome, Str, WebhookSink,
};
use aldis_carrier::copying::{copy, size_of_u32};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::ffi::c_void;

mod session;
#[cfg(test)]
mod tests;

pub(super) use session::{LinkSink, SessSink};
pub(crate) use session::{RawAct, RawLink};

/// A request as the library wrote it, not parsed yet. Copied in one go; the fields are pieces of that.
#[derive(Serialize, Deserialize)]
pub(crate) struct RawRequest {
    pub(crate) method: Bytes,
    pub(crate) url: Bytes,
    /// Name, value, `PAIR_*` flags.
    #[serde(deserialize_with = "crate::bounded::list::<_, _, { crate::limits::LIST }>")]
    pub(crate) headers: Vec<(Bytes, Bytes, u32)>,
    pub(crate) body: Bytes,
    pub(crate) timeout_ms: u32,
    pub(crate) state: Bytes,
    pub(crate) idempotent: bool,
}

/// Copies a request; `None`: it is larger than that may be.
///
/// # Safety
/// The request's texts and lists are valid.
pub(crate) unsafe fn raw_request(request: &HttpReq, ration: &mut Ration) -> Option<RawRequest> {
    // SAFETY: the caller's promise.
    let [method, url, body, state] =
        [request.method, request.url, request.body, request.state].map(|text| unsafe { text.bytes() });
    // SAFETY: as above.
    let headers = unsafe { request.headers.pairs() };
    ration.list::<(Bytes, Bytes, u32)>(headers.len(), limits::LIST)?;
    let of_headers = headers.iter().map(|(name, value, _)| name.len() + value.len());
    let length =
        [method, url, body, state].map(<[u8]>::len).iter().sum::<usize>() + of_headers.sum::<usize>();
    ration.take(length)?;
    let mut all = Vec::with_capacity(length);
    for text in [method, url, body, state] {
        all.extend_from_slice(text);
    }
    for (name, value, _) in &headers {
        all.extend_from_slice(name);
        all.extend_from_slice(value);
    }
    let mut all = Bytes::from(all);
    let mut next = |text: &[u8]| all.split_to(text.len());
    Some(RawRequest {
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
    })
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
    #[serde(deserialize_with = "crate::bounded::list::<_, _, { crate::limits::LIST }>")]
    pub(crate) carrier_ids: Vec<String>,
    #[serde(deserialize_with = "crate::bounded::words")]
    pub(crate) code: String,
    #[serde(deserialize_with = "crate::bounded::words")]
    pub(crate) detail: String,
}

impl RawOutcome {
    /// The memory it takes.
    pub(crate) fn weight(&self) -> usize {
        let ids = self.carrier_ids.iter().map(|id| id.len() + size_of::<String>());
        size_of::<Self>() + ids.sum::<usize>() + self.code.len() + self.detail.len()
    }
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
    #[serde(deserialize_with = "crate::bounded::list::<_, _, { crate::limits::LIST }>")]
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) flags: u32,
}

impl RawEvent {
    /// The memory it takes.
    pub(crate) fn weight(&self) -> usize {
        let attributes = self.attributes.iter();
        let attributes =
            attributes.map(|(key, value)| key.len() + value.len() + size_of::<(String, String)>());
        let texts = [
            &self.carrier_id,
            &self.from,
            &self.to,
            &self.text,
            &self.code,
            &self.mccmnc,
        ];
        size_of::<Self>() + attributes.sum::<usize>() + texts.map(String::len).iter().sum::<usize>()
    }
}

/// An answer for the carrier, not checked yet.
#[derive(Serialize, Deserialize)]
pub(crate) struct RawReply {
    pub(crate) status: u32,
    #[serde(deserialize_with = "crate::bounded::list::<_, _, { crate::limits::LIST }>")]
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    #[serde(with = "serde_bytes")]
    pub(crate) body: Vec<u8>,
}

/// Listens during one `submit` or `on_response`.
#[derive(Default)]
pub(super) struct OpSink {
    pub(super) calls: u32,
    pub(super) word: Option<Word>,
    /// An argument was null, or its size cannot be, or it is too much.
    pub(super) broken: bool,
    ration: Ration,
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
    // SAFETY: the table's own context.
    let sink = unsafe { op(ctx) };
    // SAFETY: lent for the call, and copied here.
    let request = unsafe { copy(request).and_then(|request| raw_request(&request, &mut sink.ration)) };
    sink.hear(request.map(Word::Http))
}

unsafe extern "C" fn op_complete(ctx: *mut c_void, outcome: *const Outcome) -> i32 {
    // SAFETY: the table's own context.
    let sink = unsafe { op(ctx) };
    // SAFETY: lent for the call, and copied here.
    let outcome = unsafe { raw_outcome(outcome, &mut sink.ration) };
    sink.hear(outcome.map(Word::Complete))
}

/// # Safety
/// `outcome` is null, or valid for the call.
unsafe fn raw_outcome(outcome: *const Outcome, ration: &mut Ration) -> Option<RawOutcome> {
    // SAFETY: the caller's promise.
    let outcome = unsafe { copy(outcome) }?;
    // SAFETY: as above.
    let (ids, code, detail) = unsafe {
        let ids = outcome.carrier_ids.lent_texts();
        (ids, outcome.code.bytes(), outcome.detail.bytes())
    };
    ration.list::<String>(ids.len(), limits::LIST)?;
    let ids = ids.into_iter().map(|id| ration.text(id)).collect::<Option<_>>()?;
    Some(RawOutcome {
        class: outcome.class,
        scope: outcome.scope,
        retry_after_ms: outcome.retry_after_ms,
        segments: outcome.segments,
        price_kind: outcome.price_kind,
        price_micros: outcome.price_micros,
        currency: outcome.currency,
        carrier_ids: ids,
        code: ration.words(code)?,
        detail: ration.words(detail)?,
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
    ration: Ration,
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
    // SAFETY: the table's own context.
    let sink = unsafe { callback(ctx) };
    let room = (sink.events.len() < limits::EVENTS)
        .then(|| sink.ration.take(size_of::<RawEvent>()))
        .flatten();
    // SAFETY: lent for the call, and copied here.
    let event =
        room.and_then(|()| unsafe { copy(event).and_then(|event| raw_event(&event, &mut sink.ration)) });
    if let Some(event) = event {
        sink.events.push(event);
        return OK;
    }
    sink.broken = true;
    E_INVALID
}

/// Copies an event; `None`: it is larger than that may be.
///
/// # Safety
/// The event's texts and lists are valid.
pub(crate) unsafe fn raw_event(event: &Event, ration: &mut Ration) -> Option<RawEvent> {
    // SAFETY: the caller's promise.
    let attributes = unsafe { event.attrs.pairs() };
    let attributes = texts(attributes, ration)?;
    // SAFETY: the caller's promise.
    let mut text = |text: Str| ration.text(unsafe { text.bytes() });
    Some(RawEvent {
        kind: event.kind,
        state: event.state,
        class: event.class,
        is_final: event.is_final != 0,
        part: event.part_index,
        carrier_id: text(event.carrier_id)?,
        from: text(event.from)?,
        to: text(event.to)?,
        text: text(event.text)?,
        code: text(event.code)?,
        carrier_time_ms: event.carrier_time_ms,
        mccmnc: text(event.mccmnc)?,
        price_micros: event.price_micros,
        currency: event.currency,
        attributes,
        flags: event.flags,
    })
}

fn texts(pairs: Vec<(&[u8], &[u8], u32)>, ration: &mut Ration) -> Option<Vec<(String, String)>> {
    ration.list::<(String, String)>(pairs.len(), limits::LIST)?;
    let pairs = pairs.into_iter();
    pairs
        .map(|(key, value, _)| Some((ration.text(key)?, ration.text(value)?)))
        .collect()
}

unsafe extern "C" fn callback_reply(ctx: *mut c_void, status: u32, headers: *const List, body: Str) -> i32 {
    // SAFETY: null, or lent for the call; a `List` has no size field, so it never grows.
    let headers = unsafe { headers.as_ref() }.map(|list| unsafe { list.pairs() });
    // SAFETY: the table's own context; the body is lent for the call.
    let (sink, body) = unsafe { (callback(ctx), body.bytes()) };
    let room = sink.replies.is_empty();
    let reply = room.then(|| reply(status, headers.unwrap_or_default(), body, &mut sink.ration));
    if let Some(Some(reply)) = reply {
        sink.replies.push(reply);
        return OK;
    }
    sink.broken = true;
    E_INVALID
}

fn reply(
    status: u32,
    headers: Vec<(&[u8], &[u8], u32)>,
    body: &[u8],
    ration: &mut Ration,
) -> Option<RawReply> {
    ration.list::<(String, Vec<u8>)>(headers.len(), limits::LIST)?;
    let headers = headers.into_iter();
    let headers = headers.map(|(key, value, _)| Some((ration.text(key)?, ration.bytes(value)?)));
    Some(RawReply {
        status,
        headers: headers.collect::<Option<_>>()?,
        body: ration.bytes(body)?,
    })
}
