//! The C ABI, version 1: what crosses the border between the host and a carrier library.
//!
//! `include/aldis_carrier.h` says the same in C, and its comments are the contract. In short:
//!
//! * One exported function, [`ENTRY_SYMBOL`], returns a static [`Entry`]. Everything optional is a
//!   table found by a string id, in both directions.
//! * Every struct begins with `struct_size`, set by its writer. A reader copies
//!   `min(struct_size, its own size)` into a zeroed struct ([`copy`](crate::copying::copy)) and never forms a reference
//!   to the peer's memory. So old and new sides understand each other: fields are only appended.
//! * Every pointer is valid until the call that handed it over returns. The receiver copies. No
//!   `free` crosses the border; results are emitted into sinks, which only record.
//! * Only fixed-width integers, pointers and [`Str`]; padding is explicit and zero.
//! * Functions tagged `[any]` may be called from any thread, several at once; those tagged `[once]` never at the same
//!   time as another one for the same session.

mod session;
mod tables;
mod told;

pub use session::{Link, LinkSink, Sess, SessInfo, Session};
pub use tables::{Entry, Host, HostCrypto, Http, Op, Test, Webhook, WebhookSink};
pub use told::{Event, HttpReq, HttpResp, InstanceCfg, Msg, Outcome, Part, WebhookReq};

use std::ffi::{CStr, c_void};

/// `ALDC` in little-endian memory.
pub const MAGIC: u32 = 0x4344_4C41;
/// Libraries and hosts understand each other if this is equal.
pub const ABI_MAJOR: u16 = 1;
/// Grows with every appended field, function or extension.
pub const ABI_MINOR: u16 = 1;
/// The one symbol a library exports; its suffix is the major version.
pub const ENTRY_SYMBOL: &CStr = c"aldis_carrier_entry_v1";
/// The plugin's extension for carriers with an HTTP API: [`Http`].
pub const HTTP: &str = "aldis.http/1";
/// The plugin's extension for call-backs: [`Webhook`].
pub const WEBHOOK: &str = "aldis.webhook/1";
/// The plugin's extension for the conformance kit: [`Test`].
pub const TEST: &str = "aldis.test/1";
/// The plugin's extension for carriers with a connection that stays: [`Session`].
pub const SESSION: &str = "aldis.session/1";
/// The host's extension for libraries that link no cryptography: [`HostCrypto`].
pub const HOST_CRYPTO: &str = "aldis.host.crypto/1";

/// A call did what it should.
pub const OK: i32 = 0;
/// An argument or a setting is wrong.
pub const E_INVALID: i32 = -1;
/// The library panicked; the panic was contained.
pub const E_PANIC: i32 = -2;
/// There is no room, or no such key.
pub const E_LIMIT: i32 = -3;

/// [`Webhook::handle`]: the carrier sent it.
pub const VERIFIED: i32 = 0;
/// [`Webhook::handle`]: it cannot be proved who sent it.
pub const UNVERIFIED: i32 = 1;
/// [`Webhook::handle`]: it is forged, stale, or not a call-back.
pub const REJECT: i32 = 2;

/// [`Pair::flags`]: the value is a secret and is shown nowhere.
pub const PAIR_SECRET: u32 = 1;
/// [`Msg::flags`]: a receipt is wanted at `callback_url`.
pub const MSG_WANT_RECEIPT: u32 = 1;
/// [`HttpReq::flags`]: sending it twice does what sending it once does.
pub const HTTP_IDEMPOTENT: u32 = 1;
/// [`Link::flags`]: over TLS.
pub const LINK_TLS: u32 = 1;

/// [`Event::flags`]: anybody may have written this receipt. It counts only for a message to `from` whose sender is `to`;
/// otherwise it is an inbound message from `from` to `to`.
pub const RECEIPT_UNPROVEN: u32 = 1;
/// [`Event::flags`]: `to` is also what the carrier is told, or fills in, for messages without a sender of their own.
pub const RECEIPT_TO_DEFAULT: u32 = 2;
/// [`Event::flags`]: `to` proves nothing at this carrier, `from` alone does.
pub const RECEIPT_TO_ANY: u32 = 4;

/// [`Outcome::price_kind`]: no price.
pub const PRICE_NONE: u32 = 0;
/// [`Outcome::price_kind`]: what it cost.
pub const PRICE_CHARGED: u32 = 1;
/// [`Outcome::price_kind`]: what it will cost, the carrier thinks.
pub const PRICE_ESTIMATED: u32 = 2;

/// [`Host::log`]: something is broken.
pub const LOG_ERROR: u32 = 1;
/// [`Host::log`]: something is odd.
pub const LOG_WARN: u32 = 2;
/// [`Host::log`]: what an operator wants to know.
pub const LOG_INFO: u32 = 3;
/// [`Host::log`]: what an author wants to know.
pub const LOG_DEBUG: u32 = 4;
/// [`Host::log`]: every step.
pub const LOG_TRACE: u32 = 5;

/// [`Host::metric`]: adds to a counter.
pub const METRIC_COUNTER: u32 = 0;
/// [`Host::metric`]: sets a gauge.
pub const METRIC_GAUGE: u32 = 1;

/// [`HostCrypto`]: SHA-1, 20 bytes.
pub const HASH_SHA1: u32 = 1;
/// [`HostCrypto`]: SHA-256, 32 bytes.
pub const HASH_SHA256: u32 = 2;
/// [`HostCrypto`]: SHA-512, 64 bytes.
pub const HASH_SHA512: u32 = 3;

/// Bytes of [`HttpReq::state`] at most.
pub const STATE_LIMIT: usize = 4096;
/// Requests in one attempt at most.
pub const STEP_LIMIT: u32 = 4;
/// Waits in one attempt at most.
pub const WAIT_LIMIT: u32 = 8;
/// Connections of one instance at most.
pub const LINK_LIMIT: usize = 64;
/// Timers of one session at most.
pub const TIMER_LIMIT: usize = 64;
/// Bytes that a session may have waiting for the socket at most.
pub const WRITE_LIMIT: usize = 4 * 1024 * 1024;
/// [`Sess::timer`]: the timer is not wanted any more.
pub const TIMER_OFF: u32 = u32::MAX;

/// Text (UTF-8) or bytes: pointer and length, never NUL-terminated, null when empty.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Str {
    /// First byte.
    pub ptr: *const u8,
    /// Bytes.
    pub len: usize,
}

/// A list: `stride` is the size of one element as its writer knows it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct List {
    /// First element.
    pub ptr: *const c_void,
    /// Elements.
    pub len: usize,
    /// Bytes from one element to the next.
    pub stride: usize,
}

/// A key with its value: a header, an attribute, a secret, a label.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// `PAIR_*`.
    pub flags: u32,
    /// Name.
    pub key: Str,
    /// Value.
    pub value: Str,
}
