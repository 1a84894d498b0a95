//! A worker's process: how it is started, how much it works, and how it ended.

use super::frame::{self, BUILD, Begin, BeginInstance, Loaded, Said};
use super::page::Page;
use super::program::Program;
use crate::border::RawLink;
use crate::border::calls::Refusal;
use crate::border::host_table::Aside;
use bytes::BytesMut;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A library that is not ready by then has a loop where it is loaded or where its instances are made.
const READY_WITHIN: Duration = Duration::from_secs(10);

/// How long a worker gets to end by itself once nobody talks to it.
const ENDS_WITHIN: Duration = Duration::from_secs(1);

/// The program, and the library it is to hold.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    pub(crate) program: Program,
    /// The sealed bytes.
    pub(crate) library: Arc<OwnedFd>,
}

/// A worker that is ready.
pub(crate) struct Started {
    pub(crate) process: Process,
    pub(crate) socket: UnixStream,
    pub(crate) loaded: Loaded,
    /// Of the instance, if it is of the session style.
    pub(crate) links: Option<Vec<RawLink>>,
    /// What the library said meanwhile.
    pub(crate) asides: Vec<Aside>,
}

/// Why there is none.
pub(crate) enum NotStarted {
    /// The library will not do, or its process ended; completes "the library: ".
    Library(String),
    /// A setting is at fault.
    Setting(Refusal),
    /// It is not the library's fault.
    Host(String),
}

impl Recipe {
    /// Starts one, and waits until it is ready. Blocks.
    pub(crate) fn start(&self, instance: Option<BeginInstance>) -> Result<Started, NotStarted> {
        let host = |error: io::Error| NotStarted::Host(format!("{}: {error}", self.program.path().display()));
        let (ours, theirs) = UnixStream::pair().map_err(host)?;
        let (page, memory) = Page::new().map_err(host)?;
        let mut command = Command::new(self.program.path());
        // Three descriptors reach a child without further ado; it moves them out of the way.
        command
            .arg(std::process::id().to_string())
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::from(self.library.try_clone().map_err(host)?))
            .stderr(Stdio::from(memory));
        let child = self.program.spawn(command).map_err(host)?;
        let mut process = Process { child, page };
        let begin = Begin {
            build: BUILD.to_owned(),
            instance,
        };
        match meet(ours, &begin) {
            Ok((socket, loaded, links, asides)) => Ok(Started {
                process,
                socket,
                loaded,
                links,
                asides,
            }),
            Err(Unmet::Said(not_started)) => Err(not_started),
            Err(Unmet::Silent(why)) => Err(NotStarted::Library(match process.end() {
                Some(how) => format!("its worker ended ({how}): it crashes where it is loaded or set up"),
                None => why,
            })),
        }
    }
}

enum Unmet {
    /// The worker says why not.
    Said(NotStarted),
    /// It says nothing any more.
    Silent(String),
}

type Met = (UnixStream, Loaded, Option<Vec<RawLink>>, Vec<Aside>);

/// Until the worker is ready.
fn meet(mut socket: UnixStream, begin: &Begin) -> Result<Met, Unmet> {
    let silent = |error: io::Error| Unmet::Silent(format!("its worker does not answer: {error}"));
    let nonsense = |what: String| Unmet::Silent(format!("its worker sends {what}"));
    let mut first = Vec::new();
    frame::put(begin, &mut first).map_err(nonsense)?;
    socket.write_all(&first).map_err(silent)?;
    let until = Instant::now() + READY_WITHIN;
    let (mut arrived, mut asides, mut loaded) = (BytesMut::new(), Vec::new(), None);
    loop {
        let Some(frame) = frame::next(&mut arrived).map_err(nonsense)? else {
            receive(&mut socket, &mut arrived, until).map_err(silent)?;
            continue;
        };
        match frame::read(&frame).map_err(nonsense)? {
            Said::Aside(_, aside) => asides.push(aside),
            Said::Loaded(Err(reason)) => return Err(Unmet::Said(NotStarted::Library(reason))),
            Said::Loaded(Ok(ready)) if begin.instance.is_none() => {
                return Ok((socket, ready, None, asides));
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
                return Ok((socket, ready, links, asides));
            }
            Said::Answer(_) => return Err(nonsense("an answer to nothing".to_owned())),
        }
    }
}

fn receive(socket: &mut UnixStream, arrived: &mut BytesMut, until: Instant) -> io::Result<()> {
    let left = until.saturating_duration_since(Instant::now());
    socket.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
    let mut bytes = [0; 16 * 1024];
    match socket.read(&mut bytes)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => {
            arrived.extend_from_slice(&bytes[..count]);
            Ok(())
        }
    }
}

/// Ended with this, by force if need be.
pub(crate) struct Process {
    child: Child,
    page: Page,
}

impl Process {
    /// The call it is at; 0: none.
    pub(crate) fn at(&self) -> u64 {
        self.page.get()
    }

    /// Processor time it has used; `None`: it has ended.
    pub(crate) fn cpu_time(&self) -> Option<Duration> {
        let id = libc::pid_t::try_from(self.child.id()).ok()?;
        // SAFETY: both fill in what they are given; the process is not waited for yet, so the number is its own.
        let time = unsafe {
            let mut clock = std::mem::zeroed();
            let mut time: libc::timespec = std::mem::zeroed();
            let found = libc::clock_getcpuclockid(id, &raw mut clock) == 0;
            (found && libc::clock_gettime(clock, &raw mut time) == 0).then_some(time)?
        };
        let nanos = u32::try_from(time.tv_nsec).ok()?;
        Some(Duration::new(u64::try_from(time.tv_sec).ok()?, nanos))
    }

    /// How it ended of its own accord, waiting a moment for that; `None`: it had to be ended.
    pub(crate) fn end(&mut self) -> Option<String> {
        let until = Instant::now() + ENDS_WITHIN;
        while Instant::now() < until {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(words(status));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        self.kill();
        None
    }

    pub(crate) fn kill(&mut self) {
        // Both fail if it has been waited for, and then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// For the operator.
fn words(status: ExitStatus) -> String {
    let Some(signal) = status.signal() else {
        return match status.code() {
            Some(code) => format!("exit code {code}"),
            None => status.to_string(),
        };
    };
    let named = match signal {
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGABRT => "SIGABRT",
        libc::SIGBUS => "SIGBUS",
        libc::SIGILL => "SIGILL",
        libc::SIGFPE => "SIGFPE",
        libc::SIGKILL => "SIGKILL",
        libc::SIGSYS => "SIGSYS",
        libc::SIGTRAP => "SIGTRAP",
        libc::SIGTERM => "SIGTERM",
        other => return format!("signal {other}"),
    };
    named.to_owned()
}
