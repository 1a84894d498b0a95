//! A carrier library in a process of its own. Delivery keeps the sockets, the timers and the messages; the worker
//! answers calls. Where it crashes, the calls under way are made again in the next one, and nothing was sent twice,
//! because a call sends nothing.

mod child;
pub(crate) mod frame;
mod greeting;
mod machine;
mod page;
mod process;
mod program;
mod restarts;
mod supervisor;
mod suspects;
mod talk;
mod thrift;
mod watch;

#[cfg(feature = "kit")]
pub(crate) use child::cage;
pub use child::{Ended, work};
pub(crate) use frame::Loaded;
pub use frame::{FROM_WORKER as FRAME_LIMIT, count as count_frames, memory as memory_of_frame};
pub(crate) use machine::Machine;
pub(crate) use process::{NotStarted, Recipe};
pub(crate) use program::Program;

use crate::InstanceOptions;
use crate::border::aside::Share;
use crate::border::calls::{LentAnswer, Refusal, Verdict};
use crate::border::host_table::Room;
use crate::border::{RawLink, Word};
use crate::broken::Broken;
use crate::callback::CallbackRequest;
use crate::submission::CarrierMessage;
use frame::{Answer, Ask, BeginInstance, Call};
use std::borrow::Cow;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use supervisor::{Order, Pending, Place, Supervisor};
use talk::Talk;
use tokio::sync::{mpsc, oneshot};

/// The threads that a worker may have, the first one included: a runtime such as Go's has one for each processor and some
/// more.
pub const THREADS: u32 = 64;

/// One carrier's worker as it stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WorkerMetrics {
    /// There is a process that takes calls.
    pub running: bool,
    /// It crashed again and again and is left alone for a while.
    pub safe_mode: bool,
    /// Processes started.
    pub starts: u64,
    /// Processes that ended without being asked to.
    pub ends: u64,
    /// Calls made again in another process.
    pub replayed: u64,
    /// Messages and call-backs that are left out, because two processes ended over them.
    pub left_out: u64,
    /// Processes that were ended for what no honest library does.
    pub misdeeds: u64,
    /// Answers to calls that were given up meanwhile.
    pub late: u64,
}

type Board = Mutex<WorkerMetrics>;

/// An instance in a worker. The last owner ends it.
pub(crate) struct Worker {
    room: Arc<Room>,
    orders: mpsc::UnboundedSender<Order>,
    board: Arc<Board>,
    loaded: Loaded,
    ids: AtomicU64,
    hashes: RandomState,
}

/// A call's answer, and how long the library took.
pub(crate) type Told<T> = Result<(T, Duration), Broken>;

impl Worker {
    /// Starts it, and makes the instance. The links are those of a carrier of the session style. Blocks, within a
    /// runtime.
    pub(crate) fn start(
        recipe: Recipe,
        room: Room,
        options: &InstanceOptions,
    ) -> Result<(Self, Option<Vec<RawLink>>), Refusal> {
        let host = |reason: String| Refusal {
            key: String::new(),
            reason,
        };
        let runtime = tokio::runtime::Handle::try_current().map_err(|error| host(error.to_string()))?;
        let room = Arc::new(room);
        let (begin, threads) = (begin(Arc::clone(&room), options), options.worker_threads);
        let mut started = recipe.start(Some(begin()), threads).map_err(|not| match not {
            NotStarted::Setting(refusal) => refusal,
            NotStarted::Library(reason) => host(format!("the carrier library: {reason}")),
            NotStarted::Host(reason) => host(reason),
        })?;
        for aside in std::mem::take(&mut started.asides) {
            room.heed(aside, "", "");
        }
        let (orders, inbox) = mpsc::unbounded_channel();
        let board = Arc::new(Board::default());
        let (loaded, links) = (started.loaded.clone(), started.links.take());
        let talk = Talk::new(started, threads).map_err(|error| host(error.to_string()))?;
        let supervisor = Supervisor::new(
            recipe,
            begin,
            threads,
            Arc::clone(&room),
            inbox,
            Arc::clone(&board),
        );
        runtime.spawn(supervisor.run(talk));
        let worker = Self {
            room,
            orders,
            board,
            loaded,
            ids: AtomicU64::new(1),
            hashes: RandomState::new(),
        };
        Ok((worker, links))
    }

    pub(crate) fn room(&self) -> &Room {
        &self.room
    }

    pub(crate) fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    pub(crate) fn metrics(&self) -> WorkerMetrics {
        *self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first word on a message.
    pub(crate) async fn submit(&self, message: &CarrierMessage, now_unix_ms: u64) -> Told<Word> {
        let ask = Ask::Submit(Cow::Borrowed(message), now_unix_ms);
        self.word(ask, message).await
    }

    /// The next word, given what came of the last request.
    pub(crate) async fn on_response(&self, message: &CarrierMessage, answer: LentAnswer<'_>) -> Told<Word> {
        let ask = Ask::Response(Cow::Borrowed(message), answer);
        self.word(ask, message).await
    }

    async fn word(&self, ask: Ask<'_>, message: &CarrierMessage) -> Told<Word> {
        let about = About::message(self, message);
        match self.ask(ask, Place::Anywhere, about).await? {
            (Answer::Word(word), took) => Ok((word, took)),
            _ => Err(MIXED_UP.into()),
        }
    }

    /// What the library makes of a call-back.
    pub(crate) async fn callback(&self, request: &CallbackRequest) -> Told<Verdict> {
        let about = About {
            subject: Some(self.hash(&(&request.external_url, &request.body))),
            ..About::default()
        };
        let ask = Ask::Callback(Cow::Borrowed(request));
        match self.ask(ask, Place::Anywhere, about).await? {
            (Answer::Verdict(verdict), took) => Ok((verdict, took)),
            _ => Err(MIXED_UP.into()),
        }
    }

    async fn ask(&self, ask: Ask<'_>, place: Place, about: About) -> Told<Answer> {
        self.call(ask, place, about)?.answer().await
    }

    fn call(&self, ask: Ask<'_>, place: Place, about: About) -> Result<Asked, Broken> {
        let (id, frame) = self.frame(ask)?;
        let (reply, answer) = oneshot::channel();
        let About { subject, text, to } = about;
        let pending = Pending {
            id,
            frame,
            place,
            subject,
            text,
            to,
            share: Share::default(),
            closed: false,
            reply,
        };
        let _ = self.orders.send(Order::Call(pending));
        Ok(Asked(answer))
    }

    fn frame(&self, ask: Ask<'_>) -> Result<(u64, Vec<u8>), Broken> {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let call = Call {
            id,
            now_unix_ms: self.room.now_unix_ms(),
            ask,
        };
        let mut frame = Vec::new();
        frame::put(&call, &mut frame)?;
        Ok((id, frame))
    }

    fn hash(&self, what: &impl Hash) -> u64 {
        self.hashes.hash_one(what)
    }
}

/// A call on its way.
struct Asked(oneshot::Receiver<Told<Answer>>);

impl Asked {
    async fn answer(self) -> Told<Answer> {
        let answer = self.0.await;
        answer.unwrap_or_else(|_| Err(Broken::bystander()))
    }
}

const MIXED_UP: &str = "has a worker that answered something else";

/// What a call is about.
#[derive(Default)]
struct About {
    subject: Option<u64>,
    text: String,
    to: String,
}

impl About {
    fn message(worker: &Worker, message: &CarrierMessage) -> Self {
        Self {
            subject: Some(worker.hash(&message.id)),
            text: message.text.clone(),
            to: message.to.clone(),
        }
    }
}

/// What each worker of an instance begins with.
fn begin(room: Arc<Room>, options: &InstanceOptions) -> Box<dyn Fn() -> BeginInstance + Send + Sync> {
    let (name, settings) = (options.name.clone(), options.settings.to_string());
    let (secrets, callback_base_url) = (options.secrets.clone(), options.callback_base_url.clone());
    Box::new(move || BeginInstance {
        name: name.clone(),
        settings: settings.clone(),
        secrets: secrets.clone(),
        callback_base_url: callback_base_url.clone(),
        shelf: room.shelf().all(),
        now_unix_ms: room.now_unix_ms(),
    })
}
