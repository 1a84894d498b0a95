//! What a library may ask of the host, and the bookkeeping of who is asking.
//!
//! The functions of the table have no context argument, and may be called only from inside a call of ours. So the
//! thread remembers, for the length of that call, which instance it is visiting.

use super::aside::{Aside, Share};
use super::lines::{Line, Lines};
use crate::limits::{self, WORDS};
use crate::redact::Redactor;
use crate::shelf::{MetricKind, Series, Shelf};
use aldis_carrier::abi::{ABI_MAJOR, ABI_MINOR, E_INVALID, E_LIMIT, Host, List, OK, Str};
use aldis_carrier::copying::size_of_u32;
use std::cell::Cell;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

#[cfg(test)]
mod tests;

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
    lines: Mutex<Lines>,
    /// Where to tell what the library says; `None`: here. A worker tells delivery.
    outlet: Option<Outlet>,
}

/// Unix milliseconds.
type Clock = Box<dyn Fn() -> u64 + Send + Sync>;

/// Hears what a library says besides its answers.
pub(crate) type Outlet = Box<dyn Fn(Aside) + Send + Sync>;

impl Room {
    pub(crate) fn new(
        name: String,
        clock: impl Fn() -> u64 + Send + Sync + 'static,
        redactor: Redactor<'static>,
    ) -> Self {
        let (shelf, series, lines) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self {
            name,
            clock: Box::new(clock),
            born: Instant::now(),
            redactor,
            shelf,
            series,
            lines,
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

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Log lines, metrics and values of the library that were beyond its share.
    pub(crate) fn dropped(&self) -> u64 {
        self.lines().dropped()
    }

    /// Returns whether one more line may be written that the library is the cause of. Says, once, that some were not.
    pub(crate) fn may_write(&self) -> bool {
        let carrier = self.name.as_str();
        let line = self.lines().ask(self.age());
        match line {
            Line::Write(0) => true,
            Line::Write(dropped) => {
                tracing::warn!(target: "aldis_carrier", carrier, dropped, "lines that the carrier library caused were not written");
                true
            }
            Line::First => {
                tracing::warn!(target: "aldis_carrier", carrier, "the carrier library causes too many lines: from here on they are counted, and not written");
                false
            }
            Line::Drop => false,
        }
    }

    /// Does with it what is to be done, without a word of the message it was said about.
    pub(crate) fn heed(&self, aside: Aside, text: &str, to: &str) {
        let clean = |words: &str| self.redactor.for_message(text, to).clean(words);
        match aside {
            Aside::Log(level, line) => self.log(level, || clean(start(&line, WORDS))),
            // A label is as public as a log line.
            Aside::Metric {
                name,
                labels,
                kind,
                value,
            } => {
                let mut texts = labels.iter().flat_map(|(key, value)| [key, value]).chain([&name]);
                if !texts.all(is_label) {
                    return self.lines().skip(1);
                }
                let labels = labels.iter().map(|(key, value)| (clean(key), clean(value)));
                let (name, labels) = (clean(&name), labels.collect());
                if let Some(kind) = MetricKind::from_number(kind) {
                    self.series().record(name, labels, kind, value);
                }
            }
            Aside::Keep(key, value) => {
                self.shelf().put(&key, &value);
            }
            Aside::Dropped(count) => self.lines().skip(count.into()),
        }
    }

    /// Logs a line, which is cleaned only if it is written.
    fn log(&self, level: u32, line: impl FnOnce() -> String) {
        macro_rules! write_at {
            ($level:ident) => {
                if tracing::enabled!(target: "aldis_carrier", tracing::Level::$level) && self.may_write() {
                    let (carrier, line) = (self.name.as_str(), line());
                    tracing::event!(target: "aldis_carrier", tracing::Level::$level, carrier, "{line}");
                }
            };
        }
        match level {
            0 | 1 => write_at!(ERROR),
            2 => write_at!(WARN),
            3 => write_at!(INFO),
            4 => write_at!(DEBUG),
            _ => write_at!(TRACE),
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
    share: Cell<Share>,
    dropped: Cell<u32>,
}

thread_local! {
    static VISIT: Cell<*const Visit<'static>> = const { Cell::new(std::ptr::null()) };
}

/// Puts the visit before this one back, also when the call unwinds.
struct Leave(*const Visit<'static>);

impl Visit<'_> {
    /// Passes it on, unless the call has told as much as it may.
    fn tell(&self, aside: Aside) {
        if !self.spend(aside.weight()) {
            return self.drop_one();
        }
        self.pass_on(aside);
    }

    fn pass_on(&self, aside: Aside) {
        match &self.room.outlet {
            Some(outlet) => outlet(aside),
            None => self.room.heed(aside, self.text, self.to),
        }
    }

    /// Takes so many bytes of the call's share; false: there are not so many left.
    fn spend(&self, bytes: usize) -> bool {
        let mut share = self.share.get();
        let enough = share.take(bytes);
        self.share.set(share);
        enough
    }

    fn drop_one(&self) {
        self.dropped.set(self.dropped.get().saturating_add(1));
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        VISIT.set(self.0);
    }
}

/// Runs a call into a library; until it returns, host functions on this thread work for `room`.
pub(crate) fn visit<R>(room: &Room, text: &str, to: &str, call: impl FnOnce() -> R) -> R {
    let visit = Visit {
        room,
        text,
        to,
        share: Cell::default(),
        dropped: Cell::default(),
    };
    let leave = Leave(VISIT.replace(std::ptr::from_ref(&visit).cast()));
    let result = call();
    drop(leave);
    if visit.dropped.get() > 0 {
        visit.pass_on(Aside::Dropped(visit.dropped.get()));
    }
    result
}

/// Nothing may unwind into a library, and outside a visit there is nobody to work for.
fn during_visit<R>(otherwise: R, work: impl FnOnce(&Visit<'_>) -> R) -> R {
    // SAFETY: set by `visit`, which outlives the call that this thread is in, and null otherwise.
    let Some(visit) = (unsafe { VISIT.get().as_ref() }) else {
        return otherwise;
    };
    catch_unwind(AssertUnwindSafe(|| work(visit))).unwrap_or(otherwise)
}

/// The pairs of a list.
///
/// # Safety
/// `list` is null, or a list of pairs that is valid for the call.
unsafe fn pairs<'a>(list: *const List) -> Vec<(&'a [u8], &'a [u8], u32)> {
    // SAFETY: the caller's promise; a `List` has no size field, so it never grows.
    unsafe { list.as_ref().map(|list| list.pairs()) }.unwrap_or_default()
}

fn is_label(text: impl AsRef<[u8]>) -> bool {
    text.as_ref().len() <= limits::LABEL
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The first bytes of it, cut between characters.
fn start(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

unsafe extern "C" fn log(_: u64, level: u32, text: Str, fields: *const List) {
    during_visit((), |visit| {
        // SAFETY: lent for the call.
        let (text, fields) = unsafe { (text.bytes(), pairs(fields)) };
        let looked_at = |text: &[u8]| lossy(&text[..text.len().min(WORDS)]);
        let mut line = looked_at(text);
        for (key, value, _) in fields {
            if line.len() >= WORDS {
                break;
            }
            line.extend([" ", &looked_at(key), "=", &looked_at(value)]);
        }
        line.truncate(line.floor_char_boundary(WORDS));
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
        if instance_id != visit.room.id() {
            return;
        }
        // SAFETY: lent for the call.
        let (name, labels) = unsafe { (name.bytes(), pairs(labels)) };
        let mut all = labels
            .iter()
            .flat_map(|(key, value, _)| [*key, *value])
            .chain([name]);
        if labels.len() > limits::LABELS || !all.all(is_label) {
            return visit.drop_one();
        }
        let labels = labels.into_iter();
        visit.tell(Aside::Metric {
            name: lossy(name),
            labels: labels.map(|(key, value, _)| (lossy(key), lossy(value))).collect(),
            kind,
            value,
        });
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
        if !visit.spend(key.len().saturating_add(value.len())) || !visit.room.shelf().put(key, value) {
            return E_LIMIT;
        }
        // The next worker begins with what this one kept.
        if let Some(outlet) = &visit.room.outlet {
            outlet(Aside::Keep(key.to_vec(), value.to_vec()));
        }
        OK
    })
}

/// A table of this host by its id.
unsafe extern "C" fn get_extension(id: Str) -> *const c_void {
    // SAFETY: lent for the call.
    super::crypto::table(unsafe { id.bytes() })
}
