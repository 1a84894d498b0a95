//! The host of the checks: a clock that stands still, numbers that are the same each time, and ears for what a library
//! logs and keeps.

use super::letter::NOW;
use aldis_carrier::abi::{ABI_MAJOR, ABI_MINOR, E_INVALID, E_LIMIT, Host, List, OK, Str};
use aldis_carrier::copying::size_of_u32;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Values by instance and key.
type Kept = BTreeMap<(u64, Vec<u8>), Vec<u8>>;

/// What one host remembers. Shared by the threads that work at it.
#[derive(Default)]
pub(super) struct Desk {
    log: Mutex<Vec<String>>,
    /// The last line that tells of a panic.
    panic: Mutex<Option<String>>,
    /// What instances put there while they were made: what each attempt begins with.
    kept: Mutex<Kept>,
}

thread_local! {
    /// The desk this thread works at: the host's functions have no context argument.
    static DESK: Cell<*const Desk> = const { Cell::new(std::ptr::null()) };
    /// Where this thread's random numbers stand.
    static DICE: Cell<u64> = const { Cell::new(SEED) };
    /// What the attempt of this thread keeps: attempts that are compared begin with the same.
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

const SEED: u64 = 0x9E37_79B9_7F4A_7C15;

impl Desk {
    /// Runs a call; until it returns, host functions on this thread work here, and begin anew.
    pub(super) fn at_work<R>(&self, call: impl FnOnce() -> R) -> R {
        let before = DESK.replace(std::ptr::from_ref(self));
        DICE.set(SEED);
        let result = call();
        DESK.set(before);
        result
    }

    /// What was logged since the last time, metrics' names and labels included.
    pub(super) fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut *locked(&self.log))
    }

    /// What was logged of a panic since the last time: the place, if the library says it.
    pub(super) fn take_panic(&self) -> Option<String> {
        locked(&self.panic).take()
    }

    /// An instance is being made: it has kept nothing yet.
    pub(super) fn forget(&self, instance_id: u64) {
        KEPT.take();
        locked(&self.kept).retain(|(id, _), _| *id != instance_id);
    }

    /// An attempt begins: what others kept before it is not there.
    pub(super) fn begin(&self) {
        KEPT.replace(Some(locked(&self.kept).clone()));
    }

    fn with_kept<R>(&self, work: impl FnOnce(&mut Kept) -> R) -> R {
        KEPT.with_borrow_mut(|mine| match mine {
            Some(mine) => work(mine),
            None => work(&mut locked(&self.kept)),
        })
    }

    fn note(&self, line: String) {
        if line.contains("panic") {
            let plain = line.chars().filter(|letter| !letter.is_control());
            *locked(&self.panic) = Some(plain.take(200).collect());
        }
        locked(&self.log).push(line);
    }
}

fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The table of the checks' host.
pub(super) const TABLE: Host = Host {
    struct_size: size_of_u32::<Host>(),
    abi_major: ABI_MAJOR,
    abi_minor: ABI_MINOR,
    log: Some(log),
    now_unix_ms: Some(now_unix_ms),
    now_mono_ms: Some(now_mono_ms),
    random: Some(random),
    metric: Some(metric),
    kv_get: Some(kv_get),
    kv_put: Some(kv_put),
    get_extension: Some(get_extension),
};

fn at_desk<R>(otherwise: R, work: impl FnOnce(&Desk) -> R) -> R {
    // SAFETY: set by `at_work`, which outlives the call that this thread is in, and null otherwise.
    match unsafe { DESK.get().as_ref() } {
        Some(desk) => work(desk),
        None => otherwise,
    }
}

/// # Safety
/// `fields` is null, or lent for this call.
unsafe fn with_fields(text: Str, fields: *const List) -> String {
    // SAFETY: lent for this call; a list has no size, it never grows.
    let (text, fields) = unsafe { (text.to_text(), fields.as_ref().map(|list| list.pairs())) };
    fields
        .unwrap_or_default()
        .into_iter()
        .fold(text, |line, (key, value, _)| {
            format!(
                "{line} {}={}",
                String::from_utf8_lossy(key),
                String::from_utf8_lossy(value)
            )
        })
}

unsafe extern "C" fn log(_: u64, _: u32, text: Str, fields: *const List) {
    // SAFETY: lent for this call.
    let line = unsafe { with_fields(text, fields) };
    at_desk((), |desk| desk.note(line));
}

unsafe extern "C" fn now_unix_ms() -> u64 {
    NOW
}

unsafe extern "C" fn now_mono_ms() -> u64 {
    NOW / 1000
}

unsafe extern "C" fn random(buffer: *mut u8, len: usize) -> i32 {
    if buffer.is_null() {
        return E_INVALID;
    }
    for at in 0..len {
        // xorshift64: any number will do, as long as it is the same one each time.
        let mut dice = DICE.get();
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        DICE.set(dice);
        // SAFETY: the library's own buffer of `len` bytes.
        unsafe { buffer.add(at).write(dice.to_ne_bytes()[0]) };
    }
    OK
}

unsafe extern "C" fn metric(_: u64, name: Str, _: u32, _: f64, labels: *const List) {
    // SAFETY: lent for this call.
    let line = unsafe { with_fields(name, labels) };
    at_desk((), |desk| desk.note(line));
}

unsafe extern "C" fn kv_get(
    instance_id: u64,
    key: Str,
    ctx: *mut c_void,
    sink: Option<unsafe extern "C" fn(ctx: *mut c_void, value: Str)>,
) -> i32 {
    // SAFETY: lent for this call.
    let key = (instance_id, unsafe { key.bytes() }.to_vec());
    let value = at_desk(None, |desk| desk.with_kept(|kept| kept.get(&key).cloned()));
    match (value, sink) {
        (Some(value), Some(sink)) => {
            // SAFETY: the library's own function and context; the value is lent for the call.
            unsafe { sink(ctx, Str::of(&value)) };
            OK
        }
        (_, None) => E_INVALID,
        (None, _) => E_LIMIT,
    }
}

unsafe extern "C" fn kv_put(instance_id: u64, key: Str, value: Str) -> i32 {
    // SAFETY: lent for this call.
    let (key, value) = unsafe { ((instance_id, key.bytes().to_vec()), value.bytes().to_vec()) };
    at_desk(E_INVALID, |desk| {
        desk.with_kept(|kept| {
            if value.is_empty() {
                kept.remove(&key);
            } else {
                kept.insert(key, value);
            }
        });
        OK
    })
}

/// The tables that the host has, which are pure.
unsafe extern "C" fn get_extension(id: Str) -> *const c_void {
    // SAFETY: lent for the call.
    crate::border::crypto::table(unsafe { id.bytes() })
}
