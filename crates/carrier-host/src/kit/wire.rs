//! Calls into a session carrier, and what it wants in each.

use super::ear::Ear;
use super::letter::Letter;
use super::report::Fault;
use super::subject::{Made, Manner};
use aldis_carrier::Class;
use aldis_carrier::abi::{E_INVALID, Event, Link, LinkSink, OK, Outcome, Sess, SessInfo, Session, Str};
use aldis_carrier::copying::size_of_u32;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;

/// One thing a session wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    Write(Vec<u8>),
    Ready(u32),
    Complete(u64, u32),
    Event(u32, String),
    Timer(u32, u32),
    Close(u32),
}

/// A connection that it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) host: String,
    pub(super) port: u32,
}

/// The sink of one call. Kept after it, so that a word that comes too late is heard as such.
struct Wire {
    ear: Box<Ear>,
    open: Cell<bool>,
    late: Cell<bool>,
    acts: RefCell<Vec<Act>>,
    links: RefCell<Vec<Wanted>>,
}

/// One connection on the bench.
pub(super) struct Connected<'s> {
    made: &'s Made<'s>,
    table: Session,
    st: *mut c_void,
    #[expect(clippy::vec_box, reason = "a library holds their addresses")]
    wires: RefCell<Vec<Box<Wire>>>,
}

type Acts = Result<Vec<Act>, Vec<Fault>>;

impl Wire {
    fn new(made: &Made<'_>) -> Self {
        Self {
            ear: Ear::new(made.subject.entry.abi_minor),
            open: Cell::new(true),
            late: Cell::new(false),
            acts: RefCell::default(),
            links: RefCell::default(),
        }
    }

    fn ctx(&self) -> *mut c_void {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    fn sess(&self) -> Sess {
        Sess {
            struct_size: size_of_u32::<Sess>(),
            pad: 0,
            ctx: self.ctx(),
            now_unix_ms: super::letter::NOW,
            write: Some(write),
            ready: Some(ready),
            complete: Some(complete),
            event: Some(event),
            timer: Some(timer),
            close: Some(close),
        }
    }

    fn act(&self, act: Act) -> i32 {
        if !self.open.get() {
            self.late.set(true);
            return E_INVALID;
        }
        let mut acts = self.acts.borrow_mut();
        match (acts.last_mut(), act) {
            // How many calls the bytes came in is of no account.
            (Some(Act::Write(before)), Act::Write(bytes)) => before.extend(bytes),
            (_, act) => acts.push(act),
        }
        OK
    }

    /// The class of an outcome that was handed over.
    unsafe fn class(&self, outcome: *const Outcome) -> Option<u32> {
        // SAFETY: lent for this call.
        unsafe {
            let outcome = self.ear.taken("aldis_outcome", outcome)?;
            Some(self.ear.ended(&outcome).class)
        }
    }
}

/// # Safety
/// `ctx` came with one of our tables, whose [`Wire`] is kept.
unsafe fn wire<'a>(ctx: *mut c_void) -> &'a Wire {
    // SAFETY: the caller's promise; it is only ever shared.
    unsafe { &*ctx.cast::<Wire>() }
}

unsafe extern "C" fn write(ctx: *mut c_void, bytes: Str) -> i32 {
    // SAFETY: our context; lent for this call.
    unsafe { wire(ctx).act(Act::Write(bytes.bytes().to_vec())) }
}

unsafe extern "C" fn ready(ctx: *mut c_void, window: u32, _: u32) -> i32 {
    // SAFETY: our context.
    unsafe { wire(ctx).act(Act::Ready(window)) }
}

unsafe extern "C" fn complete(ctx: *mut c_void, token: u64, outcome: *const Outcome) -> i32 {
    // SAFETY: our context; lent for this call.
    unsafe {
        let wire = wire(ctx);
        wire.class(outcome)
            .map_or(E_INVALID, |class| wire.act(Act::Complete(token, class)))
    }
}

unsafe extern "C" fn event(ctx: *mut c_void, event: *const Event, _: Str, _: Str) -> i32 {
    // SAFETY: our context; lent for this call.
    unsafe {
        let wire = wire(ctx);
        let taken = wire.ear.taken("aldis_event", event);
        taken.map_or(E_INVALID, |event| {
            wire.act(Act::Event(event.state, event.carrier_id.to_text()))
        })
    }
}

unsafe extern "C" fn timer(ctx: *mut c_void, id: u32, after_ms: u32) -> i32 {
    // SAFETY: our context.
    unsafe { wire(ctx).act(Act::Timer(id, after_ms)) }
}

unsafe extern "C" fn close(ctx: *mut c_void, outcome: *const Outcome) -> i32 {
    // SAFETY: our context; lent for this call.
    unsafe {
        let wire = wire(ctx);
        wire.class(outcome)
            .map_or(E_INVALID, |class| wire.act(Act::Close(class)))
    }
}

unsafe extern "C" fn link(ctx: *mut c_void, link: *const Link) -> i32 {
    // SAFETY: our context; lent for this call.
    unsafe {
        let wire = wire(ctx);
        let Some(link) = wire.ear.taken("aldis_link", link) else {
            return E_INVALID;
        };
        wire.links.borrow_mut().push(Wanted {
            host: link.host.to_text(),
            port: link.port,
        });
    }
    OK
}

/// The connections an instance asks for.
pub(super) fn links(
    made: &Made<'_>,
    manner: &Manner<'_>,
    table: &Session,
) -> Result<Vec<Wanted>, Vec<Fault>> {
    let wire = Wire::new(made);
    let sink = LinkSink {
        struct_size: size_of_u32::<LinkSink>(),
        pad: 0,
        ctx: wire.ctx(),
        link: Some(link),
    };
    let sink = manner
        .lending
        .whole(("the sink of links", "links"), &sink, manner.lengths.sink, &[]);
    // SAFETY: the instance is alive, and the sink is lent until the call returns.
    let returned = made.subject.call(|| {
        table
            .links
            .map_or(E_INVALID, |links| unsafe { links(made.inst, sink) })
    });
    manner.lending.over();
    finished("links", returned, &wire).map(|_| wire.links.take())
}

/// The acts of a call, if it went well.
fn finished(call: &str, returned: i32, wire: &Wire) -> Acts {
    wire.open.set(false);
    let mut faults = wire.ear.faults.take();
    if returned != OK {
        faults.push(Fault::new(
            format!("{call} returned {returned} instead of ALDIS_OK"),
            "say what went wrong with close(outcome) or complete(token, outcome), and return ALDIS_OK",
        ));
    }
    if faults.is_empty() {
        Ok(wire.acts.take())
    } else {
        Err(faults)
    }
}

impl<'s> Connected<'s> {
    /// Connects the first link.
    pub(super) fn open(
        made: &'s Made<'s>,
        manner: &Manner<'_>,
        table: Session,
    ) -> Result<(Self, Vec<Act>), Vec<Fault>> {
        let mut connected = Self {
            made,
            table,
            st: std::ptr::null_mut(),
            wires: RefCell::default(),
        };
        let info = SessInfo {
            struct_size: size_of_u32::<SessInfo>(),
            link: 0,
            name: manner.lending.bytes("the text of info.name", "open", b"main"),
        };
        let info = manner
            .lending
            .whole(("the struct info", "open"), &info, manner.lengths.resp, &[]);
        let mut st = std::ptr::null_mut();
        let acts = connected.turn(manner, "open", |sess| {
            // SAFETY: the instance is alive, and what is lent is lent until the call returns.
            table.open.map_or(E_INVALID, |open| unsafe {
                open(made.inst, sess, info, &raw mut st)
            })
        })?;
        connected.st = st;
        Ok((connected, acts))
    }

    fn turn(&self, manner: &Manner<'_>, call: &'static str, ask: impl FnOnce(*const Sess) -> i32) -> Acts {
        let wire = Box::new(Wire::new(self.made));
        let sess = manner
            .lending
            .whole(("the struct sess", call), &wire.sess(), manner.lengths.sink, &[]);
        let returned = self.made.subject.call(|| ask(sess));
        manner.lending.over();
        let acts = finished(call, returned, &wire);
        self.wires.borrow_mut().push(wire);
        acts
    }

    pub(super) fn on_bytes(&self, manner: &Manner<'_>, bytes: &[u8]) -> Acts {
        let lent = manner.lending.bytes("the bytes of on_bytes", "on_bytes", bytes);
        // SAFETY: the session is alive, and what is lent is lent until the call returns.
        self.turn(manner, "on_bytes", |sess| {
            self.table
                .on_bytes
                .map_or(E_INVALID, |ask| unsafe { ask(self.st, sess, lent) })
        })
    }

    pub(super) fn on_timer(&self, manner: &Manner<'_>, id: u32) -> Acts {
        // SAFETY: as above.
        self.turn(manner, "on_timer", |sess| {
            self.table
                .on_timer
                .map_or(E_INVALID, |ask| unsafe { ask(self.st, sess, id) })
        })
    }

    pub(super) fn submit(&self, manner: &Manner<'_>, token: u64, letter: &Letter) -> Acts {
        let msg = letter.lend(&manner.lending, "submit", &manner.lengths);
        // SAFETY: as above.
        self.turn(manner, "submit", |sess| {
            self.table
                .submit
                .map_or(E_INVALID, |ask| unsafe { ask(self.st, sess, token, msg) })
        })
    }

    pub(super) fn drain(&self, manner: &Manner<'_>) -> Acts {
        // SAFETY: as above.
        self.turn(manner, "drain", |sess| {
            self.table
                .drain
                .map_or(E_INVALID, |ask| unsafe { ask(self.st, sess) })
        })
    }

    /// The connection is gone. True if it spoke into a sink after its call had returned.
    pub(super) fn destroy(self) -> bool {
        if let Some(destroy) = self.table.destroy {
            // SAFETY: made by this library, destroyed once, and no call is under way.
            self.made.subject.call(|| unsafe { destroy(self.st) });
        }
        self.wires.borrow().iter().any(|wire| wire.late.get())
    }
}

/// The class that ends a connection whose credentials are good.
pub(super) const GOES_ON: u32 = Class::Temporary.number();
