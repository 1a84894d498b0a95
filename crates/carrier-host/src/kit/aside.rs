//! Work in a copy of this process: what it leaves behind stays in the copy, and so does a crash that is expected.
//!
//! A copy is made while no library is mapped, and is shut in before it maps one: no library's code ever runs in a process
//! that may make another.

use super::cause::{Ending, cause};
use super::ground::Ground;
use super::report::{Fault, Line};
use super::sentry::{EXPLAINED, Watch};
use super::{Checked, End};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};

/// What the copy found.
#[derive(Serialize, Deserialize)]
enum Found {
    /// What the library said, line by line.
    Said(Vec<String>),
    Broken(Vec<Fault>),
    Skipped(String),
    Untried(String),
}

/// How the copy ended.
enum Left {
    /// As `_exit` or a return of it says.
    Code(i32),
    Signal(i32),
}

/// Does `work` in a copy of this process and returns what it found. If the library ends the copy, this process ends
/// the same way.
pub(super) fn aside(
    ground: &Ground,
    work: impl FnOnce() -> Result<Vec<String>, End>,
) -> Result<Vec<String>, End> {
    let (said, left) = forked(ground, |_| {
        let found = match work() {
            Ok(said) => Found::Said(said),
            Err(End::Broken(faults)) => Found::Broken(faults),
            Err(End::Skipped(reason)) => Found::Skipped(reason),
            Err(End::Untried(reason)) => Found::Untried(reason),
        };
        serde_json::to_vec(&found).unwrap_or_default()
    })
    .map_err(|error| no_copy(&error))?;
    match (left, serde_json::from_slice(&said)) {
        (Left::Code(0), Ok(Found::Said(lines))) => Ok(lines),
        (Left::Code(0), Ok(Found::Broken(faults))) => Err(End::Broken(faults)),
        (Left::Code(0), Ok(Found::Skipped(reason))) => Err(End::Skipped(reason)),
        (Left::Code(0), Ok(Found::Untried(reason))) => Err(End::Untried(reason)),
        (left, _) => end_as(&left),
    }
}

/// The pipe of a copy whose crash is expected.
pub(super) struct Pipe(RawFd);

/// The line that stands in the pipe before what the library does from there on.
const FROM_HERE: &str = "from here on";

impl Pipe {
    /// Says that a crash is expected from here on, and has it told to whoever made the copy.
    pub(super) fn expect_crashes(&self, watch: &Watch) {
        let line = format!("{FROM_HERE}\n");
        // SAFETY: our own bytes, into our own pipe; without it the crash is not taken for an expected one.
        let _ = unsafe { libc::write(self.0, line.as_ptr().cast(), line.len()) };
        watch.tell(self.0);
    }
}

/// Does `work` in a copy of this process. Once it has said [`Pipe::expect_crashes`], whatever ends the copy is expected, but
/// for a look beyond the end of what was lent; before that, this process ends the same way.
pub(super) fn beyond(ground: &Ground, doing: &str, work: impl FnOnce(&Pipe) -> Result<(), End>) -> Checked {
    let (said, left) = forked(ground, |pipe| {
        let _ = work(&Pipe(pipe));
        Vec::new()
    })
    .map_err(|error| no_copy(&error))?;
    let said = String::from_utf8_lossy(&said);
    let expected = said.lines().any(|line| line == FROM_HERE);
    if !expected && !matches!(left, Left::Code(0)) {
        end_as(&left);
    }
    let crash = said
        .lines()
        .filter_map(|line| serde_json::from_str::<Line>(line).ok())
        .find_map(|line| match line {
            Line::Crash(crash) if crash.contains("beyond the end of") => Some(crash),
            _ => None,
        });
    let Some(crash) = crash else {
        return Ok(String::new());
    };
    let ending = Ending {
        crash: Some(crash),
        hung: None,
        signal: None,
        code: Some(EXPLAINED),
        reported: false,
    };
    cause(&ending, doing, "").map_or(Ok(String::new()), |fault| Err(fault.into()))
}

fn no_copy(error: &io::Error) -> Fault {
    Fault::new(
        format!("the kit cannot copy its process: {error}"),
        "let it have more processes or memory",
    )
}

/// The most that is read from a copy: no library says so much, and one that writes more is cut off.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Runs `work` in a copy; what it returns, and what is written into the pipe it is given, comes back.
fn forked(ground: &Ground, work: impl FnOnce(RawFd) -> Vec<u8>) -> io::Result<(Vec<u8>, Left)> {
    if !ground.is_open() {
        return Err(io::Error::other("a library runs in it"));
    }
    let this = std::process::id();
    let (from, to) = pipe()?;
    // SAFETY: this process has one thread, so its copy may do what it could.
    let copy = unsafe { libc::fork() };
    if copy < 0 {
        return Err(io::Error::last_os_error());
    }
    if copy == 0 {
        drop(from);
        ground.copied_from(this);
        let said = work(to.as_raw_fd());
        let sent = File::from(to).write_all(&said);
        // SAFETY: the copy leaves without the ceremonies of a process that is one.
        unsafe { libc::_exit(if sent.is_ok() { 0 } else { EXPLAINED }) }
    }
    drop(to);
    let mut said = Vec::new();
    let read = File::from(from).take(LONGEST).read_to_end(&mut said);
    let mut status = 0;
    // SAFETY: our own child.
    while unsafe { libc::waitpid(copy, &raw mut status, 0) } < 0 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    read?;
    let left = if libc::WIFSIGNALED(status) {
        Left::Signal(libc::WTERMSIG(status))
    } else {
        Left::Code(libc::WEXITSTATUS(status))
    };
    Ok((said, left))
}

/// Ends this process as the library ended its copy.
fn end_as(left: &Left) -> ! {
    match left {
        Left::Signal(signal) => die_of(*signal),
        // SAFETY: ends the process.
        Left::Code(code) => unsafe { libc::_exit(if *code == 0 { EXPLAINED } else { *code }) },
    }
}

fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0; 2];
    // SAFETY: fills in two descriptors, which are ours from then on.
    unsafe {
        if libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok((OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])))
    }
}

/// Ends this process by a signal, as if nobody had listened.
fn die_of(signal: i32) -> ! {
    // SAFETY: ends the process.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
        libc::_exit(EXPLAINED)
    }
}
