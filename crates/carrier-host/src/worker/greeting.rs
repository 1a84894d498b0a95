//! Until a worker is ready: what it says on the way there, and for how long anybody listens.

use super::frame::{self, Begin, Loaded, Said, Words};
use super::process::{NotStarted, READY_WITHIN};
use crate::border::RawLink;
use crate::border::aside::Aside;
use crate::border::calls::Refusal;
use crate::limits;
use crate::redact::Redactor;
use bytes::BytesMut;
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::thread;
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

/// Waits until the worker is ready, which it has to be by `until`. `fault` says what to end it for meanwhile, if anything.
pub(super) fn meet(
    mut socket: UnixStream,
    begin: &Begin,
    until: Instant,
    fault: impl Fn() -> Option<String>,
) -> Result<Met, Unmet> {
    let nonsense = |what: String| Unmet::Hopeless(format!("its worker sends {what}"));
    let mut first = Vec::new();
    frame::put(begin, &mut first).map_err(nonsense)?;
    socket
        .set_write_timeout(Some(READY_WITHIN))
        .and_then(|()| socket.write_all(&first))
        .map_err(|error| Unmet::of(&error))?;
    let (mut arrived, mut overheard, mut loaded) = (BytesMut::new(), Overheard::default(), None);
    let mut heard = 0_usize;
    loop {
        // What has arrived does not count either: there may be no end to it.
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Unmet::late());
        }
        let Some(frame) = frame::next(&mut arrived, frame::FROM_WORKER).map_err(nonsense)? else {
            if let Some(fault) = fault() {
                return Err(Unmet::Hopeless(fault));
            }
            let received = receive(&mut socket, &mut arrived, left.min(LOOK));
            heard = heard.saturating_add(received.map_err(|error| Unmet::of(&error))?);
            if heard > AT_FULL_SPEED {
                thread::sleep(BREATH);
            }
            continue;
        };
        let length = frame.len();
        match frame::read(&frame).map_err(nonsense)? {
            Said::Aside(_, aside) => overheard.keep(aside, length),
            Said::Unfit(Words(reason)) => {
                let reason = format!("its worker cannot work here: {}", shown(&reason));
                return Err(Unmet::Said(NotStarted::Host(reason)));
            }
            Said::Loaded(Err(Words(reason))) => {
                return Err(Unmet::Said(NotStarted::Library(shown(&reason))));
            }
            Said::Loaded(Ok(ready)) => {
                let ready = checked(ready).map_err(nonsense)?;
                if begin.instance.is_none() {
                    return Ok((socket, ready, None, overheard.all()));
                }
                loaded = Some(ready);
            }
            Said::Made(Err(refused)) => {
                return Err(Unmet::Said(NotStarted::Setting(Refusal {
                    key: refused.key,
                    reason: refused.reason,
                })));
            }
            Said::Made(Ok(links)) => {
                let ready = loaded.ok_or_else(|| nonsense("an instance of no library".to_owned()))?;
                return Ok((socket, ready, links.map(|links| links.0), overheard.all()));
            }
            Said::Answer(_) => return Err(nonsense("an answer to nothing".to_owned())),
        }
    }
}

/// The bytes that are read as fast as they come: an honest library does not say more before it is ready.
const AT_FULL_SPEED: usize = 4 * 1024 * 1024;

/// The longest silence before it is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// A rest before each further 16 KiB, so that one that babbles costs little until its time is up.
const BREATH: Duration = Duration::from_millis(1);

/// Cleans words for people: it may be the library that speaks.
fn shown(words: &str) -> String {
    Redactor::default().clean(words)
}

/// Checks what it says of itself, and cleans it.
fn checked(mut ready: Loaded) -> Result<Loaded, String> {
    if ready.descriptor.len() > limits::DESCRIPTOR {
        return Err(format!("a descriptor of {} bytes", ready.descriptor.len()));
    }
    for gap in &mut ready.gaps {
        *gap = shown(gap);
    }
    Ok(ready)
}

/// Returns how many bytes have come; 0: none within this time.
fn receive(socket: &mut UnixStream, arrived: &mut BytesMut, within: Duration) -> io::Result<usize> {
    socket.set_read_timeout(Some(within.max(Duration::from_millis(1))))?;
    let mut bytes = [0; 16 * 1024];
    match socket.read(&mut bytes) {
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => Ok(0),
        Err(error) => Err(error),
        Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
        Ok(count) => {
            arrived.extend_from_slice(&bytes[..count]);
            Ok(count)
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
