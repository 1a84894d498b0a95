//! The words between delivery and one worker that are on their way, and how it ended.

use super::process::{Process, Started};
use super::watch::{Overrun, Watch};
use bytes::BytesMut;
use std::time::Instant;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

const READ: usize = 64 * 1024;

/// How a worker ended.
pub(super) struct Ended {
    pub(super) how: String,
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
}

impl Ended {
    /// It did not even begin.
    pub(super) fn never(how: String) -> Self {
        Self {
            how,
            at: 0,
            answers: 0,
        }
    }
}

impl Talk {
    pub(super) fn new(started: Started) -> std::io::Result<Self> {
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
        })
    }

    /// What to end it for.
    pub(super) fn look(&mut self) -> Option<Overrun> {
        let (at, cpu) = (self.process.at(), self.process.cpu_time()?);
        self.watch.look(at, cpu, Instant::now())
    }

    /// How it ended; by force, if `why` is given.
    pub(super) async fn end(self, why: Option<String>) -> Ended {
        let (at, answers, mut process) = (self.process.at(), self.answers, self.process);
        let ending = tokio::task::spawn_blocking(move || {
            if why.is_some() {
                process.kill();
                return why;
            }
            process.end()
        });
        let how = ending.await.ok().flatten();
        Ended {
            how: how.unwrap_or_else(|| "it closed its socket".to_owned()),
            at,
            answers,
        }
    }
}
