//! Each side reads no more of a peer's struct than the peer says it has: an older peer's is
//! shorter, a newer one's longer. Every struct here ends where readable memory ends.
#![cfg(target_os = "linux")]
#![allow(
    missing_docs,
    unsafe_code,
    clippy::expect_used,
    reason = "a test of the border itself"
)]

#[path = "carriers/acme.rs"]
mod acme;

use aldis_carrier::abi::{self, List, Pair, Str};
use aldis_carrier::copying::{Sized32, copy, size_of_u32};
use proptest::prelude::*;
use std::ffi::c_void;
use std::ptr;

aldis_carrier::export_carrier!(acme::Acme);

const PAGE: usize = 16 * 1024;

/// One readable page with an unreadable one behind it.
struct Cliff(*mut u8);

impl Cliff {
    fn new() -> Self {
        // SAFETY: a fresh private mapping, of which the second half is then closed.
        unsafe {
            let both = libc::mmap(
                ptr::null_mut(),
                2 * PAGE,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            assert_ne!(both, libc::MAP_FAILED);
            assert_eq!(libc::mprotect(both.byte_add(PAGE), PAGE, libc::PROT_NONE), 0);
            Self(both.cast())
        }
    }

    /// Puts bytes so that the last one is the last readable one.
    fn put(&self, bytes: &[u8]) -> *const u8 {
        // SAFETY: within the readable page.
        unsafe {
            let at = self.0.add(PAGE - bytes.len());
            at.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            at
        }
    }

    /// Puts the first `size` bytes of a struct, which says that it has so many.
    fn put_prefix<T: Sized32>(&self, whole: &T, size: usize) -> *const T {
        let mut bytes = bytes_of(whole);
        bytes.resize(size, 0xA5);
        bytes[..4].copy_from_slice(&u32::try_from(size).expect("small").to_ne_bytes());
        self.put(&bytes).cast()
    }
}

impl Drop for Cliff {
    fn drop(&mut self) {
        // SAFETY: the mapping of `new`.
        unsafe { libc::munmap(self.0.cast(), 2 * PAGE) };
    }
}

fn bytes_of<T: Sized32>(whole: &T) -> Vec<u8> {
    // SAFETY: a struct of the border is plain data without unnamed padding.
    unsafe { std::slice::from_raw_parts(ptr::from_ref(whole).cast::<u8>(), size_of::<T>()) }.to_vec()
}

fn zeroed<T: Sized32>() -> T {
    // SAFETY: `Sized32` promises that zeros are valid.
    unsafe { std::mem::zeroed() }
}

/// Copies a struct of `size` bytes, filled with sevens, and checks every byte of the copy.
fn copied_from<T: Sized32>(size: usize) {
    let mut peer = vec![7; size];
    peer[..4].copy_from_slice(&u32::try_from(size).expect("small").to_ne_bytes());
    let cliff = Cliff::new();
    // SAFETY: as many bytes as it says are readable.
    let mine = unsafe { copy(cliff.put(&peer).cast::<T>()) };

    let whole = size - size % align_of::<T>();
    peer.truncate(whole);
    peer.resize(whole.max(size_of::<T>()), 0);
    match mine {
        Some(mine) => assert_eq!(bytes_of(&mine), peer[..size_of::<T>()], "{size} bytes"),
        None => assert_eq!(whole, 0, "{size} bytes"),
    }
}

fn every_size<T: Sized32>() {
    (4..=2 * size_of::<T>()).for_each(copied_from::<T>);
}

#[test]
fn any_struct_of_any_size() {
    every_size::<abi::Entry>();
    every_size::<abi::Event>();
    every_size::<abi::Host>();
    every_size::<abi::Http>();
    every_size::<abi::HttpReq>();
    every_size::<abi::HttpResp>();
    every_size::<abi::InstanceCfg>();
    every_size::<abi::Link>();
    every_size::<abi::LinkSink>();
    every_size::<abi::Msg>();
    every_size::<abi::Op>();
    every_size::<abi::Outcome>();
    every_size::<abi::Pair>();
    every_size::<abi::Part>();
    every_size::<abi::Sess>();
    every_size::<abi::SessInfo>();
    every_size::<abi::Session>();
    every_size::<abi::Test>();
    every_size::<abi::Webhook>();
    every_size::<abi::WebhookReq>();
    every_size::<abi::WebhookSink>();
}

#[test]
fn null_and_nonsense_are_nothing() {
    let cliff = Cliff::new();
    // SAFETY: null is allowed; the other has the four bytes it is asked for.
    unsafe {
        assert!(copy(ptr::null::<abi::Msg>()).is_none());
        for stated in 0..8_u32 {
            let peer: *const abi::Msg = cliff.put(&stated.to_ne_bytes()).cast();
            assert!(copy(peer).is_none());
        }
    }
}

/// What the carrier said: http, complete, wait.
#[derive(Debug, Default, PartialEq, Eq)]
struct Heard {
    body: Vec<u8>,
    classes: Vec<u32>,
    events: usize,
}

unsafe extern "C" fn hear_http(ctx: *mut c_void, request: *const abi::HttpReq) -> i32 {
    // SAFETY: the test's own sink; the request is lent.
    unsafe { (*ctx.cast::<Heard>()).body = (*request).body.bytes().to_vec() };
    abi::OK
}

unsafe extern "C" fn hear_outcome(ctx: *mut c_void, outcome: *const abi::Outcome) -> i32 {
    // SAFETY: the test's own sink; the outcome is lent.
    unsafe { (*ctx.cast::<Heard>()).classes.push((*outcome).class) };
    abi::OK
}

unsafe extern "C" fn hear_event(ctx: *mut c_void, _: *const abi::Event) -> i32 {
    // SAFETY: the test's own sink.
    unsafe { (*ctx.cast::<Heard>()).events += 1 };
    abi::OK
}

struct Loaded {
    inst: *mut c_void,
    http: abi::Http,
    webhook: abi::Webhook,
}

/// Makes an instance with a host table and a configuration of the given sizes.
fn loaded(host_size: usize, cfg_size: usize) -> Option<Loaded> {
    let secrets = [Pair::of("api_key", "k3y", abi::PAIR_SECRET)];
    let cfg = abi::InstanceCfg {
        struct_size: 0,
        config_json: Str::of("{}"),
        secrets: List::of(&secrets),
        ..zeroed()
    };
    let (host_cliff, cfg_cliff) = (Cliff::new(), Cliff::new());
    let mut inst = ptr::null_mut();
    // SAFETY: the entry is static; what is lent is readable as far as it says.
    unsafe {
        let entry = copy(aldis_carrier_entry_v1()).expect("an entry");
        let code = entry.instance_create.expect("create")(
            host_cliff.put_prefix(&zeroed::<abi::Host>(), host_size),
            cfg_cliff.put_prefix(&cfg, cfg_size),
            &raw mut inst,
        );
        let extension = |id: &str| entry.get_extension.expect("get_extension")(Str::of(id));
        (code == abi::OK).then(|| Loaded {
            inst,
            http: copy(extension(abi::HTTP).cast()).expect("http"),
            webhook: copy(extension(abi::WEBHOOK).cast()).expect("webhook"),
        })
    }
}

#[test]
fn a_shorter_host_and_configuration() {
    for size in (8..2 * size_of::<abi::Host>()).step_by(8) {
        assert!(
            loaded(size, size_of::<abi::InstanceCfg>()).is_some(),
            "a host of {size} bytes"
        );
    }
    let secrets_end = std::mem::offset_of!(abi::InstanceCfg, webhook_base_url);
    for size in (8..2 * size_of::<abi::InstanceCfg>()).step_by(8) {
        // Without its secrets the configuration lacks `api_key`, and that is what is said.
        assert_eq!(
            loaded(64, size).is_some(),
            size >= secrets_end,
            "a configuration of {size} bytes"
        );
    }
}

#[test]
fn a_shorter_message_sink_and_answer() {
    let carrier = loaded(64, 256).expect("an instance");
    let text_end = std::mem::offset_of!(abi::Msg, parts);
    let msg = abi::Msg {
        id: Str::of("msg_1"),
        to: Str::of("+12025550100"),
        text: Str::of("a&b"),
        ..zeroed()
    };
    let resp = abi::HttpResp {
        status: 429,
        request_written: 1,
        ..zeroed()
    };
    let mut heard = Heard::default();
    let op = abi::Op {
        ctx: ptr::from_mut(&mut heard).cast(),
        http: Some(hear_http),
        complete: Some(hear_outcome),
        ..zeroed()
    };
    let cliffs = [Cliff::new(), Cliff::new(), Cliff::new()];
    for size in (text_end..2 * size_of::<abi::Msg>()).step_by(8) {
        // SAFETY: the instance is alive; what is lent is readable as far as it says.
        let code = unsafe {
            carrier.http.submit.expect("submit")(
                carrier.inst,
                cliffs[0].put_prefix(&msg, size),
                cliffs[1].put_prefix(&op, size_of::<abi::Op>() - 8 + size % 32),
            )
        };
        assert_eq!(code, abi::OK, "a message of {size} bytes");
        // SAFETY: nobody else uses the sink now.
        let body = unsafe { &(*op.ctx.cast::<Heard>()).body };
        assert_eq!(body, b"to=%2B12025550100&text=a%26b");
    }
    for size in (8..2 * size_of::<abi::HttpResp>()).step_by(8) {
        // SAFETY: as above.
        let code = unsafe {
            carrier.http.on_response.expect("on_response")(
                carrier.inst,
                cliffs[0].put_prefix(&msg, size_of::<abi::Msg>()),
                cliffs[2].put_prefix(&resp, size),
                cliffs[1].put_prefix(&op, size_of::<abi::Op>()),
            )
        };
        assert_eq!(code, abi::OK, "an answer of {size} bytes");
    }
    assert_eq!(heard.classes[0], aldis_carrier::Class::RateLimited.number());
}

#[test]
fn a_shorter_callback_and_sink() {
    let carrier = loaded(64, 256).expect("an instance");
    let headers = [Pair::of("x-acme-key", "k3y", 0)];
    let req = abi::WebhookReq {
        external_url: Str::of("https://gateway.example/x"),
        method: Str::of("POST"),
        headers: List::of(&headers),
        body: Str::of("id=1"),
        ..zeroed()
    };
    let mut heard = Heard::default();
    let sink = abi::WebhookSink {
        ctx: ptr::from_mut(&mut heard).cast(),
        event: Some(hear_event),
        ..zeroed()
    };
    let headers_end = std::mem::offset_of!(abi::WebhookReq, body);
    let cliffs = [Cliff::new(), Cliff::new()];
    for size in (8..2 * size_of::<abi::WebhookReq>()).step_by(8) {
        // SAFETY: the instance is alive; what is lent is readable as far as it says.
        let code = unsafe {
            carrier.webhook.handle.expect("handle")(
                carrier.inst,
                cliffs[0].put_prefix(&req, size),
                cliffs[1].put_prefix(&sink, size_of::<abi::WebhookSink>()),
            )
        };
        // The sink cannot take the reply; and without its header nobody knows who called.
        let expected = if size < headers_end {
            abi::UNVERIFIED
        } else {
            abi::E_INVALID
        };
        assert_eq!(code, expected, "a call-back of {size} bytes");
    }
}

/// A pair as a later version may have it.
#[derive(Clone, Copy)]
#[repr(C)]
struct LongerPair {
    pair: Pair,
    more: [u64; 3],
}

#[test]
fn elements_are_found_by_their_writers_stride() {
    let longer = [("a", "1"), ("b", "2")].map(|(key, value)| LongerPair {
        pair: Pair::of(key, value, 7),
        more: [9; 3],
    });
    // SAFETY: both lists hold pairs, the second without its last field.
    unsafe {
        let pairs = List::of(&longer).pairs();
        assert_eq!(pairs, [(&b"a"[..], &b"1"[..], 7), (b"b", b"2", 7)]);
        let shorter: Vec<[u8; 24]> = longer
            .iter()
            .map(|longer| bytes_of(&longer.pair)[..24].try_into().expect("24 bytes"))
            .collect();
        assert_eq!(
            List::of(&shorter).pairs(),
            [(&b"a"[..], &b""[..], 7), (b"b", b"", 7)]
        );
    }
}

/// A newer host asks for what this library does not have.
#[test]
fn an_unknown_extension_is_null() {
    for id in [
        "",
        "aldis.http/2",
        "aldis.session/1",
        "aldis.http/1\0",
        "\u{1F600}",
    ] {
        // SAFETY: the entry is static, and the id is lent.
        let table = unsafe {
            let entry = copy(aldis_carrier_entry_v1()).expect("an entry");
            entry.get_extension.expect("get_extension")(Str::of(id))
        };
        assert!(table.is_null(), "{id:?}");
    }
}

#[test]
fn a_size_is_what_the_struct_says() {
    assert_eq!(size_of_u32::<abi::Msg>() as usize, size_of::<abi::Msg>());
}

proptest! {
    #[test]
    fn lent_bytes_arrive(bytes: Vec<u8>, pairs: Vec<(String, Vec<u8>)>) {
        let lent: Vec<_> = pairs.iter().map(|(key, value)| Pair::of(key, value, 1)).collect();
        // SAFETY: lent until the end of the test.
        unsafe {
            prop_assert_eq!(Str::of(&bytes).bytes(), &bytes[..]);
            prop_assert_eq!(Str::of(&bytes).ptr.is_null(), bytes.is_empty());
            prop_assert_eq!(Str::of(&bytes).to_text(), String::from_utf8_lossy(&bytes));
            let copied: Vec<_> = List::of(&lent).pairs().into_iter().map(|(key, value, flags)| {
                (String::from_utf8_lossy(key).into_owned(), value.to_vec(), flags)
            }).collect();
            let expected: Vec<_> = pairs.into_iter().map(|(key, value)| (key, value, 1)).collect();
            prop_assert_eq!(copied, expected);
        }
    }
}
