//! The sinks and the host table of the test bench: they only record.

use super::Fault;
use crate::abi::{self, List, Str};
use crate::copying::{copy, size_of_u32};
use crate::{
    Class, Event, EventKind, Header, Outcome, Price, Proof, ReceiptState, Reply, Request, Scope, Step,
    Webhook,
};
use std::cell::RefCell;
use std::ffi::c_void;
use std::time::Duration;

thread_local! {
    /// Log lines of the call this thread is in: the host's functions have no context.
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

pub(super) fn take_log() -> Vec<String> {
    LOG.take()
}

/// A host that only keeps log lines.
pub(super) static HOST: abi::Host = abi::Host {
    struct_size: size_of_u32::<abi::Host>(),
    abi_major: abi::ABI_MAJOR,
    abi_minor: abi::ABI_MINOR,
    log: Some(log),
    now_unix_ms: None,
    now_mono_ms: None,
    random: None,
    metric: None,
    kv_get: None,
    kv_put: None,
    get_extension: None,
};

unsafe extern "C" fn log(_: u64, _: u32, text: Str, _: *const List) {
    // SAFETY: lent for the call.
    let text = unsafe { text.to_text() };
    LOG.with_borrow_mut(|log| log.push(text));
}

/// What a carrier said to the `op` sink.
#[derive(Default)]
pub(super) struct Said(Vec<Result<Step, Fault>>);

impl Said {
    pub(super) fn table(&mut self) -> abi::Op {
        abi::Op {
            struct_size: size_of_u32::<abi::Op>(),
            pad: 0,
            ctx: std::ptr::from_mut(self).cast(),
            http: Some(http),
            complete: Some(complete),
            wait: Some(wait),
        }
    }

    /// The one thing that was said.
    pub(super) fn step(mut self) -> Result<Step, Fault> {
        let words = self.0.len();
        self.0
            .pop()
            .filter(|_| words == 1)
            .unwrap_or(Err(Fault::Words(words)))
    }
}

/// # Safety
/// `ctx` is the sink that [`Said::table`] lent, and nobody else uses it during the call.
unsafe fn say(ctx: *mut c_void, word: Result<Step, Fault>) -> i32 {
    let code = if word.is_ok() { abi::OK } else { abi::E_INVALID };
    // SAFETY: the caller's promise.
    unsafe { (*ctx.cast::<Said>()).0.push(word) };
    code
}

unsafe extern "C" fn http(ctx: *mut c_void, request: *const abi::HttpReq) -> i32 {
    // SAFETY: lent for the call.
    let word = unsafe { read_request(request) };
    // SAFETY: the context that was handed out with this function.
    unsafe { say(ctx, word.map(Step::Send)) }
}

unsafe extern "C" fn complete(ctx: *mut c_void, outcome: *const abi::Outcome) -> i32 {
    // SAFETY: lent for the call.
    let word = unsafe { read_outcome(outcome) };
    // SAFETY: the context that was handed out with this function.
    unsafe { say(ctx, word.map(Step::Done)) }
}

unsafe extern "C" fn wait(ctx: *mut c_void, wait_ms: u32) -> i32 {
    // SAFETY: the context that was handed out with this function.
    unsafe { say(ctx, Ok(Step::Wait(Duration::from_millis(wait_ms.into())))) }
}

unsafe fn read_request(lent: *const abi::HttpReq) -> Result<Request, Fault> {
    // SAFETY: the caller lends it for this call.
    let lent = unsafe { copy(lent) }.ok_or(Fault::Broken("no request"))?;
    // SAFETY: all it points to is lent for this call.
    let (method, url, headers, body, state) = unsafe {
        (
            lent.method.to_text(),
            lent.url.to_text(),
            lent.headers.pairs(),
            lent.body.bytes(),
            lent.state.bytes(),
        )
    };
    if state.len() > abi::STATE_LIMIT {
        return Err(Fault::Broken("a state of more than 4 KiB"));
    }
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        return Err(Fault::Broken("a URL that is not absolute"));
    }
    if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Fault::Broken("a URL that has characters to be percent-encoded"));
    }
    let headers = headers.into_iter().map(|(name, value, flags)| Header {
        name: lossy(name),
        value: lossy(value),
        secret: flags & abi::PAIR_SECRET != 0,
    });
    Ok(Request {
        method,
        url,
        headers: headers.collect(),
        body: body.to_vec(),
        timeout: (lent.timeout_ms > 0).then(|| Duration::from_millis(lent.timeout_ms.into())),
        idempotent: lent.flags & abi::HTTP_IDEMPOTENT != 0,
        state: state.to_vec(),
    })
}

pub(super) unsafe fn read_outcome(lent: *const abi::Outcome) -> Result<Outcome, Fault> {
    // SAFETY: the caller lends it for this call.
    let lent = unsafe { copy(lent) }.ok_or(Fault::Broken("no outcome"))?;
    let class = Class::from_number(lent.class).filter(|class| *class != Class::PluginFault);
    let millis = lent.retry_after_ms;
    // SAFETY: all it points to is lent for this call.
    unsafe {
        Ok(Outcome {
            class: class.ok_or(Fault::Broken("a class that no carrier may say"))?,
            scope: Scope::from_number(lent.scope).ok_or(Fault::Broken("an unknown scope"))?,
            retry_after: (millis > 0).then(|| Duration::from_millis(millis)),
            carrier_ids: lent.carrier_ids.texts(),
            code: lent.code.to_text(),
            detail: lent.detail.to_text(),
            segments: (lent.segments > 0).then_some(lent.segments),
            price: price(
                lent.price_kind > 0,
                lent.price_micros,
                lent.currency,
                lent.price_kind == 1,
            ),
        })
    }
}

fn price(given: bool, micros: i64, [a, b, c, _]: [u8; 4], charged: bool) -> Option<Price> {
    given.then_some(Price {
        micros,
        currency: [a, b, c],
        charged,
    })
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

unsafe fn read_pairs(list: List) -> Vec<(String, String)> {
    // SAFETY: the caller lends it for this call.
    let pairs = unsafe { list.pairs() };
    pairs
        .into_iter()
        .map(|(key, value, _)| (lossy(key), lossy(value)))
        .collect()
}

/// What a carrier told the webhook sink.
#[derive(Default)]
pub(super) struct Told {
    events: Vec<Event>,
    replies: Vec<Reply>,
    broken: Option<&'static str>,
}

impl Told {
    pub(super) fn table(&mut self) -> abi::WebhookSink {
        abi::WebhookSink {
            struct_size: size_of_u32::<abi::WebhookSink>(),
            pad: 0,
            ctx: std::ptr::from_mut(self).cast(),
            event: Some(event),
            reply: Some(reply),
        }
    }

    pub(super) fn verdict(mut self) -> Result<Webhook, Fault> {
        match (self.broken, self.replies.len()) {
            (Some(what), _) => Err(Fault::Broken(what)),
            (None, 0 | 1) => Ok(Webhook::Verified {
                events: self.events,
                reply: self.replies.pop(),
            }),
            (None, _) => Err(Fault::Broken("two replies")),
        }
    }
}

unsafe extern "C" fn event(ctx: *mut c_void, lent: *const abi::Event) -> i32 {
    // SAFETY: the context that was handed out with this function, and nobody else uses it now.
    let told = unsafe { &mut *ctx.cast::<Told>() };
    // SAFETY: lent for the call.
    if let Some(event) = unsafe { read_event(lent) } {
        told.events.push(event);
        abi::OK
    } else {
        told.broken = Some("an event that cannot be understood");
        abi::E_INVALID
    }
}

pub(super) unsafe fn read_event(lent: *const abi::Event) -> Option<Event> {
    // SAFETY: the caller lends it for this call.
    let lent = unsafe { copy(lent) }?;
    // SAFETY: all it points to is lent for this call.
    unsafe {
        Some(Event {
            kind: EventKind::from_number(lent.kind)?,
            state: ReceiptState::from_number(lent.state)?,
            class: Some(Class::from_number(lent.class)?).filter(|class| *class != Class::Accepted),
            is_final: lent.is_final != 0,
            part: lent.part_index,
            carrier_id: lent.carrier_id.to_text(),
            from: lent.from.to_text(),
            to: lent.to.to_text(),
            text: lent.text.to_text(),
            code: lent.code.to_text(),
            carrier_time_ms: (lent.carrier_time_ms > 0).then_some(lent.carrier_time_ms),
            mccmnc: lent.mccmnc.to_text(),
            price: price(lent.currency != [0; 4], lent.price_micros, lent.currency, true),
            attributes: read_pairs(lent.attrs),
            proof: Proof::from_flags(lent.flags)?,
        })
    }
}

unsafe extern "C" fn reply(ctx: *mut c_void, status: u32, headers: *const List, body: Str) -> i32 {
    // SAFETY: the context that was handed out with this function, and nobody else uses it now.
    let told = unsafe { &mut *ctx.cast::<Told>() };
    // SAFETY: null, or lent for the call; a list has no size, it never grows.
    let headers = unsafe { headers.as_ref() }.map_or(List::EMPTY, |headers| *headers);
    let Some(status) = u16::try_from(status)
        .ok()
        .filter(|status| (200..600).contains(status))
    else {
        told.broken = Some("a reply with no HTTP status");
        return abi::E_INVALID;
    };
    // SAFETY: lent for the call.
    let (headers, body) = unsafe { (read_pairs(headers), body.bytes().to_vec()) };
    told.replies.push(Reply {
        status,
        headers,
        body,
    });
    abi::OK
}
