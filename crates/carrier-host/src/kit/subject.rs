//! The library under check: its tables, its instances, and the calls into it.

use super::desk::{self, Desk};
use super::ear::{Ear, Ended, Told, Wanted, Word};
use super::lending::{ALWAYS, Lending, Length};
use super::letter::{Callback, Configuration, FaultSink, Lengths, Letter, OP, Reply, SINK};
use super::report::Fault;
use super::sentry::Watch;
use super::{End, Ground};
use crate::Descriptor;
use crate::border::open::{Opened, open};
use aldis_carrier::abi::{E_PANIC, Entry, Host, Http, OK, STEP_LIMIT, Session, Test, Webhook};
use std::cell::RefCell;
use std::ffi::c_void;

/// Waits in one attempt that the checks grant.
const MOST_WAITS: u32 = aldis_carrier::abi::WAIT_LIMIT;

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

/// What was heard of one call.
pub(super) struct Heard {
    pub(super) returned: i32,
    pub(super) words: Vec<Word>,
    pub(super) told: Vec<Told>,
    pub(super) replies: Vec<u32>,
    pub(super) faults: Vec<Fault>,
}

/// An attempt from beginning to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attempt {
    pub(super) requests: Vec<Wanted>,
    pub(super) ended: Ended,
}

/// How a check calls: how long structs are, where from, and who keeps the ears.
pub(super) struct Manner<'s> {
    pub(super) lending: Lending<'s>,
    pub(super) lengths: Lengths,
    host: *const Host,
    /// Ears of calls that are over, in case somebody still talks.
    #[expect(clippy::vec_box, reason = "a library holds their addresses")]
    ears: RefCell<Vec<Box<Ear>>>,
    keeps_ears: bool,
}

/// An instance of the library.
pub(super) struct Made<'s> {
    pub(super) subject: &'s Subject,
    pub(super) inst: *mut c_void,
}

impl Subject {
    /// Loads the library as a host does.
    pub(super) fn load(ground: &Ground) -> Result<Self, End> {
        ground.report.doing("loading the library");
        let watch = Watch::new(&ground.report);
        let loaded = watch.over(|| {
            let opened = open(&ground.library)?;
            let descriptor = Descriptor::parse(opened.descriptor_json())?;
            Ok::<_, String>((opened, descriptor))
        });
        let (opened, descriptor) = loaded.map_err(|reason| {
            End::Untried(format!(
                "the library does not load, as the check `loads` says: {reason}"
            ))
        })?;
        let desk = Desk::default();
        if let Some(load) = opened.entry.load {
            // SAFETY: the table lasts as long as the process.
            watch.over(|| desk.at_work(|| unsafe { load(&raw const PLAIN_HOST) }));
        }
        Ok(Self {
            entry: opened.entry,
            http: opened.http(),
            session: opened.table(aldis_carrier::abi::SESSION),
            test: opened.table(aldis_carrier::abi::TEST),
            webhook: opened.webhook().filter(|webhook| webhook.handle.is_some()),
            descriptor,
            opened,
            desk,
            watch,
        })
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
        self.manner(Lending::Guarded(&self.watch), lengths, true)
    }

    /// Calls that are counted in thousands.
    pub(super) fn plain(&self) -> Manner<'_> {
        self.manner(Lending::plain(), Lengths::default(), false)
    }

    fn manner<'s>(&'s self, lending: Lending<'s>, lengths: Lengths, keeps_ears: bool) -> Manner<'s> {
        // Valid for the life of the process, so it is never taken back.
        let lasting = Lending::Guarded(&self.watch);
        let host = if lengths.host == Length::Own && !keeps_ears {
            &raw const PLAIN_HOST
        } else {
            lasting.whole(("the host table", ALWAYS), &desk::TABLE, lengths.host, HOST)
        };
        Manner {
            lending,
            lengths,
            host,
            ears: RefCell::default(),
            keeps_ears,
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
        // SAFETY: the table lasts; the configuration is lent until the call returns.
        let returned = self.call(|| unsafe { create(manner.host, cfg, &raw mut inst) });
        manner.lending.over();
        if returned == OK {
            return Ok(Made { subject: self, inst });
        }
        let (key, reason) = said.0.into_inner().into_iter().next().unwrap_or_default();
        Err(Refused {
            returned,
            key,
            reason,
        })
    }

    /// Runs a call with the sentry and the desk in place.
    pub(super) fn call<R>(&self, call: impl FnOnce() -> R) -> R {
        self.watch.over(|| self.desk.at_work(call))
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
}

impl Refused {
    fn of(returned: i32, reason: &str) -> Self {
        Self {
            returned,
            key: String::new(),
            reason: reason.to_owned(),
        }
    }
}

impl Made<'_> {
    /// One call of `submit`.
    pub(super) fn submit(&self, manner: &Manner<'_>, letter: &Letter) -> Heard {
        let msg = letter.lend(&manner.lending, "submit", &manner.lengths);
        let submit = self.subject.http.and_then(|http| http.submit);
        self.hear(manner, |ear| {
            let op = manner
                .lending
                .whole(("the sink op", "submit"), &ear.op(), manner.lengths.sink, OP);
            // SAFETY: the instance is alive, and what is lent is lent until the call returns.
            move || {
                submit.map_or(aldis_carrier::abi::E_INVALID, |submit| unsafe {
                    submit(self.inst, msg, op)
                })
            }
        })
    }

    /// One call of `on_response`.
    pub(super) fn on_response(
        &self,
        manner: &Manner<'_>,
        letter: &Letter,
        reply: &Reply,
        (step, state): (u32, &[u8]),
    ) -> Heard {
        let call = "on_response";
        let msg = letter.lend(&manner.lending, call, &manner.lengths);
        let resp = reply.lend(&manner.lending, call, &manner.lengths, (step, state));
        let on_response = self.subject.http.and_then(|http| http.on_response);
        self.hear(manner, |ear| {
            let op = manner
                .lending
                .whole(("the sink op", call), &ear.op(), manner.lengths.sink, OP);
            move || {
                // SAFETY: the instance is alive, and what is lent is lent until the call returns.
                on_response.map_or(aldis_carrier::abi::E_INVALID, |ask| unsafe {
                    ask(self.inst, msg, resp, op)
                })
            }
        })
    }

    /// One call of `handle`; `None` without call-backs.
    pub(super) fn handle(&self, manner: &Manner<'_>, callback: &Callback) -> Option<Heard> {
        let handle = self.subject.webhook.and_then(|webhook| webhook.handle)?;
        let req = callback.lend(&manner.lending, "handle", &manner.lengths);
        Some(self.hear(manner, |ear| {
            let sink = ear.webhook_sink();
            let sink =
                manner
                    .lending
                    .whole(("the sink of handle", "handle"), &sink, manner.lengths.sink, SINK);
            // SAFETY: the instance is alive, and what is lent is lent until the call returns.
            move || unsafe { handle(self.inst, req, sink) }
        }))
    }

    fn hear<C: FnOnce() -> i32>(&self, manner: &Manner<'_>, lend: impl FnOnce(&Ear) -> C) -> Heard {
        let ear = Ear::new(self.subject.entry.abi_minor);
        let call = lend(&ear);
        let returned = self.subject.call(call);
        manner.lending.over();
        ear.close();
        let heard = Heard {
            returned,
            words: ear.words.take(),
            told: ear.told.take(),
            replies: ear.replies.take(),
            faults: ear.faults.take(),
        };
        if manner.keeps_ears {
            manner.ears.borrow_mut().push(ear);
        }
        heard
    }

    /// A whole attempt: each request gets the next reply, the last one again and again.
    pub(super) fn attempt(
        &self,
        manner: &Manner<'_>,
        letter: &Letter,
        replies: &[Reply],
    ) -> Result<Attempt, Vec<Fault>> {
        let (mut requests, mut waits) = (Vec::new(), 0);
        let mut word = self.submit(manner, letter).one("submit")?;
        loop {
            word = match word {
                Word::Complete(ended) => return Ok(Attempt { requests, ended }),
                Word::Wait(_) if waits == MOST_WAITS => {
                    return Err(vec![Fault::new(
                        format!("it asked to wait more than {MOST_WAITS} times in one attempt"),
                        "end the attempt with op->complete; ALDIS_WAIT_LIMIT waits are granted",
                    )]);
                }
                Word::Wait(_) => {
                    waits += 1;
                    self.submit(manner, letter).one("submit")?
                }
                Word::Http(wanted) => {
                    requests.push(wanted.clone());
                    let step = u32::try_from(requests.len()).unwrap_or(u32::MAX);
                    if step > STEP_LIMIT {
                        return Err(vec![Fault::new(
                            format!("it asked for more than {STEP_LIMIT} requests in one attempt"),
                            "end the attempt with op->complete; ALDIS_STEP_LIMIT requests are granted",
                        )]);
                    }
                    let reply = replies.get(requests.len() - 1).or(replies.last());
                    let Some(reply) = reply else {
                        return Err(vec![Fault::new(
                            "the check has no reply for its request",
                            "give one",
                        )]);
                    };
                    self.on_response(manner, letter, reply, (step, &wanted.state))
                        .one("on_response")?
                }
            };
        }
    }

    pub(super) fn destroy(self, manner: &Manner<'_>) {
        if let Some(destroy) = self.subject.entry.instance_destroy {
            // SAFETY: made by this library, destroyed once, and no call is under way.
            self.subject.call(|| unsafe { destroy(self.inst) });
        }
        manner.lending.over();
    }
}

impl Manner<'_> {
    /// How often a library spoke into a sink after its call had returned.
    pub(super) fn late_words(&self) -> u32 {
        self.ears.borrow().iter().map(|ear| ear.late.get()).sum()
    }
}

impl Heard {
    /// The one word that a call must say, or how it did not.
    pub(super) fn one(self, call: &str) -> Result<Word, Vec<Fault>> {
        self.returned_well(call)?;
        let mut faults = self.faults;
        let count = self.words.len();
        match (count, self.words.into_iter().next()) {
            (1, Some(word)) if faults.is_empty() => return Ok(word),
            (1, _) => {}
            (0, _) => faults.push(Fault::new(
                format!("{call} returned ALDIS_OK without calling its sink"),
                "call exactly one of op->http, op->complete and op->wait, on every path",
            )),
            _ => faults.push(Fault::new(
                format!("{call} called its sink {count} times instead of once"),
                "return right after the first call of a function of op",
            )),
        }
        Err(faults)
    }

    /// `ALDIS_OK`, or what else it was.
    pub(super) fn returned_well(&self, call: &str) -> Result<(), Vec<Fault>> {
        let (what, mend) = match self.returned {
            OK => return Ok(()),
            E_PANIC => (
                format!("{call} panicked, and said so with ALDIS_E_PANIC"),
                "find the panic: its place is in the library's log; a message, a reply or a call-back must never cause one",
            ),
            other => (
                format!("{call} returned {other} instead of ALDIS_OK"),
                "say what went wrong as an outcome (op->complete) and return ALDIS_OK; an error is a fault of the library",
            ),
        };
        let mut faults = self.faults.clone();
        faults.push(Fault::new(what, mend));
        Err(faults)
    }
}
