//! The sinks of the bench for sessions: they only record.

use crate::abi::{self, Str};
use crate::copying::{copy, size_of_u32};
use crate::session::{Act, Link, per_second};
use crate::testing::Fault;
use crate::testing::recorder::{read_event, read_outcome};
use std::ffi::c_void;
use std::time::Duration;

/// The links a carrier asked for.
#[derive(Default)]
pub(super) struct Links(Vec<Option<Link>>);

impl Links {
    pub(super) fn table(&mut self) -> abi::LinkSink {
        abi::LinkSink {
            struct_size: size_of_u32::<abi::LinkSink>(),
            pad: 0,
            ctx: std::ptr::from_mut(self).cast(),
            link: Some(link),
        }
    }

    pub(super) fn all(self) -> Result<Vec<Link>, Fault> {
        let all: Option<Vec<Link>> = self.0.into_iter().collect();
        all.filter(|links| (1..=abi::LINK_LIMIT).contains(&links.len()))
            .ok_or(Fault::Broken(
                "no links, too many, or one that cannot be understood",
            ))
    }
}

unsafe extern "C" fn link(ctx: *mut c_void, lent: *const abi::Link) -> i32 {
    // SAFETY: the context that was handed out with this function, and nobody else uses it now.
    let links = unsafe { &mut *ctx.cast::<Links>() };
    // SAFETY: lent for the call.
    let read = unsafe { copy(lent) }.and_then(|lent| {
        // SAFETY: all it points to is lent for the call.
        let (name, host, server_name) = unsafe {
            (
                lent.name.to_text(),
                lent.host.to_text(),
                lent.server_name.to_text(),
            )
        };
        let port = u16::try_from(lent.port).ok().filter(|port| *port > 0)?;
        let link = Link::new(name, host, port).server_name(server_name);
        Some(link.tls(lent.flags & abi::LINK_TLS != 0))
    });
    links.0.push(read);
    abi::OK
}

/// What a session wanted.
#[derive(Default)]
pub(super) struct Wants {
    acts: Vec<Act>,
    broken: Option<Fault>,
}

impl Wants {
    pub(super) fn table(&mut self, now_unix_ms: u64) -> abi::Sess {
        abi::Sess {
            struct_size: size_of_u32::<abi::Sess>(),
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

    pub(super) fn all(self) -> Result<Vec<Act>, Fault> {
        self.broken.map_or(Ok(self.acts), Err)
    }
}

/// # Safety
/// `ctx` is the sink that [`Wants::table`] lent, and nobody else uses it during the call.
unsafe fn keep(ctx: *mut c_void, act: Result<Act, Fault>) -> i32 {
    // SAFETY: the caller's promise.
    let wants = unsafe { &mut *ctx.cast::<Wants>() };
    match act {
        Ok(act) => wants.acts.push(act),
        Err(fault) => {
            wants.broken.get_or_insert(fault);
            return abi::E_INVALID;
        }
    }
    abi::OK
}

unsafe extern "C" fn write(ctx: *mut c_void, bytes: Str) -> i32 {
    // SAFETY: the context that was handed out with this function; the bytes are lent.
    unsafe { keep(ctx, Ok(Act::Write(bytes.bytes().to_vec()))) }
}

unsafe extern "C" fn ready(ctx: *mut c_void, window: u32, milli_per_second: u32) -> i32 {
    let per_second = per_second(milli_per_second);
    // SAFETY: the context that was handed out with this function.
    unsafe { keep(ctx, Ok(Act::Ready { window, per_second })) }
}

unsafe extern "C" fn complete(ctx: *mut c_void, token: u64, lent: *const abi::Outcome) -> i32 {
    // SAFETY: the context that was handed out with this function; the outcome is lent.
    unsafe {
        keep(
            ctx,
            read_outcome(lent).map(|outcome| Act::Complete(token, outcome)),
        )
    }
}

unsafe extern "C" fn event(ctx: *mut c_void, lent: *const abi::Event, ack: Str, nack: Str) -> i32 {
    // SAFETY: the context that was handed out with this function; the rest is lent.
    unsafe {
        let (ack, nack) = (ack.bytes().to_vec(), nack.bytes().to_vec());
        let event = read_event(lent).ok_or(Fault::Broken("an event that cannot be understood"));
        let event = event.map(Box::new);
        keep(ctx, event.map(|event| Act::Event { event, ack, nack }))
    }
}

unsafe extern "C" fn timer(ctx: *mut c_void, id: u32, after_ms: u32) -> i32 {
    let after = (after_ms != abi::TIMER_OFF).then(|| Duration::from_millis(after_ms.into()));
    // SAFETY: the context that was handed out with this function.
    unsafe { keep(ctx, Ok(Act::Timer(id, after))) }
}

unsafe extern "C" fn hold(ctx: *mut c_void, token: u64) -> i32 {
    // SAFETY: the context that was handed out with this function.
    unsafe { keep(ctx, Ok(Act::Hold(token))) }
}

unsafe extern "C" fn close(ctx: *mut c_void, lent: *const abi::Outcome) -> i32 {
    // SAFETY: the context that was handed out with this function; the outcome is lent.
    unsafe { keep(ctx, read_outcome(lent).map(Act::Close)) }
}
