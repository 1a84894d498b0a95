//! A worker's process: how it is started, how much it works, and how it ended.

use super::frame::{BUILD, Begin, BeginInstance, Loaded};
use super::greeting::{Unmet, meet};
use super::page::Page;
use super::program::Program;
use crate::border::RawLink;
use crate::border::aside::Aside;
use crate::border::calls::Refusal;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A library that is not ready by then has a loop where it is loaded or where its instances are made.
pub(super) const READY_WITHIN: Duration = Duration::from_secs(10);

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
    /// Starts one that may have so many threads, and waits until it is ready. Blocks.
    pub(crate) fn start(&self, instance: Option<BeginInstance>, threads: u32) -> Result<Started, NotStarted> {
        let host = |error: io::Error| NotStarted::Host(format!("{}: {error}", self.program.path().display()));
        let (ours, theirs) = UnixStream::pair().map_err(host)?;
        let (page, memory) = Page::new().map_err(host)?;
        let mut command = self.program.command().map_err(host)?;
        // Three descriptors reach a child without further ado; it moves them out of the way.
        command
            .arg(std::process::id().to_string())
            .arg(threads.to_string())
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
        let fault = || {
            let many = process.threads().filter(|many| *many > threads)?;
            Some(too_many_threads(many, threads))
        };
        match meet(ours, &begin, Instant::now() + READY_WITHIN, fault) {
            Ok((socket, loaded, links, asides)) => Ok(Started {
                process,
                socket,
                loaded,
                links,
                asides,
            }),
            Err(Unmet::Said(not_started)) => Err(not_started),
            Err(Unmet::Hopeless(why)) => {
                process.kill();
                Err(NotStarted::Library(why))
            }
            Err(Unmet::Gone(why)) => Err(NotStarted::Library(match process.end() {
                Some(how) => format!("its worker ended ({how}): it crashes where it is loaded or set up"),
                None => why,
            })),
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

    /// Returns how many threads it has; `None`: that cannot be seen here, or it has ended.
    pub(crate) fn threads(&self) -> Option<u32> {
        let line = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        // proc_pid_stat(5): the name, in parentheses, may hold anything; the 18th field after it is num_threads.
        let (_, rest) = line.rsplit_once(')')?;
        rest.split_whitespace().nth(17)?.parse().ok()
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

/// The end of a sentence about a worker.
pub(super) fn too_many_threads(many: u32, most: u32) -> String {
    format!("it has {many} threads, and {most} are allowed (worker_threads)")
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
