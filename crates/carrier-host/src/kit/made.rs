//! An instance of the library, and the calls into it.

use super::ear::{Ear, Ended, Told, Wanted, Word};
use super::letter::{Callback, Letter, OP, Reply, SINK};
use super::report::Fault;
use super::subject::{Manner, Subject};
use super::wire::Act;
use crate::border::RawLink;
use aldis_carrier::abi::{E_INVALID, E_PANIC, OK, STEP_LIMIT, WAIT_LIMIT};
use std::ffi::c_void;

/// An instance of the library.
pub(super) struct Made<'s> {
    pub(super) subject: &'s Subject,
    pub(super) inst: *mut c_void,
}

/// What was heard of one call.
pub(super) struct Heard {
    pub(super) returned: i32,
    pub(super) words: Vec<Word>,
    pub(super) told: Vec<Told>,
    pub(super) replies: Vec<u32>,
    pub(super) acts: Vec<Act>,
    pub(super) links: Vec<RawLink>,
    pub(super) faults: Vec<Fault>,
    /// What was logged of a panic.
    panic: Option<String>,
}

/// An attempt from beginning to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attempt {
    pub(super) requests: Vec<Wanted>,
    pub(super) ended: Ended,
}

impl Made<'_> {
    /// One call of `submit`.
    pub(super) fn submit(&self, manner: &Manner<'_>, letter: &Letter) -> Heard {
        let msg = letter.lend(&manner.lending, "submit", &manner.lengths);
        let submit = self.subject.http.and_then(|http| http.submit);
        self.hear(manner, "submit", |ear| {
            let length = manner.lengths.sink_of("submit", manner.lengths.sink);
            let op = manner
                .lending
                .whole(("the sink op", "submit"), &ear.op(), length, OP);
            // SAFETY: the instance is alive, and what is lent is lent until the call returns.
            move || submit.map_or(E_INVALID, |submit| unsafe { submit(self.inst, msg, op) })
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
        self.hear(manner, call, |ear| {
            let length = manner.lengths.sink_of(call, manner.lengths.sink);
            let op = manner.lending.whole(("the sink op", call), &ear.op(), length, OP);
            move || {
                // SAFETY: the instance is alive, and what is lent is lent until the call returns.
                on_response.map_or(E_INVALID, |ask| unsafe { ask(self.inst, msg, resp, op) })
            }
        })
    }

    /// One call of `handle`; `None` without call-backs.
    pub(super) fn handle(&self, manner: &Manner<'_>, callback: &Callback) -> Option<Heard> {
        let handle = self.subject.webhook.and_then(|webhook| webhook.handle)?;
        let req = callback.lend(&manner.lending, "handle", &manner.lengths);
        Some(self.hear(manner, "handle", |ear| {
            let length = manner.lengths.sink_of("handle", manner.lengths.sink);
            let sink = manner.lending.whole(
                ("the sink of handle", "handle"),
                &ear.webhook_sink(),
                length,
                SINK,
            );
            // SAFETY: the instance is alive, and what is lent is lent until the call returns.
            move || unsafe { handle(self.inst, req, sink) }
        }))
    }

    /// One call: what it said, and whether it said it well.
    pub(super) fn hear<C: FnOnce() -> i32>(
        &self,
        manner: &Manner<'_>,
        name: &'static str,
        lend: impl FnOnce(&Ear) -> C,
    ) -> Heard {
        let ear = manner.ear(self.subject.entry.abi_minor);
        let call = lend(&ear);
        let returned = self.subject.call(name, call);
        manner.lending.over();
        ear.close();
        let heard = Heard {
            returned,
            words: ear.words.take(),
            told: ear.told.take(),
            replies: ear.replies.take(),
            acts: ear.acts.take(),
            links: ear.links.take(),
            faults: ear.faults.take(),
            panic: self.subject.desk.take_panic(),
        };
        manner.keep(ear);
        heard
    }

    /// A call that cannot say how it went; a panic shows in the log.
    pub(super) fn silent(
        &self,
        manner: &Manner<'_>,
        name: &'static str,
        call: impl FnOnce(),
    ) -> Result<(), Vec<Fault>> {
        self.subject.call(name, call);
        manner.lending.over();
        match self.subject.desk.take_panic() {
            Some(place) => Err(vec![panicked(name, Some(&place))]),
            None => Ok(()),
        }
    }

    /// A whole attempt: each request gets the next reply, the last one again and again.
    pub(super) fn attempt(
        &self,
        manner: &Manner<'_>,
        letter: &Letter,
        replies: &[Reply],
    ) -> Result<Attempt, Vec<Fault>> {
        let (mut requests, mut waits) = (Vec::new(), 0);
        self.subject.desk.begin();
        let mut word = self.submit(manner, letter).one("submit")?;
        loop {
            word = match word {
                Word::Complete(ended) => return Ok(Attempt { requests, ended }),
                Word::Wait(_) if waits == WAIT_LIMIT => {
                    return Err(vec![Fault::new(
                        format!("it asked to wait more than {WAIT_LIMIT} times in one attempt"),
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

    pub(super) fn destroy(self, manner: &Manner<'_>) -> Result<(), Vec<Fault>> {
        let Some(destroy) = self.subject.entry.instance_destroy else {
            return Ok(());
        };
        // SAFETY: made by this library, destroyed once, and no call is under way.
        self.silent(manner, "instance_destroy", || unsafe { destroy(self.inst) })
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

    /// `ALDIS_OK` and nothing wrong with what was said, in a call that may say any number of words.
    pub(super) fn well(&self, call: &str) -> Result<(), Vec<Fault>> {
        self.returned_well(call)?;
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(self.faults.clone())
        }
    }

    /// `ALDIS_OK`, or what else it was.
    pub(super) fn returned_well(&self, call: &str) -> Result<(), Vec<Fault>> {
        let fault = match (self.returned, &self.panic) {
            (OK, None) => return Ok(()),
            (E_PANIC, place) => panicked(call, place.as_deref()),
            (OK, Some(place)) => panicked(call, Some(place)),
            (other, _) => Fault::new(
                format!("{call} returned {other} instead of ALDIS_OK"),
                "say what went wrong as an outcome (op->complete, sess->complete or sess->close) and return ALDIS_OK; \
                 an error is a fault of the library",
            ),
        };
        let mut faults = self.faults.clone();
        faults.push(fault);
        Err(faults)
    }
}

/// A panic that the library contained.
fn panicked(call: &str, place: Option<&str>) -> Fault {
    let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
    Fault::new(
        format!("{call} panicked, and contained it{place}"),
        "find the panic: its place is in the library's log; nothing that a host, a carrier or a message says may cause one",
    )
}
