//! Hears what a session wants in one call, and which connections an instance asks for.

use super::ear::{Ear, Ended, Told, ear};
use crate::border::RawLink;
use aldis_carrier::abi::{E_INVALID, Event, Link, LinkSink, OK, Outcome, Sess, Str, WRITE_LIMIT};
use aldis_carrier::copying::size_of_u32;
use std::ffi::c_void;

/// One thing a session wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    Write(Vec<u8>),
    /// Messages in flight, and thousandths of a message in a second.
    Ready(u32, u32),
    Complete(u64, Ended),
    Event {
        told: Told,
        ack: Vec<u8>,
        nack: Vec<u8>,
    },
    /// The id, and milliseconds.
    Timer(u32, u32),
    Close(Ended),
    Hold(u64),
}

/// Appends what a session wants. How many calls its bytes came in is of no account.
pub(super) fn append(acts: &mut Vec<Act>, act: Act) {
    match (acts.last_mut(), act) {
        (Some(Act::Write(before)), Act::Write(bytes)) => before.extend(bytes),
        (_, act) => acts.push(act),
    }
}

impl Ear {
    pub(super) fn sess(&self) -> Sess {
        Sess {
            struct_size: size_of_u32::<Sess>(),
            pad: 0,
            ctx: self.ctx(),
            now_unix_ms: super::letter::NOW,
            write: Some(write),
            ready: Some(ready),
            complete: Some(complete),
            event: Some(event),
            timer: Some(timer),
            close: Some(close),
            hold: Some(hold),
        }
    }

    pub(super) fn link_sink(&self) -> LinkSink {
        LinkSink {
            struct_size: size_of_u32::<LinkSink>(),
            pad: 0,
            ctx: self.ctx(),
            link: Some(link),
        }
    }

    fn act(&self, act: Act) -> i32 {
        append(&mut self.acts.borrow_mut(), act);
        OK
    }

    /// # Safety
    /// `outcome` is null, or lent for this call with all it points to.
    unsafe fn outcome(&self, outcome: *const Outcome) -> Option<Ended> {
        // SAFETY: the caller's promise.
        unsafe {
            let outcome = self.taken("aldis_outcome", outcome)?;
            Some(self.ended(&outcome))
        }
    }
}

/// The ear of a call that is under way; a word after its end is counted.
///
/// # Safety
/// `ctx` came with one of our tables, whose [`Ear`] is kept.
unsafe fn listening<'a>(ctx: *mut c_void) -> Option<&'a Ear> {
    // SAFETY: the caller's promise.
    let ear = unsafe { ear(ctx) };
    ear.open().then_some(ear)
}

unsafe extern "C" fn write(ctx: *mut c_void, bytes: Str) -> i32 {
    // SAFETY: our context; the bytes are lent for this call.
    let (Some(ear), bytes) = (unsafe { (listening(ctx), bytes.bytes()) }) else {
        return E_INVALID;
    };
    ear.written.set(ear.written.get().saturating_add(bytes.len()));
    if ear.written.get() > WRITE_LIMIT {
        ear.fault(
            format!("it writes more than {WRITE_LIMIT} bytes in one call"),
            "ALDIS_WRITE_LIMIT is what may wait for the socket: write a message's bytes, no more",
        );
        return E_INVALID;
    }
    ear.act(Act::Write(bytes.to_vec()))
}

unsafe extern "C" fn ready(ctx: *mut c_void, window: u32, milli_per_second: u32) -> i32 {
    // SAFETY: our context.
    unsafe { listening(ctx) }.map_or(E_INVALID, |ear| ear.act(Act::Ready(window, milli_per_second)))
}

unsafe extern "C" fn complete(ctx: *mut c_void, token: u64, outcome: *const Outcome) -> i32 {
    // SAFETY: our context; lent for this call.
    unsafe {
        let ended = listening(ctx).and_then(|ear| Some((ear, ear.outcome(outcome)?)));
        ended.map_or(E_INVALID, |(ear, ended)| ear.act(Act::Complete(token, ended)))
    }
}

unsafe extern "C" fn event(ctx: *mut c_void, event: *const Event, ack: Str, nack: Str) -> i32 {
    // SAFETY: our context; lent for this call.
    unsafe {
        let told = listening(ctx).and_then(|ear| Some((ear, ear.event(event)?)));
        let (ack, nack) = (ack.bytes().to_vec(), nack.bytes().to_vec());
        told.map_or(E_INVALID, |(ear, told)| ear.act(Act::Event { told, ack, nack }))
    }
}

unsafe extern "C" fn timer(ctx: *mut c_void, id: u32, after_ms: u32) -> i32 {
    // SAFETY: our context.
    unsafe { listening(ctx) }.map_or(E_INVALID, |ear| ear.act(Act::Timer(id, after_ms)))
}

unsafe extern "C" fn hold(ctx: *mut c_void, token: u64) -> i32 {
    // SAFETY: our context.
    unsafe { listening(ctx) }.map_or(E_INVALID, |ear| ear.act(Act::Hold(token)))
}

unsafe extern "C" fn close(ctx: *mut c_void, outcome: *const Outcome) -> i32 {
    // SAFETY: our context; lent for this call.
    unsafe {
        let ended = listening(ctx).and_then(|ear| Some((ear, ear.outcome(outcome)?)));
        ended.map_or(E_INVALID, |(ear, ended)| ear.act(Act::Close(ended)))
    }
}

unsafe extern "C" fn link(ctx: *mut c_void, link: *const Link) -> i32 {
    // SAFETY: our context; lent for this call.
    let wanted = unsafe {
        listening(ctx).and_then(|ear| {
            let link = ear.taken("aldis_link", link)?;
            ear.mind_zero("aldis_link.pad", link.pad);
            let wanted = RawLink {
                flags: link.flags,
                name: link.name.to_text(),
                host: link.host.to_text(),
                server_name: link.server_name.to_text(),
                port: link.port,
            };
            Some((ear, wanted))
        })
    };
    wanted.map_or(E_INVALID, |(ear, wanted)| {
        ear.links.borrow_mut().push(wanted);
        OK
    })
}
