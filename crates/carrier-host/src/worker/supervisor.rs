//! Keeps one worker running: hands it the calls, passes on its answers, and begins anew where it ended.

mod hearing;

use super::frame::{Answer, BeginInstance};
use super::process::{NotStarted, Recipe};
use super::restarts::{Next, Restarts};
use super::suspects::{Subject, Suspects};
use super::talk::{Ended, Reason, Talk};
use super::thrift::Spent;
use super::{Board, WorkerMetrics};
use crate::border::aside::Share;
use crate::border::host_table::Room;
use crate::broken::Broken;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

/// Calls taken at once.
const BATCH: usize = 256;

/// For its last words.
const FAREWELL: Duration = Duration::from_secs(1);

/// How often to look at what the worker is at.
const LOOK: Duration = Duration::from_millis(25);

/// The time between two looks at what it uses, whether anybody waits or not.
const LOOK_AROUND: Duration = Duration::from_millis(100);

/// Between two attempts where this machine is to blame: no descriptors or processes left, say.
const UNTIL_IT_CAN: Duration = Duration::from_secs(1);

/// The reason why a library is left alone; ends a sentence about it.
const LOOPS: &str = "crashes its worker again and again and is left alone for a minute";
const MISBEHAVES: &str = "misuses its worker, which is ended and left alone for a while";

/// What a supervisor is asked.
pub(super) enum Order {
    Call(Pending),
    /// A machine that nobody wants any more, and the frame that says so.
    Forget(u64, Vec<u8>),
}

/// A call that has no answer yet.
pub(super) struct Pending {
    pub(super) id: u64,
    pub(super) frame: Vec<u8>,
    pub(super) place: Place,
    /// What it is about; `None`: nothing that could be left out.
    pub(super) subject: Option<Subject>,
    /// Hidden in what the library says meanwhile.
    pub(super) text: String,
    pub(super) to: String,
    /// The amount that it may still tell besides its answer.
    pub(super) share: Share,
    /// It said that the rest is left out.
    pub(super) closed: bool,
    pub(super) reply: oneshot::Sender<Result<(Answer, Duration), Broken>>,
}

/// What the call depends on.
pub(super) enum Place {
    /// Nothing: it may be made again in another worker.
    Anywhere,
    /// A machine that begins with it; what to cancel when it is gone.
    Opens(u64, CancellationToken),
    /// A machine, which dies with its worker.
    In(u64),
}

pub(super) struct Supervisor {
    recipe: Recipe,
    begin: Box<dyn Fn() -> BeginInstance + Send + Sync>,
    /// The threads that each worker may have.
    threads: u32,
    room: Arc<Room>,
    orders: mpsc::UnboundedReceiver<Order>,
    board: Arc<Board>,
    pending: BTreeMap<u64, Pending>,
    machines: HashMap<u64, CancellationToken>,
    suspects: Suspects,
    restarts: Restarts,
}

impl Supervisor {
    pub(super) fn new(
        recipe: Recipe,
        begin: Box<dyn Fn() -> BeginInstance + Send + Sync>,
        threads: u32,
        room: Arc<Room>,
        orders: mpsc::UnboundedReceiver<Order>,
        board: Arc<Board>,
    ) -> Self {
        Self {
            recipe,
            begin,
            threads,
            room,
            orders,
            board,
            pending: BTreeMap::new(),
            machines: HashMap::new(),
            suspects: Suspects::default(),
            restarts: Restarts::default(),
        }
    }

    /// Until nobody is there to call.
    pub(super) async fn run(mut self, first: Talk) {
        let mut talk = first;
        loop {
            self.note(|board| board.running = true);
            let Some(ended) = self.converse(talk).await else {
                return;
            };
            self.note(|board| board.running = false);
            let Some(next) = self.begin_anew(ended).await else {
                return;
            };
            talk = next;
        }
    }

    /// Talks with a worker until it ends. `None`: nobody is there to call any more.
    async fn converse(&mut self, mut talk: Talk) -> Option<Ended> {
        self.note(|board| board.starts += 1);
        self.replay(&mut talk.out);
        let [mut looks, mut looks_around] = [LOOK, LOOK_AROUND].map(interval);
        for ticks in [&mut looks, &mut looks_around] {
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        }
        let mut orders = Vec::with_capacity(BATCH);
        let why = loop {
            talk.thrift
                .calls(!self.pending.is_empty(), Instant::now().into_std());
            tokio::select! {
                count = self.orders.recv_many(&mut orders, BATCH) => {
                    if count == 0 {
                        self.leave(talk).await;
                        return None;
                    }
                    orders.drain(..).for_each(|order| self.take(order, &mut talk.out));
                }
                read = talk.reader.read_buf(&mut talk.arrived) => match read {
                    Ok(0) | Err(_) => break None,
                    Ok(_) => if let Err(nonsense) = self.hear(&mut talk) {
                        break Some(Reason::misdeed(format!("it sent {nonsense}")));
                    },
                },
                written = talk.writer.write(&talk.out), if !talk.out.is_empty() => match written {
                    Ok(count) => drop(talk.out.drain(..count)),
                    Err(_) => break None,
                },
                _ = looks.tick(), if !self.pending.is_empty() => if let Some(why) = talk.look() {
                    break Some(why);
                },
                _ = looks_around.tick() => match talk.look_around() {
                    Ok(spent) => self.mind(spent.as_ref()),
                    Err(why) => break Some(why),
                },
            }
        };
        let silent = why.as_ref().is_some_and(|why| why.silent);
        let mut ended = talk.end(why).await;
        if silent {
            // What the page says means nothing now. It answers in turn, so it is most likely at this one.
            ended.at = self.oldest();
        }
        Some(ended)
    }

    /// Tells the operator that it computes though nobody asks it, before it is ended for that.
    fn mind(&self, spent: Option<&Spent>) {
        if let Some(Spent::Warn(beyond)) = spent
            && self.room.may_write()
        {
            let (carrier, seconds) = (self.room.name(), beyond.as_secs_f32());
            tracing::warn!(target: "aldis_carrier", carrier, seconds, "the carrier's worker computes though nobody asks it");
        }
    }

    /// The first call that has no answer, of those that are not suspects, which are made last; 0: none.
    fn oldest(&self) -> u64 {
        let free = self.pending.values().find(|pending| !self.is_suspect(pending));
        let oldest = free.or_else(|| self.pending.values().next());
        oldest.map_or(0, |pending| pending.id)
    }

    fn is_suspect(&self, pending: &Pending) -> bool {
        pending
            .subject
            .is_some_and(|subject| self.suspects.is_known(subject))
    }

    /// Lets it end by itself, and hears its last words.
    async fn leave(&mut self, mut talk: Talk) {
        let _ = talk.writer.shutdown().await;
        let until = Instant::now() + FAREWELL;
        while let Ok(Ok(1..)) = timeout_at(until, talk.reader.read_buf(&mut talk.arrived)).await {
            if self.hear(&mut talk).is_err() {
                break;
            }
        }
        let _ = talk.end(None).await;
    }

    /// What was under way when the last worker ended, the suspects last: they may end this one too.
    fn replay(&mut self, out: &mut Vec<u8>) {
        self.pending.retain(|_, pending| !pending.reply.is_closed());
        for pending in self.pending.values_mut() {
            (pending.share, pending.closed) = (Share::default(), false);
        }
        let (last, first): (Vec<_>, Vec<_>) = self
            .pending
            .values()
            .partition(|pending| self.is_suspect(pending));
        for pending in first.iter().chain(&last) {
            out.extend_from_slice(&pending.frame);
        }
        let count = self.pending.len() as u64;
        self.note(|board| board.replayed += count);
    }

    fn take(&mut self, order: Order, out: &mut Vec<u8>) {
        let pending = match order {
            Order::Forget(machine, frame) => {
                if self.machines.remove(&machine).is_some() {
                    out.extend_from_slice(&frame);
                }
                return;
            }
            Order::Call(pending) if pending.reply.is_closed() => return,
            Order::Call(pending) => pending,
        };
        if pending
            .subject
            .is_some_and(|subject| self.suspects.is_out(subject))
        {
            return pending.broken("crashed its worker twice over this, which is left out now");
        }
        match &pending.place {
            Place::Anywhere => {}
            Place::Opens(machine, gone) => drop(self.machines.insert(*machine, gone.clone())),
            Place::In(machine) if self.machines.contains_key(machine) => {}
            Place::In(_) => return pending.end(Broken::bystander()),
        }
        out.extend_from_slice(&pending.frame);
        self.pending.insert(pending.id, pending);
    }

    /// Settles what died with a worker, rests, and starts the next one. `None`: nobody is there to call any more.
    async fn begin_anew(&mut self, mut ended: Ended) -> Option<Talk> {
        loop {
            let carrier = self.room.name();
            let Ended { how, at, answers, .. } = &ended;
            tracing::error!(target: "aldis_carrier", carrier, call = at, "the carrier's worker ended: {how}");
            self.settle(*at, how);
            let (next, why) = if ended.misdeed {
                self.note(|board| board.misdeeds += 1);
                (self.restarts.misbehaved(self.room.age()), MISBEHAVES)
            } else {
                (self.restarts.ended(self.room.age(), *answers), LOOPS)
            };
            match next {
                Next::Start(rest) => sleep(rest).await,
                Next::Stay(rest) => self.stay(why, rest).await?,
            }
            match self.start().await? {
                Ok(talk) => return Some(talk),
                Err(why) => ended = Ended::never(why),
            }
        }
    }

    /// After a worker's death, at the call `at`.
    fn settle(&mut self, at: u64, how: &str) {
        self.note(|board| board.ends += 1);
        for gone in std::mem::take(&mut self.machines).into_values() {
            gone.cancel();
        }
        let culprit = self.pending.get(&at);
        let is_out = culprit
            .and_then(|culprit| culprit.subject)
            .is_some_and(|subject| self.suspects.died(subject));
        if is_out && let Some(culprit) = self.pending.remove(&at) {
            self.note(|board| board.left_out += 1);
            culprit.broken(&format!(
                "crashed its worker twice over this ({how}), which is left out now"
            ));
        }
        let stateful = |pending: &mut Pending| !matches!(pending.place, Place::Anywhere);
        for (id, pending) in self.pending.extract_if(.., |_, pending| stateful(pending)) {
            pending.end(if id == at {
                Broken::in_worker(format!("crashed its worker ({how})"))
            } else {
                Broken::bystander()
            });
        }
    }

    /// Safe mode: whoever calls is told so. `None`: nobody is there to call any more.
    async fn stay(&mut self, why: &str, rest: Duration) -> Option<()> {
        let (carrier, seconds) = (self.room.name(), rest.as_secs());
        tracing::error!(target: "aldis_carrier", carrier, seconds, "the carrier library {why}");
        self.note(|board| board.safe_mode = true);
        self.turn_away(why, rest).await?;
        self.note(|board| board.safe_mode = false);
        Some(())
    }

    /// Whoever waits, or calls meanwhile, is told why there is no answer. `None`: nobody is there to call any more.
    async fn turn_away(&mut self, why: &str, rest: Duration) -> Option<()> {
        for pending in std::mem::take(&mut self.pending).into_values() {
            pending.broken(why);
        }
        let until = Instant::now() + rest;
        while let Ok(order) = timeout_at(until, self.orders.recv()).await {
            if let Order::Call(pending) = order? {
                pending.broken(why);
            }
        }
        Some(())
    }

    /// The next one, or why the library does not come up. That this machine cannot start any says nothing of the
    /// library, and is tried until it can. `None`: nobody is there to call any more.
    async fn start(&mut self) -> Option<Result<Talk, String>> {
        loop {
            let why = match self.try_start().await {
                Ok(talk) => return Some(Ok(talk)),
                Err(NotStarted::Library(why)) => return Some(Err(why)),
                Err(NotStarted::Setting(refusal)) => {
                    return Some(Err(self.room.redactor().clean(&refusal.reason)));
                }
                Err(NotStarted::Host(why)) => format!("has no worker, for none can be started: {why}"),
            };
            let carrier = self.room.name();
            tracing::error!(target: "aldis_carrier", carrier, "the carrier {why}");
            self.turn_away(&why, UNTIL_IT_CAN).await?;
        }
    }

    async fn try_start(&self) -> Result<Talk, NotStarted> {
        let (recipe, begin, threads) = (self.recipe.clone(), (self.begin)(), self.threads);
        let starting = tokio::task::spawn_blocking(move || recipe.start(Some(begin), threads));
        let started = starting.await.map_err(|error| error.to_string());
        let mut started = started.map_err(NotStarted::Host)??;
        for aside in std::mem::take(&mut started.asides) {
            self.room.heed(aside, "", "");
        }
        Talk::new(started, threads).map_err(|error| NotStarted::Host(error.to_string()))
    }

    fn note(&self, change: impl FnOnce(&mut WorkerMetrics)) {
        change(&mut self.board.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Pending {
    fn broken(self, how: &str) {
        self.end(Broken::in_worker(how));
    }

    fn end(self, broken: Broken) {
        let _ = self.reply.send(Err(broken));
    }
}
