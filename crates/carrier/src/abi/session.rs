//! `aldis.session/1`: carriers with a connection that stays. The host owns the socket, the timers and the window;
//! the library is a machine that is fed with bytes and messages and says what it wants.

use super::{Event, Msg, Outcome, Str};
use std::ffi::c_void;

/// `aldis.session/1`.
///
/// Tag `[once]`: never two calls at once for one session; the thread may change between calls.
/// A call that does not return `OK` is a fault, and nothing of what it wanted is done. In `submit` it costs that message
/// alone; in any other call the host ends the connection, and what was in flight is ambiguous.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Session {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// Zero.
    pub pad: u32,
    /// `[any]` Says which connections the host shall keep up.
    pub links: Option<unsafe extern "C" fn(inst: *mut c_void, sink: *const LinkSink) -> i32>,
    /// `[any]` A link is connected: makes its session, and says what to write first.
    pub open: Option<
        unsafe extern "C" fn(
            inst: *mut c_void,
            sess: *const Sess,
            info: *const SessInfo,
            st: *mut *mut c_void,
        ) -> i32,
    >,
    /// `[once]` Bytes arrived, cut anywhere.
    pub on_bytes: Option<unsafe extern "C" fn(st: *mut c_void, sess: *const Sess, bytes: Str) -> i32>,
    /// `[once]` A timer ran out.
    pub on_timer: Option<unsafe extern "C" fn(st: *mut c_void, sess: *const Sess, id: u32) -> i32>,
    /// `[once]` A message is to be sent; `token` names it until `complete`. What is written here is that message: the host
    /// leaves it out, whole, if it is over before any of it has left.
    pub submit:
        Option<unsafe extern "C" fn(st: *mut c_void, sess: *const Sess, token: u64, msg: *const Msg) -> i32>,
    /// `[once]` No message will follow, and none is in flight: take leave, then `close`.
    pub drain: Option<unsafe extern "C" fn(st: *mut c_void, sess: *const Sess) -> i32>,
    /// `[once]` The connection is gone. The last call for this session.
    pub destroy: Option<unsafe extern "C" fn(st: *mut c_void)>,
}

/// A connection the host shall keep up.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// `LINK_*`.
    pub flags: u32,
    /// The library's name for it, for logs and metrics.
    pub name: Str,
    /// The host name or address: the value of the setting `host`, or one of the descriptor's `allowed_hosts`, that with TLS
    /// or to the port that is listed with it.
    pub host: Str,
    /// The name in the certificate; empty: `host`.
    pub server_name: Str,
    /// TCP port.
    pub port: u32,
    /// Zero.
    pub pad: u32,
}

/// Where `links` says which connections: any number of calls.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct LinkSink {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// Zero.
    pub pad: u32,
    /// Handed back to each function.
    pub ctx: *mut c_void,
    /// Keep this connection up.
    pub link: Option<unsafe extern "C" fn(ctx: *mut c_void, link: *const Link) -> i32>,
}

/// What a session is told of its connection.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SessInfo {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// Which one of `links`, from 0.
    pub link: u32,
    /// The link's name.
    pub name: Str,
}

/// Where a session says what it wants: any number of calls, in any order; the host acts on them in that order after
/// the call returned.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Sess {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// Zero.
    pub pad: u32,
    /// Handed back to each function.
    pub ctx: *mut c_void,
    /// Now.
    pub now_unix_ms: u64,
    /// Write these bytes.
    pub write: Option<unsafe extern "C" fn(ctx: *mut c_void, bytes: Str) -> i32>,
    /// So many messages may be in flight on this link (0: none), and so many thousandths of a message may be handed
    /// over in a second (0: as fast as they come). Holds until said anew.
    pub ready: Option<unsafe extern "C" fn(ctx: *mut c_void, window: u32, milli_per_second: u32) -> i32>,
    /// The message of this token ended like this; once for each token, but that after `AMBIGUOUS` the carrier's answer may
    /// follow on the same connection, within a minute.
    pub complete: Option<unsafe extern "C" fn(ctx: *mut c_void, token: u64, outcome: *const Outcome) -> i32>,
    /// Something the carrier tells. The host writes `ack` once it is durable, `nack` if it could not be stored;
    /// either may be empty.
    pub event:
        Option<unsafe extern "C" fn(ctx: *mut c_void, event: *const Event, ack: Str, nack: Str) -> i32>,
    /// Call `on_timer` with this id after this time; again: instead. `TIMER_OFF`: not at all.
    pub timer: Option<unsafe extern "C" fn(ctx: *mut c_void, id: u32, after_ms: u32) -> i32>,
    /// End this connection once everything is written. The class says how to go on: `Temporary` reconnects with
    /// back-off, `Unauthorized` and `NoFunds` rest long and tell somebody.
    pub close: Option<unsafe extern "C" fn(ctx: *mut c_void, outcome: *const Outcome) -> i32>,
    /// The message of this token has left in part, and nobody else can send the rest: its attempt lasts until
    /// `Msg::until_unix_ms`.
    /// Since 1.1; an older host ends it in its time.
    pub hold: Option<unsafe extern "C" fn(ctx: *mut c_void, token: u64) -> i32>,
}
