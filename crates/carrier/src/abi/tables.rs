//! Tables of functions: what a library offers, what the host offers, and the sinks between them.

use super::{Event, HttpReq, HttpResp, InstanceCfg, List, Msg, Outcome, Str, WebhookReq};
use std::ffi::c_void;

/// What a library exports. Static: valid for ever.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// [`super::MAGIC`].
    pub magic: u32,
    /// [`super::ABI_MAJOR`] it was compiled against.
    pub abi_major: u16,
    /// [`super::ABI_MINOR`] it was compiled against.
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

/// `aldis.test/1`: lets the conformance kit see that a panic is contained. Libraries made with the kit have it; no host
/// calls it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Test {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// Zero.
    pub pad: u32,
    /// `[any]` Panics with this text inside an entry; returns what that entry returns then, `E_PANIC`.
    pub panic: Option<unsafe extern "C" fn(inst: *mut c_void, text: Str) -> i32>,
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

/// What the host offers. Valid for the life of the process; every function `[any]`, and callable
/// only from inside a call of the host.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// [`super::ABI_MAJOR`].
    pub abi_major: u16,
    /// [`super::ABI_MINOR`].
    pub abi_minor: u16,
    /// A log line: level 1 error to 5 trace; fields a list of [`super::Pair`], may be null. The host redacts it.
    pub log: Option<unsafe extern "C" fn(instance_id: u64, level: u32, text: Str, fields: *const List)>,
    /// Wall clock.
    pub now_unix_ms: Option<unsafe extern "C" fn() -> u64>,
    /// A clock that never goes back.
    pub now_mono_ms: Option<unsafe extern "C" fn() -> u64>,
    /// Fills a buffer with random bytes fit for keys.
    pub random: Option<unsafe extern "C" fn(buffer: *mut u8, len: usize) -> i32>,
    /// A metric: kind 0 adds to a counter, 1 sets a gauge; labels a list of [`super::Pair`], may be null.
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

/// `aldis.host.crypto/1`: each writes a whole digest to `out`, or returns `E_LIMIT` if `size` is less than that, and
/// `E_INVALID` for an algorithm that is not known or a null `out`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct HostCrypto {
    /// Size of this struct as its writer knows it.
    pub struct_size: u32,
    /// Zero.
    pub pad: u32,
    /// The hash of `data` (FIPS 180-4); `algorithm` is one of `HASH_*`.
    pub digest: Option<unsafe extern "C" fn(algorithm: u32, data: Str, out: *mut u8, size: usize) -> i32>,
    /// HMAC of `data` (RFC 2104); `algorithm` as above.
    pub hmac:
        Option<unsafe extern "C" fn(algorithm: u32, key: Str, data: Str, out: *mut u8, size: usize) -> i32>,
}
