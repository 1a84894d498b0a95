//! Handing over what a session wants.

use super::{lend_event, lend_outcome};
use crate::abi::{self, Str};
use crate::copying::{copy, size_of_u32};
use crate::session::{Act, Link, milli_per_second, timer_ms};

/// Says which connections the host shall keep up.
///
/// # Safety
/// `sink` is a sink of the host, valid for the present call.
pub(crate) unsafe fn links(sink: *const abi::LinkSink, links: &[Link]) -> i32 {
    // SAFETY: the caller's promise.
    let Some((sink, say)) = (unsafe { copy(sink) }).and_then(|sink| Some((sink, sink.link?))) else {
        return abi::E_INVALID;
    };
    for link in links {
        let lent = abi::Link {
            struct_size: size_of_u32::<abi::Link>(),
            flags: u32::from(link.tls) * abi::LINK_TLS,
            name: Str::of(&link.name),
            host: Str::of(&link.host),
            server_name: Str::of(&link.server_name),
            port: link.port.into(),
            pad: 0,
        };
        // SAFETY: the sink is valid, and what is lent lives until it returns.
        let taken = unsafe { say(sink.ctx, &raw const lent) };
        if taken != abi::OK {
            return taken;
        }
    }
    abi::OK
}

/// Says what a session wants, in its order.
///
/// # Safety
/// `sess` is a sink of the host, valid for the present call.
pub(crate) unsafe fn acts(sess: &abi::Sess, acts: &[Act]) -> i32 {
    for act in acts {
        // SAFETY: the caller's promise.
        let taken = unsafe { say(sess, act) }.unwrap_or(abi::E_INVALID);
        if taken != abi::OK {
            return taken;
        }
    }
    abi::OK
}

/// `None`: the host is too old to know such a thing.
unsafe fn say(sess: &abi::Sess, act: &Act) -> Option<i32> {
    let ctx = sess.ctx;
    // SAFETY: the sinks are valid, and what is lent lives until they return.
    Some(unsafe {
        match act {
            Act::Write(bytes) => sess.write?(ctx, Str::of(bytes)),
            Act::Ready { window, per_second } => sess.ready?(ctx, *window, milli_per_second(*per_second)),
            Act::Complete(token, outcome) => {
                let complete = sess.complete?;
                lend_outcome(outcome, |lent| complete(ctx, *token, lent))
            }
            Act::Event { event, ack, nack } => {
                let tell = sess.event?;
                lend_event(event, |lent| tell(ctx, lent, Str::of(ack), Str::of(nack)))
            }
            Act::Timer(id, after) => sess.timer?(ctx, *id, timer_ms(*after)),
            // An older host ends the attempt in its time.
            Act::Hold(token) => sess.hold.map_or(abi::OK, |hold| hold(ctx, *token)),
            Act::Close(outcome) => {
                let close = sess.close?;
                lend_outcome(outcome, |lent| close(ctx, lent))
            }
        }
    })
}
