//! The library under check: its tables, its instances, and the calls into it.

use super::desk::{self, Desk};
use super::ear::Ear;
use super::lending::{ALWAYS, Lending, Length};
use super::letter::{Configuration, FaultSink, Lengths};
use super::made::Made;
use super::meter;
use super::report::{Fault, Report};
use super::sentry::Watch;
use super::{End, Ground};
use crate::Descriptor;
use crate::allowed::AllowedHosts;
use crate::border::open::{Opened, open};
use aldis_carrier::abi::{Entry, Host, Http, OK, Session, Test, Webhook};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

/// A loaded library.
pub(super) struct Subject {
    descriptor: Descriptor,
    opened: Opened,
    pub(super) entry: Entry,
    pub(super) http: Option<Http>,
    pub(super) session: Option<Session>,
    /// What panics on demand, in libraries that have it.
    pub(super) test: Option<Test>,
    pub(super) webhook: Option<Webhook>,
    pub(super) desk: Desk,
    pub(super) watch: Watch,
}

// SAFETY: what threads share of it is static tables and functions tagged `[any]`; the watch's list of regions is only
// written by lending under guard, which checks do on one thread alone.
unsafe impl Sync for Subject {}

/// How a check calls: how long structs are, where from, and who keeps the ears.
pub(super) struct Manner<'s> {
    pub(super) lending: Lending<'s>,
    pub(super) lengths: Lengths,
    host: *const Host,
    /// Ears of the latest calls, in case somebody still talks. A library holds their addresses.
    ears: RefCell<VecDeque<Box<Ear>>>,
    /// How many are kept.
    most_ears: usize,
    /// Words that came too late, to ears that listen again.
    late: Cell<u32>,
}

/// Ears that are kept of calls that are counted in thousands: who keeps a sink uses it in the next call.
const LATEST: usize = 16;

impl Subject {
    /// Loads the library as a host does.
    pub(super) fn load(ground: &Ground) -> Result<Self, End> {
        let subject = Self::map(ground)?;
        subject.start(ground);
        Ok(subject)
    }

    /// Maps the library and agrees with it; its constructors run. This process is shut in from then on.
    pub(super) fn map(ground: &Ground) -> Result<Self, End> {
        let library = ground.library();
        ground.report.doing("loading the library");
        let watch = Watch::new(&ground.report);
        let loaded = library.and_then(|library| {
            watch.over(|| {
                meter::over("the library's constructors", || {
                    let opened = open(&library)?;
                    let descriptor = Descriptor::parse(opened.descriptor_json())?;
                    Ok::<_, String>((opened, descriptor))
                })
            })
        });
        let (opened, descriptor) = loaded.map_err(|reason| {
            End::Untried(format!(
                "the library does not load, as the check `loads` says: {reason}"
            ))
        })?;
        Ok(Self {
            entry: opened.entry,
            http: opened.http(),
            session: opened.table(aldis_carrier::abi::SESSION),
            test: opened.table(aldis_carrier::abi::TEST),
            webhook: opened.webhook().filter(|webhook| webhook.handle.is_some()),
            descriptor,
            opened,
            desk: Desk::default(),
            watch,
        })
    }

    /// Maps a library in another way, under watch.
    pub(super) fn mapping<R>(report: &Report, work: impl FnOnce() -> R) -> R {
        Watch::new(report).over(work)
    }

    /// Calls its `load`, if it has one.
    pub(super) fn start(&self, ground: &Ground) {
        if let Some(load) = self.entry.load {
            ground.report.doing("load");
            // SAFETY: the table lasts as long as the process.
            self.call("load", || unsafe { load(&raw const PLAIN_HOST) });
        }
    }

    /// Where a host would let it send with these settings.
    pub(super) fn allowed(&self, settings: &serde_json::Value) -> AllowedHosts {
        let mut allowed = self.descriptor.allowed().unwrap_or_default();
        if let Some(base_url) = settings["base_url"].as_str() {
            let _ = allowed.add_base_url(base_url);
        }
        allowed
    }

    pub(super) fn descriptor(&self) -> &crate::Descriptor {
        &self.descriptor
    }

    /// The descriptor word for word.
    pub(super) fn descriptor_json(&self) -> String {
        String::from_utf8_lossy(self.opened.descriptor_json()).into_owned()
    }

    /// The checks' host, for the life of the process.
    pub(super) fn host() -> *const Host {
        &raw const PLAIN_HOST
    }

    /// Calls between guards.
    pub(super) fn guarded(&self, lengths: Lengths) -> Manner<'_> {
        self.manner(Lending::Guarded(&self.watch), lengths, usize::MAX)
    }

    /// Calls that are counted in thousands.
    pub(super) fn plain(&self) -> Manner<'_> {
        self.manner(Lending::plain(), Lengths::default(), LATEST)
    }

    fn manner<'s>(&'s self, lending: Lending<'s>, lengths: Lengths, most_ears: usize) -> Manner<'s> {
        // Valid for the life of the process, so it is never taken back.
        let lasting = Lending::Guarded(&self.watch);
        let host = if lengths.host == Length::Own && most_ears == LATEST {
            &raw const PLAIN_HOST
        } else {
            lasting.whole(("the host table", ALWAYS), &desk::TABLE, lengths.host, HOST)
        };
        Manner {
            lending,
            lengths,
            host,
            ears: RefCell::default(),
            most_ears,
            late: Cell::new(0),
        }
    }

    /// Asks for an instance.
    pub(super) fn create(
        &self,
        manner: &Manner<'_>,
        with: &Configuration,
        id: u64,
    ) -> Result<Made<'_>, Refused> {
        let create = self
            .entry
            .instance_create
            .ok_or_else(|| Refused::of(0, "there is no instance_create"))?;
        let said = FaultSink::default();
        let cfg = with.lend(&manner.lending, &manner.lengths, id, &said);
        let mut inst = std::ptr::null_mut();
        self.desk.forget(id);
        // SAFETY: the table lasts; the configuration is lent until the call returns.
        let returned = self.call("instance_create", || unsafe {
            create(manner.host, cfg, &raw mut inst)
        });
        manner.lending.over();
        let (key, reason) = said.0.into_inner().into_iter().next().unwrap_or_default();
        let panic = self.desk.take_panic();
        if returned == OK && panic.is_none() {
            return Ok(Made { subject: self, inst });
        }
        Err(Refused {
            returned,
            key,
            reason,
            panic,
        })
    }

    /// Runs a call with the sentry, the desk and the meter in place.
    pub(super) fn call<R>(&self, name: &'static str, call: impl FnOnce() -> R) -> R {
        self.watch.over(|| self.desk.at_work(|| meter::over(name, call)))
    }
}

/// What the checks hand out as host table where no guard is wanted.
static PLAIN_HOST: Host = desk::TABLE;

const HOST: super::lending::Fields = &[
    ("struct_size", 0),
    ("abi_major", 4),
    ("abi_minor", 6),
    ("log", std::mem::offset_of!(Host, log)),
    ("now_unix_ms", std::mem::offset_of!(Host, now_unix_ms)),
    ("now_mono_ms", std::mem::offset_of!(Host, now_mono_ms)),
    ("random", std::mem::offset_of!(Host, random)),
    ("metric", std::mem::offset_of!(Host, metric)),
    ("kv_get", std::mem::offset_of!(Host, kv_get)),
    ("kv_put", std::mem::offset_of!(Host, kv_put)),
    ("get_extension", std::mem::offset_of!(Host, get_extension)),
];

/// Why there is no instance.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) returned: i32,
    pub(super) key: String,
    pub(super) reason: String,
    /// What it logged of a panic.
    pub(super) panic: Option<String>,
}

impl Refused {
    fn of(returned: i32, reason: &str) -> Self {
        Self {
            returned,
            key: String::new(),
            reason: reason.to_owned(),
            panic: None,
        }
    }

    /// Said as a panic, or heard as one.
    pub(super) fn panicked(&self) -> bool {
        self.returned == aldis_carrier::abi::E_PANIC || self.panic.is_some()
    }
}

impl Manner<'_> {
    /// How often a library spoke into a sink after its call had returned.
    fn late_words(&self) -> u32 {
        let heard: u32 = self.ears.borrow().iter().map(|ear| ear.late.get()).sum();
        heard + self.late.get()
    }

    /// An ear for a call: the oldest one, if enough are kept. None is ever freed while calls are made: a library may
    /// still hold its address.
    pub(super) fn ear(&self, abi_minor: u16) -> Box<Ear> {
        let mut ears = self.ears.borrow_mut();
        if ears.len() >= self.most_ears
            && let Some(ear) = ears.pop_front()
        {
            self.late.set(self.late.get() + ear.late.take());
            ear.reopen();
            return ear;
        }
        Ear::new(abi_minor)
    }

    /// Keeps an ear whose call is over.
    pub(super) fn keep(&self, ear: Box<Ear>) {
        self.ears.borrow_mut().push_back(ear);
    }

    /// The fault, if somebody spoke into a sink that was dead.
    pub(super) fn late(&self) -> Option<Fault> {
        let words = self.late_words();
        (words > 0).then(|| {
            Fault::new(
                format!("it spoke into a sink {words} times after the call that lent it had returned"),
                "a sink is dead once its call returns: never keep one",
            )
        })
    }
}
