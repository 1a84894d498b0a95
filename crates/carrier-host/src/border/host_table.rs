//! What a library may ask of the host, and the bookkeeping of who is asking.
//!
//! The functions of the table have no context argument, and may be called only from inside a call of ours. So the
//! thread remembers, for the length of that call, which instance it is visiting.

use crate::redact::Redactor;
use crate::shelf::{MetricKind, Series, Shelf};
use aldis_carrier::abi::{ABI_MAJOR, ABI_MINOR, E_INVALID, E_LIMIT, Host, List, OK, Str};
use aldis_carrier::copying::size_of_u32;
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

#[cfg(test)]
mod tests;

/// So many bytes of a line for the log are looked at, which are more than are ever shown: what to hide may lie across
/// their end.
const LOOKED_AT: usize = 64 * 1024;

/// The table handed to every library. Constant: the process keeps no state in it.
pub(crate) static HOST: Host = Host {
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

/// What the host keeps for one instance (or for a library that is being loaded).
pub(crate) struct Room {
    /// The operator's name for it, shown in log lines.
    name: String,
    clock: Clock,
    born: Instant,
    redactor: Redactor<'static>,
    shelf: Mutex<Shelf>,
    series: Mutex<Series>,
    /// Where to tell what the library says; `None`: here. A worker tells delivery.
    outlet: Option<Outlet>,
}

/// Unix milliseconds.
type Clock = Box<dyn Fn() -> u64 + Send + Sync>;

/// Hears what a library says besides its answers.
pub(crate) type Outlet = Box<dyn Fn(Aside) + Send + Sync>;

/// What a library told the host during a call, not cleaned yet.
#[derive(Serialize, Deserialize)]
pub(crate) enum Aside {
    /// Level and line of the log.
    Log(u32, String),
    Metric {
        name: String,
        labels: Vec<(String, String)>,
        kind: u32,
        value: f64,
    },
    /// Key and value for its shelf.
    Keep(Vec<u8>, Vec<u8>),
}

impl Room {
    pub(crate) fn new(
        name: String,
        clock: impl Fn() -> u64 + Send + Sync + 'static,
        redactor: Redactor<'static>,
    ) -> Self {
        let (shelf, series) = (Mutex::default(), Mutex::default());
        Self {
            name,
            clock: Box::new(clock),
            born: Instant::now(),
            redactor,
            shelf,
            series,
            outlet: None,
        }
    }

    /// One that is a far outpost of another.
    pub(crate) fn telling(mut self, outlet: Outlet) -> Self {
        self.outlet = Some(outlet);
        self
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Since the instance was made.
    pub(crate) fn age(&self) -> Duration {
        self.born.elapsed()
    }

    /// The process's clock.
    pub(crate) fn now_unix_ms(&self) -> u64 {
        (self.clock)()
    }

    pub(crate) fn redactor(&self) -> &Redactor<'static> {
        &self.redactor
    }

    pub(crate) fn series(&self) -> MutexGuard<'_, Series> {
        self.series.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does with it what is to be done, without a word of the message it was said about.
    pub(crate) fn heed(&self, aside: Aside, text: &str, to: &str) {
        let carrier = self.name.as_str();
        let clean = |words: &str| self.redactor.for_message(text, to).clean(words);
        match aside {
            Aside::Log(level, line) => {
                let line = clean(start(&line, LOOKED_AT));
                match level {
                    0 | 1 => tracing::error!(target: "aldis_carrier", carrier, "{line}"),
                    2 => tracing::warn!(target: "aldis_carrier", carrier, "{line}"),
                    3 => tracing::info!(target: "aldis_carrier", carrier, "{line}"),
                    4 => tracing::debug!(target: "aldis_carrier", carrier, "{line}"),
                    _ => tracing::trace!(target: "aldis_carrier", carrier, "{line}"),
                }
            }
            // A label is as public as a log line.
            Aside::Metric {
                name,
                labels,
                kind,
                value,
            } => {
                let labels = labels.iter().map(|(key, value)| (clean(key), clean(value)));
                let (name, labels) = (clean(&name), labels.collect());
                if let Some(kind) = MetricKind::from_number(kind) {
                    self.series().record(name, labels, kind, value);
                }
            }
            Aside::Keep(key, value) => {
                self.shelf().put(&key, &value);
            }
        }
    }

    /// Names the instance on the border: unique while it lives, which is all an id is asked for.
    pub(crate) fn id(&self) -> u64 {
        std::ptr::from_ref(self).addr() as u64
    }
}

/// Who a thread is visiting, and which message it is about.
struct Visit<'a> {
    room: &'a Room,
    text: &'a str,
    to: &'a str,
}

thread_local! {
    static VISIT: Cell<*const Visit<'static>> = const { Cell::new(std::ptr::null()) };
}

/// Puts the visit before this one back, also when the call unwinds.
struct Leave(*const Visit<'static>);

impl Visit<'_> {
    fn tell(&self, aside: Aside) {
        match &self.room.outlet {
            Some(outlet) => outlet(aside),
            None => self.room.heed(aside, self.text, self.to),
        }
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        VISIT.set(self.0);
    }
}

/// Runs a call into a library; until it returns, host functions on this thread work for `room`.
pub(crate) fn visit<R>(room: &Room, text: &str, to: &str, call: impl FnOnce() -> R) -> R {
    let visit = Visit { room, text, to };
    let _leave = Leave(VISIT.replace(std::ptr::from_ref(&visit).cast()));
    call()
}

/// Nothing may unwind into a library, and outside a visit there is nobody to work for.
fn during_visit<R>(otherwise: R, work: impl FnOnce(&Visit<'_>) -> R) -> R {
    // SAFETY: set by `visit`, which outlives the call that this thread is in, and null otherwise.
    let Some(visit) = (unsafe { VISIT.get().as_ref() }) else {
        return otherwise;
    };
    catch_unwind(AssertUnwindSafe(|| work(visit))).unwrap_or(otherwise)
}

/// Copies a list of pairs as text.
///
/// # Safety
/// `list` is null, or a list of pairs that is valid for the call.
unsafe fn text_pairs(list: *const List) -> Vec<(String, String)> {
    // SAFETY: the caller's promise; a `List` has no size field, so it never grows.
    let Some(list) = (unsafe { list.as_ref() }) else {
        return Vec::new();
    };
    // SAFETY: the caller's promise.
    let pairs = unsafe { list.pairs() };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    pairs
        .into_iter()
        .map(|(key, value, _)| (text(key), text(value)))
        .collect()
}

/// The first bytes of it, cut between characters.
fn start(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

unsafe extern "C" fn log(_: u64, level: u32, text: Str, fields: *const List) {
    during_visit((), |visit| {
        // SAFETY: lent for the call.
        let (text, fields) = unsafe { (text.bytes(), text_pairs(fields)) };
        let mut line = String::from_utf8_lossy(&text[..text.len().min(LOOKED_AT)]).into_owned();
        for (key, value) in &fields {
            if line.len() >= LOOKED_AT {
                break;
            }
            let (key, value) = (start(key, LOOKED_AT), start(value, LOOKED_AT));
            line.extend([" ", key, "=", value]);
        }
        line.truncate(line.floor_char_boundary(LOOKED_AT));
        visit.tell(Aside::Log(level, line));
    });
}

unsafe extern "C" fn now_unix_ms() -> u64 {
    during_visit(0, |visit| (visit.room.clock)())
}

unsafe extern "C" fn now_mono_ms() -> u64 {
    during_visit(0, |visit| {
        u64::try_from(visit.room.age().as_millis()).unwrap_or(u64::MAX)
    })
}

unsafe extern "C" fn random(buffer: *mut u8, len: usize) -> i32 {
    during_visit(E_INVALID, |_| {
        if buffer.is_null() || isize::try_from(len).is_err() {
            return E_INVALID;
        }
        // SAFETY: lent for the call; writing zeros first makes it a slice of initialised bytes.
        let bytes = unsafe {
            buffer.write_bytes(0, len);
            std::slice::from_raw_parts_mut(buffer, len)
        };
        aws_lc_rs::rand::fill(bytes).map_or(E_LIMIT, |()| OK)
    })
}

unsafe extern "C" fn metric(instance_id: u64, name: Str, kind: u32, value: f64, labels: *const List) {
    during_visit((), |visit| {
        if instance_id == visit.room.id() {
            // SAFETY: lent for the call.
            let (name, labels) = unsafe { (name.to_text(), text_pairs(labels)) };
            visit.tell(Aside::Metric {
                name,
                labels,
                kind,
                value,
            });
        }
    });
}

unsafe extern "C" fn kv_get(
    instance_id: u64,
    key: Str,
    ctx: *mut c_void,
    sink: Option<unsafe extern "C" fn(ctx: *mut c_void, value: Str)>,
) -> i32 {
    during_visit(E_INVALID, |visit| {
        let (true, Some(sink)) = (instance_id == visit.room.id(), sink) else {
            return E_INVALID;
        };
        // SAFETY: lent for the call. Copied, because the sink may write the same key.
        let Some(value) = visit.room.shelf().get(unsafe { key.bytes() }).map(<[u8]>::to_vec) else {
            return E_LIMIT;
        };
        // SAFETY: the library's own function with its own context; `value` is lent for the call.
        unsafe { sink(ctx, Str::of(&value)) };
        OK
    })
}

unsafe extern "C" fn kv_put(instance_id: u64, key: Str, value: Str) -> i32 {
    during_visit(E_INVALID, |visit| {
        if instance_id != visit.room.id() {
            return E_INVALID;
        }
        // SAFETY: lent for the call.
        let (key, value) = unsafe { (key.bytes(), value.bytes()) };
        if !visit.room.shelf().put(key, value) {
            return E_LIMIT;
        }
        // The next worker begins with what this one kept.
        if visit.room.outlet.is_some() {
            visit.tell(Aside::Keep(key.to_vec(), value.to_vec()));
        }
        OK
    })
}

/// A table of this host by its id.
unsafe extern "C" fn get_extension(id: Str) -> *const c_void {
    // SAFETY: lent for the call.
    super::crypto::table(unsafe { id.bytes() })
}
