//! The sinks of sessions. They only record, copying what they are lent.

use super::{RawEvent, RawOutcome, raw_event, raw_outcome};
use aldis_carrier::abi::{
    E_INVALID, Event, LINK_LIMIT, Link, LinkSink as Table, OK, Outcome, Sess, Str, WRITE_LIMIT,
};
use aldis_carrier::copying::{copy, size_of_u32};
use serde::{Deserialize, Serialize};
use std::ffi::c_void;

/// More than any call has a reason to want.
const MOST_ACTS: usize = 100_000;

/// A connection as the library asked for it, not checked yet.
#[derive(Serialize, Deserialize)]
pub(crate) struct RawLink {
    pub(crate) flags: u32,
    pub(crate) name: String,
    pub(crate) host: String,
    pub(crate) server_name: String,
    pub(crate) port: u32,
}

/// One thing a session wants, numbers not checked yet.
#[derive(Serialize, Deserialize)]
pub(crate) enum RawAct {
    Write(#[serde(with = "serde_bytes")] Vec<u8>),
    Ready {
        window: u32,
        milli_per_second: u32,
    },
    Complete(u64, RawOutcome),
    Event {
        event: RawEvent,
        #[serde(with = "serde_bytes")]
        ack: Vec<u8>,
        #[serde(with = "serde_bytes")]
        nack: Vec<u8>,
    },
    Timer {
        id: u32,
        after_ms: u32,
    },
    Close(RawOutcome),
}

/// Listens during one `links`.
#[derive(Default)]
pub(in crate::border) struct LinkSink {
    pub(in crate::border) links: Vec<RawLink>,
    pub(in crate::border) broken: bool,
}

impl LinkSink {
    /// The table to lend with a call; it writes into `self`.
    pub(in crate::border) fn table(&mut self) -> Table {
        Table {
            struct_size: size_of_u32::<Table>(),
            pad: 0,
            ctx: std::ptr::from_mut(self).cast(),
            link: Some(link),
        }
    }
}

unsafe extern "C" fn link(ctx: *mut c_void, link: *const Link) -> i32 {
    // SAFETY: `LinkSink::table` made it from a unique reference that nobody uses during the call.
    let sink = unsafe { &mut *ctx.cast::<LinkSink>() };
    // SAFETY: lent for the call, and copied here.
    let link = unsafe { copy(link) }.map(|link| unsafe {
        RawLink {
            flags: link.flags,
            name: link.name.to_text(),
            host: link.host.to_text(),
            server_name: link.server_name.to_text(),
            port: link.port,
        }
    });
    match link {
        Some(link) if sink.links.len() < LINK_LIMIT => {
            sink.links.push(link);
            OK
        }
        _ => {
            sink.broken = true;
            E_INVALID
        }
    }
}

/// Listens during one call of a session.
#[derive(Default)]
pub(in crate::border) struct SessSink {
    pub(in crate::border) acts: Vec<RawAct>,
    pub(in crate::border) broken: bool,
    written: usize,
}

impl SessSink {
    /// The table to lend with a call; it writes into `self`.
    pub(in crate::border) fn table(&mut self, now_unix_ms: u64) -> Sess {
        Sess {
            struct_size: size_of_u32::<Sess>(),
            pad: 0,
            ctx: std::ptr::from_mut(self).cast(),
            now_unix_ms,
            write: Some(write),
            ready: Some(ready),
            complete: Some(complete),
            event: Some(event),
            timer: Some(timer),
            close: Some(close),
        }
    }

    fn hear(&mut self, act: Option<RawAct>) -> i32 {
        match act {
            Some(act) if self.acts.len() < MOST_ACTS => {
                self.acts.push(act);
                OK
            }
            _ => {
                self.broken = true;
                E_INVALID
            }
        }
    }
}

/// # Safety
/// `ctx` is the one of a table whose call is under way.
unsafe fn sess<'a>(ctx: *mut c_void) -> &'a mut SessSink {
    // SAFETY: `SessSink::table` made it from a unique reference that nobody uses during the call.
    unsafe { &mut *ctx.cast::<SessSink>() }
}

unsafe extern "C" fn write(ctx: *mut c_void, bytes: Str) -> i32 {
    // SAFETY: the table's own context; the bytes are lent for the call.
    let (sink, bytes) = unsafe { (sess(ctx), bytes.bytes()) };
    sink.written = sink.written.saturating_add(bytes.len());
    if sink.written > WRITE_LIMIT {
        return sink.hear(None);
    }
    if let Some(RawAct::Write(before)) = sink.acts.last_mut() {
        before.extend_from_slice(bytes);
        return OK;
    }
    sink.hear(Some(RawAct::Write(bytes.to_vec())))
}

unsafe extern "C" fn ready(ctx: *mut c_void, window: u32, milli_per_second: u32) -> i32 {
    let act = RawAct::Ready {
        window,
        milli_per_second,
    };
    // SAFETY: the table's own context.
    unsafe { sess(ctx) }.hear(Some(act))
}

unsafe extern "C" fn complete(ctx: *mut c_void, token: u64, outcome: *const Outcome) -> i32 {
    // SAFETY: the table's own context; the outcome is lent for the call, and copied here.
    let (sink, outcome) = unsafe { (sess(ctx), raw_outcome(outcome)) };
    sink.hear(outcome.map(|outcome| RawAct::Complete(token, outcome)))
}

unsafe extern "C" fn event(ctx: *mut c_void, event: *const Event, ack: Str, nack: Str) -> i32 {
    // SAFETY: lent for the call, and copied here.
    let act = unsafe { copy(event) }.map(|event| unsafe {
        RawAct::Event {
            event: raw_event(&event),
            ack: ack.bytes().to_vec(),
            nack: nack.bytes().to_vec(),
        }
    });
    // SAFETY: the table's own context.
    unsafe { sess(ctx) }.hear(act)
}

unsafe extern "C" fn timer(ctx: *mut c_void, id: u32, after_ms: u32) -> i32 {
    // SAFETY: the table's own context.
    unsafe { sess(ctx) }.hear(Some(RawAct::Timer { id, after_ms }))
}

unsafe extern "C" fn close(ctx: *mut c_void, outcome: *const Outcome) -> i32 {
    // SAFETY: the table's own context; the outcome is lent for the call, and copied here.
    let (sink, outcome) = unsafe { (sess(ctx), raw_outcome(outcome)) };
    sink.hear(outcome.map(RawAct::Close))
}
