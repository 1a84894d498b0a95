//! Hears what a library says in one call, and how well it says it.

use super::report::Fault;
use super::wire::Act;
use crate::border::{RawLink, RawOutcome, raw_request};
use crate::ration::Ration;
use aldis_carrier::abi::{ABI_MINOR, E_INVALID, HttpReq, List, OK, Op, Outcome, Pair, Str, WebhookSink};
use aldis_carrier::copying::{Sized32, copy, size_of_u32};
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use told::{sink_event, sink_reply};

mod told;

/// A request as the library wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) method: String,
    pub(super) url: String,
    /// Name, value, whether it is marked as a secret.
    pub(super) headers: Vec<(String, String, bool)>,
    pub(super) body: Vec<u8>,
    pub(super) timeout_ms: u32,
    pub(super) state: Vec<u8>,
    /// The API does what it asks for once, however often it comes.
    pub(super) idempotent: bool,
}

/// How the library ended an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) class: u32,
    pub(super) scope: u32,
    pub(super) retry_after_ms: u64,
    pub(super) carrier_ids: Vec<String>,
    pub(super) code: String,
    pub(super) detail: String,
}

/// Something the library tells of a call-back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) kind: u32,
    pub(super) state: u32,
    pub(super) class: u32,
    pub(super) is_final: bool,
    pub(super) carrier_id: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) text: String,
    pub(super) code: String,
    pub(super) carrier_time_ms: u64,
    pub(super) attributes: Vec<(String, String)>,
}

/// A list is looked at so far.
const MOST_PAIRS: usize = 4096;

/// One word to the sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    Http(Wanted),
    Complete(Ended),
    Wait(u32),
}

/// The sink of one call. Kept after it, so that a word that comes too late is heard as such.
#[derive(Default)]
pub(super) struct Ear {
    /// What the library says it was compiled against.
    abi_minor: u16,
    closed: Cell<bool>,
    pub(super) late: Cell<u32>,
    pub(super) words: RefCell<Vec<Word>>,
    pub(super) told: RefCell<Vec<Told>>,
    pub(super) replies: RefCell<Vec<u32>>,
    /// What a session wants; see [`super::wire`].
    pub(super) acts: RefCell<Vec<Act>>,
    pub(super) links: RefCell<Vec<RawLink>>,
    pub(super) written: Cell<usize>,
    pub(super) faults: RefCell<Vec<Fault>>,
}

impl Ear {
    pub(super) fn new(abi_minor: u16) -> Box<Self> {
        Box::new(Self {
            abi_minor,
            ..Self::default()
        })
    }

    pub(super) fn ctx(&self) -> *mut c_void {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    pub(super) fn op(&self) -> Op {
        Op {
            struct_size: size_of_u32::<Op>(),
            pad: 0,
            ctx: self.ctx(),
            http: Some(op_http),
            complete: Some(op_complete),
            wait: Some(op_wait),
        }
    }

    pub(super) fn webhook_sink(&self) -> WebhookSink {
        WebhookSink {
            struct_size: size_of_u32::<WebhookSink>(),
            pad: 0,
            ctx: self.ctx(),
            event: Some(sink_event),
            reply: Some(sink_reply),
        }
    }

    /// The call has returned.
    pub(super) fn close(&self) {
        self.closed.set(true);
    }

    /// Another call begins; what was heard of the last one has been taken.
    pub(super) fn reopen(&self) {
        self.closed.set(false);
        self.written.set(0);
    }

    /// Counts a word after the end; false if it is one.
    pub(super) fn open(&self) -> bool {
        if self.closed.get() {
            self.late.set(self.late.get() + 1);
        }
        !self.closed.get()
    }

    pub(super) fn fault(&self, what: impl Into<String>, mend: impl Into<String>) {
        let fault = Fault::new(what, mend);
        if !self.faults.borrow().contains(&fault) {
            self.faults.borrow_mut().push(fault);
        }
    }

    /// Copies a struct the library wrote, and minds its size.
    ///
    /// # Safety
    /// `from` is null, or lent for this call.
    pub(super) unsafe fn taken<T: Sized32>(&self, what: &'static str, from: *const T) -> Option<T> {
        if from.is_null() {
            self.fault(
                format!("it handed a null pointer over as {what}"),
                format!("hand over the address of a filled {what}"),
            );
            return None;
        }
        // SAFETY: at least the size is there.
        let stated = unsafe { from.cast::<u32>().read_unaligned() };
        self.mind_size(what, "struct_size", stated as usize, size_of::<T>());
        // SAFETY: the caller's promise.
        unsafe { copy(from) }
    }

    /// A size is that of the version the library was built for.
    pub(super) fn mind_size(&self, what: &str, field: &str, stated: usize, own: usize) {
        let right = match self.abi_minor.cmp(&ABI_MINOR) {
            std::cmp::Ordering::Equal => stated == own,
            std::cmp::Ordering::Less => stated <= own,
            std::cmp::Ordering::Greater => stated >= own,
        };
        if !right || !stated.is_multiple_of(8) {
            self.fault(
                format!(
                    "the {field} of {what} is {stated}; one built for ABI 1.{} has {own} bytes",
                    self.abi_minor
                ),
                format!(
                    "zero the struct and set it to sizeof({what}), in the same header that you compile with"
                ),
            );
        }
    }

    pub(super) fn mind_zero(&self, what: &str, value: u32) {
        if value != 0 {
            self.fault(
                format!("{what} is {value} instead of zero: bytes of its memory cross the border"),
                "zero every struct (memset, or = {0}) before you fill it",
            );
        }
    }

    fn mind_list(&self, what: &str, list: List, own: usize) {
        if list.len > 0 {
            self.mind_size(what, "stride", list.stride, own);
        }
        if list.ptr.is_null() && list.len > 0 {
            self.fault(
                format!("the list of {what} has elements and no address"),
                "set ptr, len and stride together",
            );
        }
    }

    /// # Safety
    /// The list is lent for this call.
    unsafe fn mind_pairs(&self, what: &str, list: List) {
        self.mind_list(what, list, size_of::<Pair>());
        if list.ptr.is_null() || list.stride < size_of::<Pair>() {
            return;
        }
        for index in 0..list.len.min(MOST_PAIRS) {
            // SAFETY: element `index` begins there, and has its size in front.
            let stated = unsafe {
                let pair = list.ptr.cast::<u8>().add(index * list.stride);
                pair.cast::<u32>().read_unaligned()
            };
            self.mind_size(what, "struct_size", stated as usize, size_of::<Pair>());
        }
    }
}

/// # Safety
/// `ctx` came with one of our tables, whose [`Ear`] is kept.
pub(super) unsafe fn ear<'a>(ctx: *mut c_void) -> &'a Ear {
    // SAFETY: the caller's promise; it is only ever shared.
    unsafe { &*ctx.cast::<Ear>() }
}

/// The remedy for what is too much.
const SMALLER: &str =
    "say less in one call: the host takes 4 MiB of all that is said, and 4,096 elements of a list";

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

unsafe extern "C" fn op_http(ctx: *mut c_void, request: *const HttpReq) -> i32 {
    // SAFETY: the context that was handed out with this function.
    let ear = unsafe { ear(ctx) };
    if !ear.open() {
        return E_INVALID;
    }
    // SAFETY: lent for this call.
    let Some(request) = (unsafe { ear.taken("aldis_http_req", request) }) else {
        return E_INVALID;
    };
    ear.mind_zero("aldis_http_req.pad", request.pad);
    // SAFETY: all it points to is lent for this call.
    let raw = unsafe {
        ear.mind_pairs("aldis_pair", request.headers);
        raw_request(&request, &mut Ration::default())
    };
    let Some(raw) = raw else {
        ear.fault("it writes a request of more than 4 MiB".to_owned(), SMALLER);
        return E_INVALID;
    };
    let wanted = Wanted {
        method: lossy(&raw.method),
        url: lossy(&raw.url),
        headers: (raw.headers.iter())
            .map(|(name, value, flags)| {
                (
                    lossy(name),
                    lossy(value),
                    flags & aldis_carrier::abi::PAIR_SECRET != 0,
                )
            })
            .collect(),
        body: raw.body.to_vec(),
        timeout_ms: raw.timeout_ms,
        state: raw.state.to_vec(),
        idempotent: raw.idempotent,
    };
    ear.words.borrow_mut().push(Word::Http(wanted));
    // What the host itself would say of it.
    if let Err(reason) = crate::instance::judged::request(raw) {
        ear.fault(format!("it {reason}"), "see aldis_http_req in aldis_carrier.h");
    }
    OK
}

unsafe extern "C" fn op_complete(ctx: *mut c_void, outcome: *const Outcome) -> i32 {
    // SAFETY: the context that was handed out with this function.
    let ear = unsafe { ear(ctx) };
    if !ear.open() {
        return E_INVALID;
    }
    // SAFETY: lent for this call.
    let Some(outcome) = (unsafe { ear.taken("aldis_outcome", outcome) }) else {
        return E_INVALID;
    };
    // SAFETY: all it points to is lent for this call.
    let ended = unsafe { ear.ended(&outcome) };
    ear.words.borrow_mut().push(Word::Complete(ended));
    OK
}

impl Ear {
    /// # Safety
    /// All that the outcome points to is lent for this call.
    pub(super) unsafe fn ended(&self, outcome: &Outcome) -> Ended {
        self.mind_zero("aldis_outcome.flags", outcome.flags);
        self.mind_zero("aldis_outcome.pad", outcome.pad);
        self.mind_list(
            "aldis_str in aldis_outcome.carrier_ids",
            outcome.carrier_ids,
            size_of::<Str>(),
        );
        // SAFETY: the caller's promise.
        let raw = unsafe {
            RawOutcome {
                class: outcome.class,
                scope: outcome.scope,
                retry_after_ms: outcome.retry_after_ms,
                segments: outcome.segments,
                price_kind: outcome.price_kind,
                price_micros: outcome.price_micros,
                currency: outcome.currency,
                carrier_ids: outcome.carrier_ids.texts(),
                code: outcome.code.to_text(),
                detail: outcome.detail.to_text(),
            }
        };
        let ended = Ended {
            class: raw.class,
            scope: raw.scope,
            retry_after_ms: raw.retry_after_ms,
            carrier_ids: raw.carrier_ids.clone(),
            code: raw.code.clone(),
            detail: raw.detail.clone(),
        };
        if let Err(reason) = crate::instance::judged::outcome(raw) {
            self.fault(
                format!("it {reason}"),
                "use the ALDIS_* numbers of aldis_carrier.h; 14 is the host's own word",
            );
        }
        ended
    }
}

unsafe extern "C" fn op_wait(ctx: *mut c_void, wait_ms: u32) -> i32 {
    // SAFETY: the context that was handed out with this function.
    let ear = unsafe { ear(ctx) };
    if !ear.open() {
        return E_INVALID;
    }
    ear.words.borrow_mut().push(Word::Wait(wait_ms));
    OK
}
