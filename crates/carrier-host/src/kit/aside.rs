//! Work in a copy of this process: what it leaves behind stays in the copy, and so does a crash that is expected.

use super::cause::{Ending, cause};
use super::report::Fault;
use super::sentry::{EXPLAINED, Watch};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

/// What the copy found.
#[derive(Serialize, Deserialize)]
pub(super) enum Found {
    /// What the library said, line by line.
    Said(Vec<String>),
    Broken(Vec<Fault>),
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
    work: impl FnOnce() -> Result<Vec<String>, Vec<Fault>>,
) -> Result<Vec<String>, Vec<Fault>> {
    let (said, left) = match forked(|_| {
        let found = match work() {
            Ok(said) => Found::Said(said),
            Err(faults) => Found::Broken(faults),
        };
        serde_json::to_vec(&found).unwrap_or_default()
    }) {
        Ok(done) => done,
        Err(error) => return Err(vec![no_copy(&error)]),
    };
    match (left, serde_json::from_slice(&said)) {
        (Left::Code(0), Ok(Found::Said(lines))) => Ok(lines),
        (Left::Code(0), Ok(Found::Broken(faults))) => Err(faults),
        (Left::Signal(signal), _) => die_of(signal),
        // SAFETY: ends the process as the library ended its copy.
        (Left::Code(code), _) => unsafe { libc::_exit(if code == 0 { EXPLAINED } else { code }) },
    }
}

/// Does `work` in a copy of this process. `None`: nothing that is of interest. Whatever else ends the copy is
/// expected, but for a look beyond the end of what was lent.
pub(super) fn beyond(watch: &Watch, doing: &str, work: impl FnOnce()) -> Option<Fault> {
    let done = forked(|pipe| {
        watch.tell(pipe);
        work();
        Vec::new()
    });
    let said = match done {
        Ok((said, _)) => String::from_utf8_lossy(&said).into_owned(),
        Err(error) => return Some(no_copy(&error)),
    };
    let crash = said
        .lines()
        .filter_map(|line| serde_json::from_str::<super::report::Line>(line).ok())
        .find_map(|line| match line {
            super::report::Line::Crash(crash) if crash.contains("beyond the end of") => Some(crash),
            _ => None,
        })?;
    let ending = Ending {
        crash: Some(crash),
        hung: None,
        signal: None,
        code: Some(EXPLAINED),
        reported: false,
    };
    cause(&ending, doing, "")
}

fn no_copy(error: &io::Error) -> Fault {
    Fault::new(
        format!("the kit cannot copy its process: {error}"),
        "let it have more processes or memory",
    )
}

/// Runs `work` in a copy; what it returns, and what is written into the pipe it is given, comes back.
fn forked(work: impl FnOnce(i32) -> Vec<u8>) -> io::Result<(Vec<u8>, Left)> {
    let (from, to) = pipe()?;
    // SAFETY: this process has one thread, so its copy may do what it could.
    let copy = unsafe { libc::fork() };
    if copy < 0 {
        return Err(io::Error::last_os_error());
    }
    if copy == 0 {
        // SAFETY: the copy does not outlive us, and leaves without the ceremonies of a process that is one.
        unsafe {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            let said = work(to.as_raw_fd());
            let sent = File::from(to).write_all(&said);
            libc::_exit(if sent.is_ok() { 0 } else { EXPLAINED });
        }
    }
    drop(to);
    let mut said = Vec::new();
    File::from(from).read_to_end(&mut said)?;
    let mut status = 0;
    // SAFETY: our own child.
    while unsafe { libc::waitpid(copy, &raw mut status, 0) } < 0 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    let left = if libc::WIFSIGNALED(status) {
        Left::Signal(libc::WTERMSIG(status))
    } else {
        Left::Code(libc::WEXITSTATUS(status))
    };
    Ok((said, left))
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
