//! The words between delivery and one worker that are on their way, and how it ended.

use super::process::{Process, Started, too_many_threads};
use super::thrift::{Spent, Thrift};
use super::watch::Watch;
use crate::border::aside::{Aside, Share};
use bytes::BytesMut;
use std::time::{Duration, Instant};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

const READ: usize = 64 * 1024;

/// The time in which a worker may tell a call's share apart from calls, as when a connection's machine is destroyed.
const SECOND: Duration = Duration::from_secs(1);

/// A reason to end a worker.
pub(super) struct Reason {
    pub(super) how: String,
    /// The page that says which call it is at is not to be believed.
    pub(super) silent: bool,
    /// No honest library does it.
    pub(super) misdeed: bool,
}

impl Reason {
    pub(super) fn misdeed(how: String) -> Self {
        Self {
            how,
            silent: false,
            misdeed: true,
        }
    }
}

/// How a worker ended.
pub(super) struct Ended {
    pub(super) how: String,
    /// It was ended for what no honest library does.
    pub(super) misdeed: bool,
    /// The call it was at; 0: none.
    pub(super) at: u64,
    /// What it had answered.
    pub(super) answers: u64,
}

/// The words that are on their way.
pub(super) struct Talk {
    pub(super) process: Process,
    pub(super) reader: OwnedReadHalf,
    pub(super) writer: OwnedWriteHalf,
    pub(super) arrived: BytesMut,
    pub(super) out: Vec<u8>,
    pub(super) answers: u64,
    pub(super) watch: Watch,
    pub(super) thrift: Thrift,
    /// The threads it may have.
    most_threads: u32,
    /// The share that is left to tell apart from calls, and since when.
    strays: (Instant, Share),
}

impl Ended {
    /// It did not even begin.
    pub(super) fn never(how: String) -> Self {
        Self {
            how,
            misdeed: false,
            at: 0,
            answers: 0,
        }
    }
}

impl Talk {
    pub(super) fn new(started: Started, most_threads: u32) -> std::io::Result<Self> {
        started.socket.set_read_timeout(None)?;
        started.socket.set_nonblocking(true)?;
        let (reader, writer) = UnixStream::from_std(started.socket)?.into_split();
        Ok(Self {
            process: started.process,
            reader,
            writer,
            arrived: BytesMut::with_capacity(READ),
            out: Vec::new(),
            answers: 0,
            watch: Watch::default(),
            thrift: Thrift::default(),
            most_threads,
            strays: (Instant::now(), Share::default()),
        })
    }

    /// Looks, while somebody waits, for a reason to end it.
    pub(super) fn look(&mut self) -> Option<Reason> {
        let (at, cpu) = (self.process.at(), self.process.cpu_time()?);
        let overrun = self.watch.look(at, cpu, Instant::now())?;
        Some(Reason {
            how: overrun.how,
            silent: overrun.silent,
            misdeed: false,
        })
    }

    /// Looks at what it uses, whether anybody waits or not. `Err`: a reason to end it.
    pub(super) fn look_around(&mut self) -> Result<Option<Spent>, Reason> {
        if let Some(threads) = self.process.threads()
            && threads > self.most_threads
        {
            return Err(Reason::misdeed(too_many_threads(threads, self.most_threads)));
        }
        let Some(cpu) = self.process.cpu_time() else {
            return Ok(None);
        };
        match self.thrift.look(cpu, Instant::now()) {
            Some(Spent::End(beyond)) => {
                let seconds = beyond.as_secs();
                let how = format!("it used {seconds} s of the processor more than its calls explain");
                Err(Reason::misdeed(how))
            }
            spent => Ok(spent),
        }
    }

    /// Returns whether it may tell this apart from the calls that are under way.
    pub(super) fn may_stray(&mut self, aside: &Aside) -> bool {
        let now = Instant::now();
        if now - self.strays.0 >= SECOND {
            self.strays = (now, Share::default());
        }
        self.strays.1.take(aside.weight())
    }

    /// Waits for its end, by force if there is a reason, and says how it ended.
    pub(super) async fn end(self, why: Option<Reason>) -> Ended {
        let (at, answers, mut process) = (self.process.at(), self.answers, self.process);
        let misdeed = why.as_ref().is_some_and(|why| why.misdeed);
        let ending = tokio::task::spawn_blocking(move || {
            if let Some(why) = why {
                process.kill();
                return Some(why.how);
            }
            process.end()
        });
        let how = ending.await.ok().flatten();
        Ended {
            how: how.unwrap_or_else(|| "it closed its socket".to_owned()),
            misdeed,
            at,
            answers,
        }
    }
}
