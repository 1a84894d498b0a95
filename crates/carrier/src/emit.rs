//! Handing results to the host's sinks: everything is lent for the one call.

mod session;

pub(crate) use session::{acts, links};

use crate::abi::{self, List, Pair, Str};
use crate::copying::{copy, size_of_u32};
use crate::{Event, Outcome, Price, Reply, Request, Step, Webhook};
use std::ffi::c_void;

fn millis(duration: std::time::Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

/// Says what is next.
///
/// # Safety
/// `op` is a sink of the host, valid for the present call.
pub(crate) unsafe fn step(op: *const abi::Op, step: &Step) -> i32 {
    // SAFETY: the caller's promise.
    let Some(op) = (unsafe { copy(op) }) else {
        return abi::E_INVALID;
    };
    match step {
        // SAFETY: the sink is valid, and what is lent lives until it returns.
        Step::Send(request) => unsafe { send(&op, request) },
        // SAFETY: as above.
        Step::Done(outcome) => unsafe { complete(&op, outcome) },
        // SAFETY: the sink is valid.
        Step::Wait(wait) => op
            .wait
            .map_or(abi::E_INVALID, |sink| unsafe { sink(op.ctx, millis(*wait)) }),
    }
}

unsafe fn send(op: &abi::Op, request: &Request) -> i32 {
    let headers: Vec<Pair> = request
        .headers
        .iter()
        .map(|header| {
            Pair::of(
                &header.name,
                &header.value,
                u32::from(header.secret) * abi::PAIR_SECRET,
            )
        })
        .collect();
    let lent = abi::HttpReq {
        struct_size: size_of_u32::<abi::HttpReq>(),
        flags: u32::from(request.idempotent) * abi::HTTP_IDEMPOTENT,
        method: Str::of(&request.method),
        url: Str::of(&request.url),
        headers: List::of(&headers),
        body: Str::of(&request.body),
        timeout_ms: request.timeout.map_or(0, millis),
        pad: 0,
        state: Str::of(&request.state),
    };
    // SAFETY: the sink is valid, and what is lent lives until it returns.
    op.http
        .map_or(abi::E_INVALID, |sink| unsafe { sink(op.ctx, &raw const lent) })
}

fn currency(price: Option<Price>) -> [u8; 4] {
    let [a, b, c] = price.map_or([0; 3], |price| price.currency);
    [a, b, c, 0]
}

unsafe fn complete(op: &abi::Op, outcome: &Outcome) -> i32 {
    op.complete.map_or(abi::E_INVALID, |sink| {
        // SAFETY: the sink is valid, and what is lent lives until it returns.
        lend_outcome(outcome, |lent| unsafe { sink(op.ctx, lent) })
    })
}

/// An outcome as it is lent.
fn lend_outcome<R>(outcome: &Outcome, take: impl FnOnce(*const abi::Outcome) -> R) -> R {
    let ids: Vec<Str> = outcome.carrier_ids.iter().map(Str::of).collect();
    let lent = abi::Outcome {
        struct_size: size_of_u32::<abi::Outcome>(),
        class: outcome.class.number(),
        scope: outcome.scope.number(),
        flags: 0,
        retry_after_ms: outcome
            .retry_after
            .map_or(0, |after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX)),
        segments: outcome.segments.unwrap_or(0),
        price_kind: match outcome.price {
            None => abi::PRICE_NONE,
            Some(price) if price.charged => abi::PRICE_CHARGED,
            Some(_) => abi::PRICE_ESTIMATED,
        },
        price_micros: outcome.price.map_or(0, |price| price.micros),
        currency: currency(outcome.price),
        pad: 0,
        carrier_ids: List::of(&ids),
        code: Str::of(&outcome.code),
        detail: Str::of(&outcome.detail),
    };
    take(&raw const lent)
}

/// Says what a call-back holds, and returns the verdict.
///
/// # Safety
/// `sink` is a sink of the host, valid for the present call.
pub(crate) unsafe fn webhook(sink: *const abi::WebhookSink, verdict: &Webhook) -> i32 {
    let (events, reply) = match verdict {
        Webhook::Unverified => return abi::UNVERIFIED,
        Webhook::Rejected => return abi::REJECT,
        Webhook::Verified { events, reply } => (events, reply),
    };
    // SAFETY: the caller's promise.
    let Some(sink) = (unsafe { copy(sink) }) else {
        return abi::E_INVALID;
    };
    for event in events {
        // SAFETY: the sink is valid.
        let taken = unsafe { tell(&sink, event) };
        if taken != abi::OK {
            return taken;
        }
    }
    // SAFETY: the sink is valid.
    let answered = reply
        .as_ref()
        .map_or(abi::OK, |reply| unsafe { answer(&sink, reply) });
    if answered == abi::OK {
        abi::VERIFIED
    } else {
        answered
    }
}

unsafe fn tell(sink: &abi::WebhookSink, event: &Event) -> i32 {
    sink.event.map_or(abi::E_INVALID, |take| {
        // SAFETY: the sink is valid, and what is lent lives until it returns.
        lend_event(event, |lent| unsafe { take(sink.ctx, lent) })
    })
}

/// An event as it is lent.
fn lend_event<R>(event: &Event, take: impl FnOnce(*const abi::Event) -> R) -> R {
    let attributes: Vec<Pair> = event
        .attributes
        .iter()
        .map(|(key, value)| Pair::of(key, value, 0))
        .collect();
    let lent = abi::Event {
        struct_size: size_of_u32::<abi::Event>(),
        kind: event.kind.number(),
        state: event.state.number(),
        class: event.class.map_or(0, crate::Class::number),
        is_final: u32::from(event.is_final),
        part_index: event.part,
        carrier_id: Str::of(&event.carrier_id),
        from: Str::of(&event.from),
        to: Str::of(&event.to),
        text: Str::of(&event.text),
        code: Str::of(&event.code),
        carrier_time_ms: event.carrier_time_ms.unwrap_or(0),
        mccmnc: Str::of(&event.mccmnc),
        price_micros: event.price.map_or(0, |price| price.micros),
        currency: currency(event.price),
        pad: 0,
        attrs: List::of(&attributes),
        flags: event.proof.flags(),
        pad2: 0,
    };
    take(&raw const lent)
}

unsafe fn answer(sink: &abi::WebhookSink, reply: &Reply) -> i32 {
    let headers: Vec<Pair> = reply
        .headers
        .iter()
        .map(|(key, value)| Pair::of(key, value, 0))
        .collect();
    let headers = List::of(&headers);
    sink.reply.map_or(abi::E_INVALID, |take| {
        // SAFETY: the sink is valid, and what is lent lives until it returns.
        unsafe {
            take(
                sink.ctx,
                reply.status.into(),
                &raw const headers,
                Str::of(&reply.body),
            )
        }
    })
}

/// Says which setting is wrong.
///
/// # Safety
/// `fault` and `ctx` are the host's, valid for the present call.
pub(crate) unsafe fn fault(cfg: &abi::InstanceCfg, key: &str, reason: &str) -> i32 {
    if let Some(sink) = cfg.fault {
        let ctx: *mut c_void = cfg.fault_ctx;
        // SAFETY: the caller's promise; what is lent lives until it returns.
        unsafe { sink(ctx, Str::of(key), Str::of(reason)) };
    }
    abi::E_INVALID
}
