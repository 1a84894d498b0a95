//! The sinks of sessions. They only record, copying what they are lent.

use super::{RawEvent, RawOutcome, raw_event, raw_outcome};
use crate::limits;
use crate::ration::Ration;
use aldis_carrier::abi::{
    E_INVALID, Event, LINK_LIMIT, Link, LinkSink as Table, OK, Outcome, Sess, Str, WRITE_LIMIT,
};
use aldis_carrier::copying::{copy, size_of_u32};
use serde::{Deserialize, Serialize};
use std::ffi::c_void;

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
    Complete(
        u64,
        #[serde(deserialize_with = "crate::bounded::boxed")] Box<RawOutcome>,
    ),
    Event {
        #[serde(deserialize_with = "crate::bounded::boxed")]
        event: Box<RawEvent>,
        #[serde(with = "serde_bytes")]
        ack: Vec<u8>,
        #[serde(with = "serde_bytes")]
        nack: Vec<u8>,
    },
    Timer {
        id: u32,
        after_ms: u32,
    },
    Close(#[serde(deserialize_with = "crate::bounded::boxed")] Box<RawOutcome>),
    Hold(u64),
}

impl RawAct {
    /// The memory it takes.
    pub(crate) fn weight(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Write(bytes) => bytes.len(),
                Self::Complete(_, ended) | Self::Close(ended) => ended.weight(),
                Self::Event { event, ack, nack } => event.weight() + ack.len() + nack.len(),
                Self::Ready { .. } | Self::Timer { .. } | Self::Hold(_) => 0,
            }
    }
}

/// Listens during one `links`.
#[derive(Default)]
pub(in crate::border) struct LinkSink {
    pub(in crate::border) links: Vec<RawLink>,
    pub(in crate::border) broken: bool,
    ration: Ration,
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
    let room = sink.links.len() < LINK_LIMIT;
    // SAFETY: lent for the call, and copied here.
    let link = unsafe { copy(link) }.filter(|_| room);
    if let Some(link) = link.and_then(|link| unsafe { raw_link(&link, &mut sink.ration) }) {
        sink.links.push(link);
        return OK;
    }
    sink.broken = true;
    E_INVALID
}

/// # Safety
/// The link's texts are valid.
unsafe fn raw_link(link: &Link, ration: &mut Ration) -> Option<RawLink> {
    ration.take(size_of::<RawLink>())?;
    // SAFETY: the caller's promise.
    let mut text = |text: Str| ration.text(unsafe { text.bytes() });
    Some(RawLink {
        flags: link.flags,
        name: text(link.name)?,
        host: text(link.host)?,
        server_name: text(link.server_name)?,
        port: link.port,
    })
}

/// Listens during one call of a session.
#[derive(Default)]
pub(in crate::border) struct SessSink {
    pub(in crate::border) acts: Vec<RawAct>,
    pub(in crate::border) broken: bool,
    written: usize,
    ration: Ration,
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
            hold: Some(hold),
        }
    }

    fn hear(&mut self, act: impl FnOnce(&mut Ration) -> Option<RawAct>) -> i32 {
        let room = (self.acts.len() < limits::ACTS).then(|| self.ration.take(size_of::<RawAct>()));
        if let Some(Some(())) = room
            && let Some(act) = act(&mut self.ration)
        {
            self.acts.push(act);
            return OK;
        }
        self.broken = true;
        E_INVALID
    }

    fn write(&mut self, bytes: &[u8]) -> i32 {
        self.written = self.written.saturating_add(bytes.len());
        if self.written > WRITE_LIMIT {
            return self.hear(|_| None);
        }
        match self.acts.last_mut() {
            Some(RawAct::Write(before)) if self.ration.take(bytes.len()).is_some() => {
                before.extend_from_slice(bytes);
                OK
            }
            _ => self.hear(|ration| ration.bytes(bytes).map(RawAct::Write)),
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
    unsafe { sess(ctx).write(bytes.bytes()) }
}

unsafe extern "C" fn ready(ctx: *mut c_void, window: u32, milli_per_second: u32) -> i32 {
    let act = RawAct::Ready {
        window,
        milli_per_second,
    };
    // SAFETY: the table's own context.
    unsafe { sess(ctx) }.hear(|_| Some(act))
}

unsafe extern "C" fn complete(ctx: *mut c_void, token: u64, outcome: *const Outcome) -> i32 {
    // SAFETY: the table's own context; the outcome is lent for the call, and copied here.
    let act = |ration: &mut Ration| Some(RawAct::Complete(token, unsafe { boxed(outcome, ration) }?));
    // SAFETY: the table's own context.
    unsafe { sess(ctx) }.hear(act)
}

/// # Safety
/// `outcome` is null, or valid for the call.
unsafe fn boxed(outcome: *const Outcome, ration: &mut Ration) -> Option<Box<RawOutcome>> {
    ration.take(size_of::<RawOutcome>())?;
    // SAFETY: the caller's promise.
    unsafe { raw_outcome(outcome, ration) }.map(Box::new)
}

unsafe extern "C" fn event(ctx: *mut c_void, event: *const Event, ack: Str, nack: Str) -> i32 {
    // SAFETY: lent for the call, and copied here.
    let act = |ration: &mut Ration| unsafe {
        ration.take(size_of::<RawEvent>())?;
        Some(RawAct::Event {
            event: Box::new(raw_event(&copy(event)?, ration)?),
            ack: ration.bytes(ack.bytes())?,
            nack: ration.bytes(nack.bytes())?,
        })
    };
    // SAFETY: the table's own context.
    unsafe { sess(ctx) }.hear(act)
}

unsafe extern "C" fn timer(ctx: *mut c_void, id: u32, after_ms: u32) -> i32 {
    // SAFETY: the table's own context.
    unsafe { sess(ctx) }.hear(|_| Some(RawAct::Timer { id, after_ms }))
}

unsafe extern "C" fn hold(ctx: *mut c_void, token: u64) -> i32 {
    // SAFETY: the table's own context.
    unsafe { sess(ctx) }.hear(|_| Some(RawAct::Hold(token)))
}

unsafe extern "C" fn close(ctx: *mut c_void, outcome: *const Outcome) -> i32 {
    // SAFETY: the outcome is lent for the call, and copied here.
    let act = |ration: &mut Ration| Some(RawAct::Close(unsafe { boxed(outcome, ration) }?));
    // SAFETY: the table's own context.
    unsafe { sess(ctx) }.hear(act)
}
