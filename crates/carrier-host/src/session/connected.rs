//! One connection from its first byte to its last: feeds the library, and does what it wants.

mod expiring;
mod handing;
mod parting;
mod storing;
mod weighing;

use super::allowance::Share;
use super::dial::Wire;
use super::ending::{End, Stop};
use super::flight::{Flight, Known, Reached};
use super::keeper::{Keeper, QUARANTINED};
use super::machine::Machine;
use super::outbox::Outbox;
use super::pace::Pace;
use super::socket::Socket;
use super::timers::Timers;
use crate::border::{RawAct, RawOutcome};
use crate::broken::Broken;
use aldis_carrier::Class;
use bytes::BytesMut;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use handing::BATCH;
use std::sync::Arc;
use std::time::Duration;
use storing::Storing;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::time::{Instant, sleep_until, timeout};

/// Bytes handed to the library at once.
const READ: usize = 64 * 1024;

/// With more events than this on their way into the store, the carrier has to wait: nothing is read.
const MOST_EVENTS: usize = 256;

/// A carrier that takes no byte for so long is gone.
const STALLED: Duration = Duration::from_secs(30);

/// From the library's leave-taking to the end of the connection.
const FAREWELL: Duration = Duration::from_secs(5);

/// For the end of the connection itself.
const SHUTDOWN: Duration = Duration::from_secs(1);

pub(super) struct Connected<'a> {
    keeper: &'a Keeper,
    machine: Machine,
    socket: Socket,
    since: Instant,
    outbox: Outbox,
    /// When the last byte was written, or the first of the present ones queued.
    moved: Instant,
    flight: Flight,
    timers: Timers,
    pace: Pace,
    window: usize,
    /// How many messages are handed over at once: fewer where the library then has no room for all.
    together: usize,
    storing: FuturesUnordered<Storing>,
    /// The memory of what is being stored.
    heavy: usize,
    /// The part that it holds of the memory that all links may take together.
    share: Share,
    phase: Phase,
    /// The bytes that the library writes last, behind the answers to what the carrier told.
    farewell: Vec<u8>,
    /// Messages that were lost with the connection.
    ambiguous: usize,
}

/// The call in which the library wants something.
#[derive(Clone, Copy)]
enum During {
    /// The carrier's bytes arrived; so many of ours had left by then.
    Bytes { left: u64 },
    /// The message of this token is handed over: what is written is that message.
    Submit(u64),
    /// Any other.
    Other,
}

/// Where a connection is in its life.
enum Phase {
    /// Messages may come.
    Open,
    /// The library takes leave; until then at the latest.
    Leaving(Instant),
    /// The library wants its end: what is queued is written, until then at the latest.
    Closing(Instant, Class, String),
    /// The carrier takes nothing more: what it said before that is heard, until then at the latest.
    Deaf(Instant, String),
    /// The carrier says nothing more: what it told is stored, and answered if it still listens; until then at the latest.
    Mute(Instant, String),
}

impl<'a> Connected<'a> {
    /// Runs it. `None`: it ended because the instance is stopped.
    pub(super) async fn run(
        keeper: &'a Keeper,
        wire: Box<dyn Wire>,
        socket: Socket,
        now: Instant,
    ) -> Option<End> {
        let resident = Arc::clone(&keeper.resident);
        let (machine, acts) = match Machine::open(resident, keeper.index, &keeper.plan.name).await {
            Ok(opened) => opened,
            Err(broken) => {
                keeper.resident.note_fault(&broken);
                keeper.shared.boards.lost(keeper.index, Class::Temporary, 0);
                return Some(End {
                    class: Class::Temporary,
                    why: format!("the carrier library {broken}"),
                    held: Duration::ZERO,
                    ours: false,
                });
            }
        };
        let mut this = Self {
            keeper,
            machine,
            socket,
            since: now,
            outbox: Outbox::default(),
            moved: now,
            flight: Flight::default(),
            timers: Timers::default(),
            pace: Pace::default(),
            window: 0,
            together: BATCH,
            storing: FuturesUnordered::new(),
            heavy: 0,
            share: keeper.shared.allowance.share(),
            phase: Phase::Open,
            farewell: Vec::new(),
            ambiguous: 0,
        };
        let stop = match this.act(acts, now, During::Other) {
            Ok(()) => this.converse(wire).await,
            Err(broken) => Stop::Broken(broken),
        };
        this.end(stop)
    }

    /// Until there is nothing more to say.
    async fn converse(&mut self, wire: Box<dyn Wire>) -> Stop {
        let (mut reader, mut writer) = tokio::io::split(wire);
        let mut buffer = BytesMut::with_capacity(READ);
        loop {
            let turned = self.turn(&mut reader, &mut writer, &mut buffer).await;
            let ticked = match turned {
                Ok(()) => self.tick(Instant::now()).await,
                Err(stop) => Err(stop),
            };
            match ticked {
                Ok(None) => {}
                Ok(Some(stop)) | Err(stop) => {
                    if let Stop::Stalled(_) = stop {
                        self.socket.forget();
                        return stop;
                    }
                    // TLS has a word of its own to say, which a peer that takes nothing more would hold up for ever.
                    let _ = timeout(SHUTDOWN, writer.shutdown()).await;
                    return stop;
                }
            }
        }
    }

    /// Waits for whatever comes first, and deals with it.
    async fn turn(
        &mut self,
        reader: &mut ReadHalf<Box<dyn Wire>>,
        writer: &mut WriteHalf<Box<dyn Wire>>,
        buffer: &mut BytesMut,
    ) -> Result<(), Stop> {
        let now = Instant::now();
        let (wake, takes, listens) = (self.wake(now), self.takes(now), self.listens());
        let keeper = self.keeper;
        let shared = &keeper.shared;
        let staying = !shared.leaving.is_cancelled();
        let flight = &self.flight;
        let look = || {
            let at = keeper.moment();
            move |token| flight.is_over(token, at)
        };
        tokio::select! {
            read = reader.read_buf(buffer), if listens => match read {
                Ok(0) => {
                    self.falls_silent("the carrier ended the connection".to_owned());
                    Ok(())
                }
                Ok(_) => self.hear(buffer).await,
                Err(error) => {
                    self.falls_silent(error.to_string());
                    Ok(())
                }
            },
            written = self.outbox.write(writer, look), if !self.outbox.is_empty() => {
                match written {
                    Ok(true) => self.moved = Instant::now(),
                    Ok(false) => {}
                    Err(error) => self.goes_deaf(error.to_string()),
                }
                Ok(())
            }
            Some(answer) = self.storing.next(), if !self.storing.is_empty() => {
                Ok(self.stored(&answer, Instant::now())?)
            }
            () = shared.queue.arrived(), if takes => Ok(()),
            () = shared.leaving.cancelled(), if staying => Ok(()),
            () = self.machine.gone() => Err(Stop::Gone),
            () = sleep_until(wake) => Ok(()),
        }
    }

    /// What time and room make possible. `Some`: the end.
    async fn tick(&mut self, now: Instant) -> Result<Option<Stop>, Stop> {
        self.weigh()?;
        if let Some(stop) = self.expire(now) {
            return Ok(Some(stop));
        }
        while let Some(id) = self.timers.pop(now) {
            if !matches!(self.phase, Phase::Open | Phase::Leaving(_)) {
                break;
            }
            let acts = self.machine.on_timer(id).await?;
            self.act(acts, now, During::Other)?;
        }
        self.fill().await?;
        self.leave(now).await?;
        self.keeper
            .shared
            .boards
            .in_flight(self.keeper.index, self.flight.len());
        if !self.outbox.is_empty() && now >= self.moved + STALLED {
            return Ok(Some(Stop::Stalled("the carrier takes no more bytes")));
        }
        Ok(self.over(now))
    }

    /// The next moment at which [`Connected::tick`] may have something to do.
    fn wake(&self, now: Instant) -> Instant {
        let phase = match &self.phase {
            Phase::Open => None,
            Phase::Leaving(until)
            | Phase::Closing(until, ..)
            | Phase::Deaf(until, _)
            | Phase::Mute(until, _) => Some(*until),
        };
        let pace = (self.flight.len() < self.window)
            .then(|| self.pace.wait(now))
            .flatten();
        let stalled = (!self.outbox.is_empty()).then(|| self.moved + STALLED);
        let quarantined = self.keeper.resident.quarantined().then(|| now + QUARANTINED);
        let all = [
            phase,
            pace,
            stalled,
            quarantined,
            self.timers.next(),
            self.flight.next_due(),
        ];
        let far = now + Duration::from_hours(1);
        all.into_iter().flatten().min().unwrap_or(far)
    }

    /// Whether a message may be handed over.
    fn takes(&self, now: Instant) -> bool {
        self.takes_behind(0, now)
    }

    /// Whether one may be handed over together with so many others.
    fn takes_behind(&self, others: usize, now: Instant) -> bool {
        matches!(self.phase, Phase::Open)
            && self.flight.len() + others < self.window
            && self.pace.wait(now).is_none()
            && !self.outbox.is_full()
            && !self.keeper.resident.quarantined()
    }

    /// Whether the carrier is listened to.
    fn listens(&self) -> bool {
        !matches!(self.phase, Phase::Closing(..) | Phase::Mute(..))
            && self.storing.len() < MOST_EVENTS
            && !self.outbox.is_full()
    }

    /// Bytes arrived.
    async fn hear(&mut self, buffer: &mut BytesMut) -> Result<(), Stop> {
        let left = self.outbox.left();
        let acts = self.machine.on_bytes(buffer).await;
        buffer.clear();
        Ok(self.act(acts?, Instant::now(), During::Bytes { left })?)
    }

    /// Takes leave when the instance is being stopped and nobody waits for an answer any more.
    async fn leave(&mut self, now: Instant) -> Result<(), Stop> {
        let due = self.keeper.shared.leaving.is_cancelled() && !self.flight.is_awaited();
        if due && matches!(self.phase, Phase::Open) && self.storing.is_empty() {
            self.phase = Phase::Leaving(now + FAREWELL);
            let acts = self.machine.drain().await?;
            self.act(acts, now, During::Other)?;
        }
        Ok(())
    }

    /// Does what the library wants, in its order.
    fn act(&mut self, acts: Vec<RawAct>, now: Instant, during: During) -> Result<(), Broken> {
        let (heard, token) = match during {
            During::Bytes { left } => (Some(left), None),
            During::Submit(token) => (None, Some(token)),
            During::Other => (None, None),
        };
        let last = acts.iter().any(|act| matches!(act, RawAct::Close(_)));
        let mut said = Vec::new();
        for act in acts {
            match act {
                // A carrier that hears a goodbye may listen no more: what it told is answered before that.
                RawAct::Write(bytes) if last && token.is_none() => self.delay(&bytes)?,
                RawAct::Write(bytes) => self.queue(&bytes, token, now)?,
                RawAct::Ready {
                    window,
                    milli_per_second,
                } => {
                    self.window = usize::try_from(window).unwrap_or(usize::MAX);
                    self.pace.set(milli_per_second);
                    self.keeper.shared.boards.ready(self.keeper.index, window);
                }
                RawAct::Complete(token, outcome) if heard.is_none() => said.push((token, outcome)),
                RawAct::Complete(token, outcome) => self.complete(token, *outcome, heard, now),
                RawAct::Event { event, ack, nack } => self.store(*event, ack, nack)?,
                RawAct::Hold(token) => self.flight.hold(token),
                RawAct::Timer { id, after_ms } => {
                    if !self.timers.set(id, after_ms, now) {
                        return Err("keeps more than 64 timers".into());
                    }
                }
                RawAct::Close(outcome) => {
                    let class = Class::from_number(outcome.class).unwrap_or(Class::Temporary);
                    let clean = |text: &str| self.keeper.resident.room().redactor().clean(text);
                    let why = format!("{} {}", clean(&outcome.code), clean(&outcome.detail));
                    if !matches!(self.phase, Phase::Deaf(..) | Phase::Mute(..)) {
                        self.phase = Phase::Closing(now + FAREWELL, class, why.trim().to_owned());
                    }
                }
            }
        }
        // Last: what is written behind the word on a message, in the call that hands it over, may be that message.
        for (token, outcome) in said {
            self.complete(token, *outcome, heard, now);
        }
        Ok(())
    }

    fn complete(&mut self, token: u64, outcome: RawOutcome, heard: Option<u64>, now: Instant) {
        let redactor = self.keeper.resident.room().redactor();
        let known = Known {
            queued: self.outbox.queued(),
            heard,
        };
        match self.flight.complete(token, outcome, known, redactor, now) {
            Ok(Reached::Somebody | Reached::NoAnswer) => {}
            Ok(Reached::Nobody(late)) => {
                self.keeper.shared.boards.stale(self.keeper.index);
                if let Some(late) = late {
                    let kept = self.keeper.events.late(self.keeper.resident.name(), late);
                    // The carrier is told nothing of it.
                    self.storing.push(Box::pin(async move {
                        kept.await;
                        (Vec::new(), 0)
                    }));
                }
            }
            Err(broken) => self.keeper.resident.note_fault(&broken.into()),
        }
    }
}
