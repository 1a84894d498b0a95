//! Until a worker is ready: what it says on the way there, and for how long anybody listens.

use super::frame::{self, Begin, Loaded, Said};
use super::process::{NotStarted, READY_WITHIN};
use crate::border::RawLink;
use crate::border::calls::Refusal;
use crate::border::host_table::Aside;
use bytes::BytesMut;
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

#[cfg(test)]
mod tests;

/// Why a worker will not be ready.
pub(super) enum Unmet {
    /// It says why not.
    Said(NotStarted),
    /// Nobody waits for it any longer.
    Hopeless(String),
    /// It hung up.
    Gone(String),
}

type Met = (UnixStream, Loaded, Option<Vec<RawLink>>, Vec<Aside>);

/// Until the worker is ready, which it has to be by `until`.
pub(super) fn meet(mut socket: UnixStream, begin: &Begin, until: Instant) -> Result<Met, Unmet> {
    let nonsense = |what: String| Unmet::Hopeless(format!("its worker sends {what}"));
    let mut first = Vec::new();
    frame::put(begin, &mut first).map_err(nonsense)?;
    socket
        .set_write_timeout(Some(READY_WITHIN))
        .and_then(|()| socket.write_all(&first))
        .map_err(|error| Unmet::of(&error))?;
    let (mut arrived, mut overheard, mut loaded) = (BytesMut::new(), Overheard::default(), None);
    loop {
        // What has arrived does not count either: there may be no end to it.
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Unmet::late());
        }
        let Some(frame) = frame::next(&mut arrived).map_err(nonsense)? else {
            receive(&mut socket, &mut arrived, left).map_err(|error| Unmet::of(&error))?;
            continue;
        };
        let length = frame.len();
        match frame::read(&frame).map_err(nonsense)? {
            Said::Aside(_, aside) => overheard.keep(aside, length),
            Said::Unfit(reason) => {
                let reason = format!("its worker cannot work here: {reason}");
                return Err(Unmet::Said(NotStarted::Host(reason)));
            }
            Said::Loaded(Err(reason)) => return Err(Unmet::Said(NotStarted::Library(reason))),
            Said::Loaded(Ok(ready)) if begin.instance.is_none() => {
                return Ok((socket, ready, None, overheard.all()));
            }
            Said::Loaded(Ok(ready)) => loaded = Some(ready),
            Said::Made(Err(refused)) => {
                return Err(Unmet::Said(NotStarted::Setting(Refusal {
                    key: refused.key,
                    reason: refused.reason,
                })));
            }
            Said::Made(Ok(links)) => {
                let ready = loaded.ok_or_else(|| nonsense("an instance of no library".to_owned()))?;
                return Ok((socket, ready, links, overheard.all()));
            }
            Said::Answer(_) => return Err(nonsense("an answer to nothing".to_owned())),
        }
    }
}

fn receive(socket: &mut UnixStream, arrived: &mut BytesMut, within: Duration) -> io::Result<()> {
    socket.set_read_timeout(Some(within.max(Duration::from_millis(1))))?;
    let mut bytes = [0; 16 * 1024];
    match socket.read(&mut bytes)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => {
            arrived.extend_from_slice(&bytes[..count]);
            Ok(())
        }
    }
}

impl Unmet {
    fn late() -> Self {
        Self::Hopeless(format!(
            "it is not ready {} s after its worker was started: it hangs where it is loaded or set up",
            READY_WITHIN.as_secs()
        ))
    }

    fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Self::late(),
            io::ErrorKind::UnexpectedEof => Self::Gone("its worker hung up".to_owned()),
            _ => Self::Gone(format!("its worker does not answer: {error}")),
        }
    }
}

/// What a library said before it was ready. It may say more than anybody wants to keep.
#[derive(Default)]
struct Overheard {
    kept: Vec<Aside>,
    bytes: usize,
    dropped: u64,
}

impl Overheard {
    /// So many things, of so many bytes altogether: its whole shelf fits in.
    const THINGS: usize = 1000;
    const BYTES: usize = 1024 * 1024;

    fn keep(&mut self, aside: Aside, length: usize) {
        if self.kept.len() >= Self::THINGS || self.bytes.saturating_add(length) > Self::BYTES {
            self.dropped += 1;
            return;
        }
        self.bytes += length;
        self.kept.push(aside);
    }

    fn all(mut self) -> Vec<Aside> {
        if self.dropped > 0 {
            let dropped = self.dropped;
            let line = format!("said {dropped} more things while it was started, which are dropped");
            self.kept.push(Aside::Log(2, line));
        }
        self.kept
    }
}
