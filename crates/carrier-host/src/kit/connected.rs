//! One connection on the bench, kept as a host keeps it: no message before there is a place for it, no timer that was
//! not asked for, and nothing at all after the end.

use super::ear::Ended;
use super::letter::{INFO, LINK_SINK, Letter, SESS};
use super::made::Made;
use super::report::Fault;
use super::subject::Manner;
use super::wire::{Act, append};
use crate::border::RawLink;
use aldis_carrier::Class;
use aldis_carrier::abi::{E_INVALID, SessInfo, Session, TIMER_LIMIT, TIMER_OFF};
use aldis_carrier::copying::size_of_u32;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::c_void;

/// What came of a call: nothing to report, or faults.
type Done = Result<(), Vec<Fault>>;

/// A connection, from `open` until it is gone.
pub(super) struct Connected<'s> {
    made: &'s Made<'s>,
    table: Session,
    st: *mut c_void,
    /// All that it wanted so far, writes put together.
    acts: Vec<Act>,
    window: usize,
    in_flight: BTreeSet<u64>,
    /// The messages in flight that their submit wrote.
    wrote: BTreeSet<u64>,
    ended: BTreeSet<u64>,
    /// The messages without an answer: one may come late.
    unanswered: BTreeSet<u64>,
    timers: BTreeMap<u32, u32>,
    closed: bool,
    /// The carrier's bytes are made up by us: what they make it complete is not its fault.
    noise: bool,
}

/// The connections an instance asks for.
pub(super) fn links(made: &Made<'_>, manner: &Manner<'_>) -> Result<Vec<RawLink>, Vec<Fault>> {
    let links = made.subject.session.and_then(|table| table.links);
    let heard = made.hear(manner, "links", |ear| {
        let sink = manner.lending.whole(
            ("the sink of links", "links"),
            &ear.link_sink(),
            manner.lengths.sink_of("links", manner.lengths.sink),
            LINK_SINK,
        );
        // SAFETY: the instance is alive, and the sink is lent until the call returns.
        move || links.map_or(E_INVALID, |links| unsafe { links(made.inst, sink) })
    });
    heard.well("links")?;
    Ok(heard.links)
}

impl<'s> Connected<'s> {
    /// Connects the first link. `noise`: what the carrier will say means nothing.
    pub(super) fn open(made: &'s Made<'s>, manner: &Manner<'_>, noise: bool) -> Result<Self, Vec<Fault>> {
        let Some(table) = made.subject.session else {
            return Err(Vec::new());
        };
        let mut connected = Self {
            made,
            table,
            st: std::ptr::null_mut(),
            acts: Vec::new(),
            window: 0,
            in_flight: BTreeSet::new(),
            wrote: BTreeSet::new(),
            ended: BTreeSet::new(),
            unanswered: BTreeSet::new(),
            timers: BTreeMap::new(),
            closed: false,
            noise,
        };
        let info = SessInfo {
            struct_size: size_of_u32::<SessInfo>(),
            link: 0,
            name: manner.lending.bytes("the text of info.name", "open", b"main"),
        };
        let info = manner
            .lending
            .whole(("the struct info", "open"), &info, manner.lengths.info, INFO);
        let mut st = std::ptr::null_mut();
        connected.turn(manner, "open", |table, _, sess| {
            // SAFETY: the instance is alive, and what is lent is lent until the call returns.
            table.open.map_or(E_INVALID, |open| unsafe {
                open(made.inst, sess, info, &raw mut st)
            })
        })?;
        connected.st = st;
        Ok(connected)
    }

    /// One call: nothing of what it wanted counts if it failed.
    fn turn(
        &mut self,
        manner: &Manner<'_>,
        call: &'static str,
        ask: impl FnOnce(&Session, *mut c_void, *const aldis_carrier::abi::Sess) -> i32,
    ) -> Done {
        let (table, st) = (self.table, self.st);
        let heard = self.made.hear(manner, call, |ear| {
            let length = manner.lengths.sink_of(call, manner.lengths.sess);
            let sess = manner
                .lending
                .whole(("the struct sess", call), &ear.sess(), length, SESS);
            move || ask(&table, st, sess)
        });
        heard.well(call)?;
        if let Some(fault) = self.guess(call, &heard.acts) {
            return Err(vec![fault]);
        }
        for act in heard.acts {
            self.note(call, &act)?;
            append(&mut self.acts, act);
        }
        Ok(())
    }

    /// Finds a message that was written and is called unsent without an answer: only the carrier can say that.
    fn guess(&mut self, call: &str, acts: &[Act]) -> Option<Fault> {
        // The last message handed over is the highest token.
        let submitted = self.in_flight.last().filter(|_| call == "submit");
        if acts.iter().any(|act| matches!(act, Act::Write(_))) {
            self.wrote.extend(submitted);
        }
        let unsent = |ended: &Ended| {
            ![Class::Accepted, Class::Ambiguous]
                .map(Class::number)
                .contains(&ended.class)
        };
        let guessed = acts.iter().any(|act| match act {
            Act::Complete(token, ended) => call != "on_bytes" && self.wrote.contains(token) && unsent(ended),
            _ => false,
        });
        guessed.then(|| {
            Fault::new(
                format!("it writes a message, and says without an answer that nothing was sent: {call}"),
                "say ALDIS_AMBIGUOUS of a message whose bytes you wrote, unless the carrier answered it: the host takes no other \
                 word for it; refuse a message before you write it, or when on_bytes brings the carrier's refusal",
            )
        })
    }

    /// Keeps account of what a host keeps account of.
    fn note(&mut self, call: &str, act: &Act) -> Done {
        match act {
            Act::Ready(window, _) => self.window = usize::try_from(*window).unwrap_or(usize::MAX),
            Act::Complete(token, ended) => return self.complete(call, *token, ended.class),
            Act::Timer(id, TIMER_OFF) => {
                self.timers.remove(id);
            }
            Act::Timer(id, after) => {
                self.timers.insert(*id, *after);
                if self.timers.len() > TIMER_LIMIT {
                    return Err(vec![Fault::new(
                        format!("it keeps more than {TIMER_LIMIT} timers: {call}"),
                        "ALDIS_TIMER_LIMIT timers are granted: use one for each kind of wait, or cancel with ALDIS_TIMER_OFF",
                    )]);
                }
            }
            Act::Close(_) => self.closed = true,
            Act::Write(_) | Act::Event { .. } | Act::Hold(_) => {}
        }
        Ok(())
    }

    fn complete(&mut self, call: &str, token: u64, class: u32) -> Done {
        let ambiguous = class == Class::Ambiguous.number();
        self.wrote.remove(&token);
        if self.in_flight.remove(&token) {
            self.ended.insert(token);
            if ambiguous {
                self.unanswered.insert(token);
            }
            return Ok(());
        }
        if !ambiguous && self.unanswered.remove(&token) {
            return Ok(());
        }
        // A carrier may answer what nobody asked, and twice; what it says in our own words, it does not.
        let innocent = call == "on_bytes" && (self.noise || !self.ended.contains(&token));
        if innocent {
            return Ok(());
        }
        let what = if self.ended.contains(&token) {
            format!("it completes one token twice: {call}")
        } else {
            format!("it completes a token that it was not given: {call}")
        };
        Err(vec![Fault::new(
            what,
            "complete each message once, by the token of its submit; forget the token then",
        )])
    }

    pub(super) fn on_bytes(&mut self, manner: &Manner<'_>, bytes: &[u8]) -> Done {
        if self.closed || bytes.is_empty() {
            return Ok(());
        }
        let lent = manner.lending.bytes("the bytes of on_bytes", "on_bytes", bytes);
        // SAFETY: the session is alive, and what is lent is lent until the call returns.
        self.turn(manner, "on_bytes", |table, st, sess| {
            table
                .on_bytes
                .map_or(E_INVALID, |ask| unsafe { ask(st, sess, lent) })
        })
    }

    /// The next timer of those it asked for; false if there is none.
    pub(super) fn on_timer(&mut self, manner: &Manner<'_>) -> Result<bool, Vec<Fault>> {
        let due = self.timers.iter().min_by_key(|(_, after)| **after);
        let Some(id) = due.map(|(id, _)| *id).filter(|_| !self.closed) else {
            return Ok(false);
        };
        self.timers.remove(&id);
        // SAFETY: as above.
        self.turn(manner, "on_timer", |table, st, sess| {
            table
                .on_timer
                .map_or(E_INVALID, |ask| unsafe { ask(st, sess, id) })
        })?;
        Ok(true)
    }

    /// Hands a message over if there is a place for it; false if not.
    pub(super) fn submit(
        &mut self,
        manner: &Manner<'_>,
        token: u64,
        letter: &Letter,
    ) -> Result<bool, Vec<Fault>> {
        if self.closed || self.in_flight.len() >= self.window {
            return Ok(false);
        }
        let msg = letter.lend(&manner.lending, "submit", &manner.lengths);
        self.in_flight.insert(token);
        // SAFETY: as above.
        self.turn(manner, "submit", |table, st, sess| {
            table
                .submit
                .map_or(E_INVALID, |ask| unsafe { ask(st, sess, token, msg) })
        })?;
        Ok(true)
    }

    /// Asks it to take leave, if nothing is in flight.
    pub(super) fn drain(&mut self, manner: &Manner<'_>) -> Done {
        if self.closed || !self.in_flight.is_empty() {
            return Ok(());
        }
        let before = weight(&self.acts);
        // SAFETY: as above.
        self.turn(manner, "drain", |table, st, sess| {
            table.drain.map_or(E_INVALID, |ask| unsafe { ask(st, sess) })
        })?;
        if weight(&self.acts) == before {
            return Err(vec![Fault::new(
                "drain does nothing: the connection never ends",
                "take leave of the carrier, and call close with an outcome of class ALDIS_TEMPORARY",
            )]);
        }
        Ok(())
    }

    /// How many messages may be in flight.
    pub(super) fn window(&self) -> usize {
        self.window
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// The connection is gone: all that it wanted.
    pub(super) fn destroy(self, manner: &Manner<'_>) -> Result<Vec<Act>, Vec<Fault>> {
        if let Some(destroy) = self.table.destroy {
            // SAFETY: made by this library, destroyed once, and no call is under way.
            self.made
                .silent(manner, "destroy", || unsafe { destroy(self.st) })?;
        }
        Ok(self.acts)
    }
}

/// Grows with whatever is wanted.
fn weight(acts: &[Act]) -> usize {
    let bytes = acts.iter().map(|act| match act {
        Act::Write(bytes) => bytes.len(),
        _ => 1,
    });
    bytes.sum()
}
