//! The C ABI, version 1: what crosses the border between the host and a carrier library.
//!
//! `include/aldis_carrier.h` says the same in C, and its comments are the contract. In short:
//!
//! * One exported function, [`ENTRY_SYMBOL`], returns a static [`Entry`]. Everything optional is a
//!   table found by a string id, in both directions.
//! * Every struct begins with `struct_size`, set by its writer. A reader copies
//!   `min(struct_size, its own size)` into a zeroed struct ([`copy`]) and never forms a reference
//!   to the peer's memory. So old and new sides understand each other: fields are only appended.
//! * Every pointer is valid until the call that handed it over returns. The receiver copies. No
//!   `free` crosses the border; results are emitted into sinks, which only record.
//! * Only fixed-width integers, pointers and [`Str`]; padding is explicit and zero.
//! * Functions tagged `[any]` may be called from any thread, several at once.

use std::ffi::{CStr, c_void};

/// `ALDC` in little-endian memory.
pub const MAGIC: u32 = 0x4344_4C41;
/// Libraries and hosts understand each other if this is equal.
pub const ABI_MAJOR: u16 = 1;
/// Grows with every appended field, function or extension.
pub const ABI_MINOR: u16 = 0;
/// The one symbol a library exports; its suffix is the major version.
pub const ENTRY_SYMBOL: &CStr = c"aldis_carrier_entry_v1";
/// The plugin's extension for carriers with an HTTP API: [`Http`].
pub const HTTP: &str = "aldis.http/1";
/// The plugin's extension for call-backs: [`Webhook`].
pub const WEBHOOK: &str = "aldis.webhook/1";

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

/// What a library exports. Static: valid for ever.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// [`MAGIC`].
    pub magic: u32,
    /// [`ABI_MAJOR`] it was compiled against.
    pub abi_major: u16,
    /// [`ABI_MINOR`] it was compiled against.
    pub abi_minor: u16,
    /// It needs a host of at least this minor version.
    pub min_host_minor: u16,
    /// Zero.
    pub pad: u16,
    /// Bits for features without which it cannot work; none is defined yet.
    pub required_features: u64,
    /// The descriptor: id, version, styles, allowed hosts, JSON Schema of the settings.
    pub descriptor_json: Str,
    /// Once per process, repeat-safe, may be null.
    pub load: Option<unsafe extern "C" fn(host: *const Host) -> i32>,
    /// Makes an instance; writes an opaque handle of the library. Says what is wrong with its
    /// settings through `cfg.fault`.
    pub instance_create: Option<
        unsafe extern "C" fn(host: *const Host, cfg: *const InstanceCfg, out: *mut *mut c_void) -> i32,
    >,
    /// Ends an instance; no call of it is under way.
    pub instance_destroy: Option<unsafe extern "C" fn(inst: *mut c_void)>,
    /// A table of the library by id, static, or null.
    pub get_extension: Option<unsafe extern "C" fn(id: Str) -> *const c_void>,
}

/// How an instance is configured.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct InstanceCfg {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// Zero.
    pub pad: u32,
    /// Names the instance in host calls.
    pub instance_id: u64,
    /// The operator's name for it.
    pub name: Str,
    /// Its settings without the secrets: a JSON object.
    pub config_json: Str,
    /// Its secrets: list of [`Pair`], the key a dotted path into the settings.
    pub secrets: List,
    /// Where the carrier can reach us; empty if it cannot.
    pub webhook_base_url: Str,
    /// ISO 3166 region of the operator; may be empty.
    pub locale_region: Str,
    /// Handed back to `fault`.
    pub fault_ctx: *mut c_void,
    /// Says which setting is wrong and why, before `E_INVALID` is returned. Never quotes a value.
    pub fault: Option<unsafe extern "C" fn(ctx: *mut c_void, key: Str, reason: Str)>,
}

/// A message to send. Borrowed for the call.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Msg {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// `MSG_*`.
    pub flags: u32,
    /// Aldis's id.
    pub id: Str,
    /// Recipient, E.164 with `+`.
    pub to: Str,
    /// Sender; empty: the instance's default.
    pub from: Str,
    /// `SENDER_*`, see [`crate::SenderKind`].
    pub from_kind: u32,
    /// `ENCODING_*`, see [`crate::Encoding`].
    pub encoding: u32,
    /// The text.
    pub text: Str,
    /// List of [`Part`] when the host splits the text; else empty.
    pub parts: List,
    /// Segments the host counts.
    pub segments_est: u32,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// Seconds the carrier may keep trying; 0: its own default.
    pub validity_s: u32,
    /// Zero.
    pub pad: u32,
    /// Not to be sent after this moment.
    pub deadline_unix_ms: u64,
    /// Not to be sent before this moment; 0: now.
    pub schedule_unix_ms: u64,
    /// Now.
    pub now_unix_ms: u64,
    /// Where receipts shall go; may be empty.
    pub callback_url: Str,
    /// The same for every attempt of this message at this carrier.
    pub idempotency_key: Str,
    /// List of [`Pair`].
    pub attrs: List,
}

/// One part of a long text.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// Data coding scheme, 3GPP TS 23.038 section 4.
    pub dcs: u32,
    /// User data header.
    pub udh: Str,
    /// User data.
    pub data: Str,
}

/// A request the host shall make.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct HttpReq {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// `HTTP_*`.
    pub flags: u32,
    /// `GET`, `POST`, ...
    pub method: Str,
    /// Absolute; its host must be an allowed one.
    pub url: Str,
    /// List of [`Pair`].
    pub headers: List,
    /// Body.
    pub body: Str,
    /// Give up after this; 0: the host's limit, which caps it anyway.
    pub timeout_ms: u32,
    /// Zero.
    pub pad: u32,
    /// At most 4 KiB, returned with the answer.
    pub state: Str,
}

/// What came of a request.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct HttpResp {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// HTTP status; 0 without an answer.
    pub status: u32,
    /// `TRANSPORT_*`, see [`crate::Transport`].
    pub transport: u32,
    /// 0: nothing of the request can have reached the carrier. 1: it may have.
    pub request_written: u32,
    /// List of [`Pair`].
    pub headers: List,
    /// Body.
    pub body: Str,
    /// How long it took.
    pub elapsed_ms: u32,
    /// 1 for the answer to the first request of an attempt.
    pub step: u32,
    /// What the request left.
    pub state: Str,
    /// Now.
    pub now_unix_ms: u64,
}

/// The end of an attempt.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// See [`crate::Class`].
    pub class: u32,
    /// See [`crate::Scope`].
    pub scope: u32,
    /// Zero.
    pub flags: u32,
    /// The carrier's own advice; 0: none.
    pub retry_after_ms: u64,
    /// Segments the carrier counted; 0: it did not say.
    pub segments: u32,
    /// 0: no price. 1: charged. 2: estimated.
    pub price_kind: u32,
    /// Millionths of the currency's unit.
    pub price_micros: i64,
    /// ISO 4217 and a zero.
    pub currency: [u8; 4],
    /// Zero.
    pub pad: u32,
    /// List of [`Str`]: one id for each part, or one for all.
    pub carrier_ids: List,
    /// The carrier's own code.
    pub code: Str,
    /// A sentence for the operator, without numbers, text or secrets.
    pub detail: Str,
}

/// Something a carrier tells.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// See [`crate::EventKind`].
    pub kind: u32,
    /// See [`crate::ReceiptState`].
    pub state: u32,
    /// See [`crate::Class`]; why it failed.
    pub class: u32,
    /// 1 if the state will not change any more.
    pub is_final: u32,
    /// Which part, from 0.
    pub part_index: u32,
    /// The carrier's id of the message.
    pub carrier_id: Str,
    /// Who an inbound message is from.
    pub from: Str,
    /// Whom it is to.
    pub to: Str,
    /// Its text.
    pub text: Str,
    /// The carrier's own code.
    pub code: Str,
    /// When, by the carrier's clock; 0: it did not say.
    pub carrier_time_ms: u64,
    /// Mobile country and network code.
    pub mccmnc: Str,
    /// Millionths of the currency's unit.
    pub price_micros: i64,
    /// ISO 4217 and a zero; zeros: no price.
    pub currency: [u8; 4],
    /// Zero.
    pub pad: u32,
    /// List of [`Pair`].
    pub attrs: List,
}

/// A call-back of a carrier, as it arrived.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct WebhookReq {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// Zero.
    pub pad: u32,
    /// The URL exactly as the carrier called it; signatures cover it.
    pub external_url: Str,
    /// `GET`, `POST`, ...
    pub method: Str,
    /// List of [`Pair`].
    pub headers: List,
    /// Body, untouched.
    pub body: Str,
    /// Who called; may be empty.
    pub remote_address: Str,
    /// Now.
    pub now_unix_ms: u64,
}

/// Where `submit` and `on_response` say what is next: exactly one call for each.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Op {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// Zero.
    pub pad: u32,
    /// Handed back to each function.
    pub ctx: *mut c_void,
    /// Make this request and call `on_response`.
    pub http: Option<unsafe extern "C" fn(ctx: *mut c_void, request: *const HttpReq) -> i32>,
    /// The attempt ends like this.
    pub complete: Option<unsafe extern "C" fn(ctx: *mut c_void, outcome: *const Outcome) -> i32>,
    /// Call `submit` again after this.
    pub wait: Option<unsafe extern "C" fn(ctx: *mut c_void, wait_ms: u32) -> i32>,
}

/// Where `handle` says what a call-back holds.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct WebhookSink {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// Zero.
    pub pad: u32,
    /// Handed back to each function.
    pub ctx: *mut c_void,
    /// One thing the carrier tells; any number of times.
    pub event: Option<unsafe extern "C" fn(ctx: *mut c_void, event: *const Event) -> i32>,
    /// The answer the carrier expects, sent once the events are durable; at most once.
    pub reply:
        Option<unsafe extern "C" fn(ctx: *mut c_void, status: u32, headers: *const List, body: Str) -> i32>,
}

/// `aldis.http/1`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Http {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// Zero.
    pub pad: u32,
    /// `[any]` A message is to be sent.
    pub submit: Option<unsafe extern "C" fn(inst: *mut c_void, msg: *const Msg, op: *const Op) -> i32>,
    /// `[any]` What came of the request that the last call asked for.
    pub on_response: Option<
        unsafe extern "C" fn(inst: *mut c_void, msg: *const Msg, resp: *const HttpResp, op: *const Op) -> i32,
    >,
}

/// `aldis.webhook/1`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Webhook {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// Zero.
    pub pad: u32,
    /// `[any]` Verifies and reads a call-back; returns `VERIFIED`, `UNVERIFIED` or `REJECT`.
    pub handle: Option<
        unsafe extern "C" fn(inst: *mut c_void, req: *const WebhookReq, sink: *const WebhookSink) -> i32,
    >,
}

/// What the host offers. Valid for the life of the process; every function `[any]`, and callable
/// only from inside a call of the host.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// [`ABI_MAJOR`].
    pub abi_major: u16,
    /// [`ABI_MINOR`].
    pub abi_minor: u16,
    /// A log line: level 1 error to 5 trace; fields a list of [`Pair`], may be null. The host redacts it.
    pub log: Option<unsafe extern "C" fn(instance_id: u64, level: u32, text: Str, fields: *const List)>,
    /// Wall clock.
    pub now_unix_ms: Option<unsafe extern "C" fn() -> u64>,
    /// A clock that never goes back.
    pub now_mono_ms: Option<unsafe extern "C" fn() -> u64>,
    /// Fills a buffer with random bytes fit for keys.
    pub random: Option<unsafe extern "C" fn(buffer: *mut u8, len: usize) -> i32>,
    /// A metric: kind 0 adds to a counter, 1 sets a gauge; labels a list of [`Pair`], may be null.
    pub metric:
        Option<unsafe extern "C" fn(instance_id: u64, name: Str, kind: u32, value: f64, labels: *const List)>,
    /// Reads a kept value into `sink`, which is called at most once, during the call.
    pub kv_get: Option<
        unsafe extern "C" fn(
            instance_id: u64,
            key: Str,
            ctx: *mut c_void,
            sink: Option<unsafe extern "C" fn(ctx: *mut c_void, value: Str)>,
        ) -> i32,
    >,
    /// Keeps a value in memory, 64 KiB for each instance; an empty value removes it.
    pub kv_put: Option<unsafe extern "C" fn(instance_id: u64, key: Str, value: Str) -> i32>,
    /// A table of the host by id, static, or null.
    pub get_extension: Option<unsafe extern "C" fn(id: Str) -> *const c_void>,
}
