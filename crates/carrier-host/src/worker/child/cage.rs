//! Shuts a process in before a library's first instruction runs there: no rights, no network, no files but the system's
//! libraries, no other programs, and an end to memory. A worker is shut in so, and each process of the conformance kit.
//! What the kernel does not grant is said.

mod filter;
mod rights;
mod threads;

use crate::worker::THREADS;
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, getppid, set_dumpable_behavior,
    set_parent_process_death_signal, setrlimit,
};
use rustix::thread::set_no_new_privs;
use std::os::fd::{AsRawFd, RawFd};

/// Address space: a Go runtime reserves hundreds of MiB that it never uses.
pub(crate) const MEMORY: u64 = 2 * 1024 * 1024 * 1024;

/// The needs of one kind of process, which another does not have.
pub(crate) struct Needs {
    /// The file size that it may write into what it has open; it can open none for writing (`RLIMIT_FSIZE`).
    pub(crate) written: u64,
    /// Open files (`RLIMIT_NOFILE`).
    pub(crate) files: u64,
    /// The threads in all copies of it together (`RLIMIT_NPROC`); root's process becomes nobody's for it.
    pub(crate) threads: u32,
    /// Seconds of processor time (`RLIMIT_CPU`); `None`: somebody else watches it.
    pub(crate) processor: Option<u64>,
    /// Files and folders that may be read besides the system's libraries.
    pub(crate) reads: &'static [&'static str],
    /// System calls that are allowed besides those that map a library and serve calls.
    pub(crate) calls: &'static [i64],
    /// Completes "this is started by ".
    pub(crate) started_by: &'static str,
}

/// A worker's.
const WORKER: Needs = Needs {
    written: 0,
    // The socket, the page, the library, the standard streams, and a library's own dependencies while they are mapped.
    files: 32,
    threads: THREADS,
    processor: None,
    reads: &[],
    calls: &[],
    started_by: "aldis-delivery, for a carrier in a worker",
};

/// What ends delivery is not for its workers: they answer while it drains, and end when it hangs up.
pub(in crate::worker) const NOT_FOR_US: [libc::c_int; 4] =
    [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGQUIT];

/// What is not granted, each with the reason.
#[derive(Default)]
pub(crate) struct Gaps(pub(crate) Vec<String>);

impl Gaps {
    fn need(&mut self, what: &str, done: Result<(), impl ToString>) {
        if let Err(error) = done {
            self.0.push(format!("{what} ({})", error.to_string()));
        }
    }
}

/// Everything but what only loading needs. `parent` is delivery, `threads` how many it may have.
pub(super) fn shut(parent: u32, threads: u32) -> Result<Gaps, String> {
    let mut gaps = Gaps::default();
    for signal in NOT_FOR_US {
        // SAFETY: ignoring a signal runs nothing.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    let needs = Needs { threads, ..WORKER };
    leave(&needs, &mut gaps);
    close(parent, &needs, &mut gaps)?;
    Ok(gaps)
}

/// Takes this process out of its surroundings: limits, privileges, namespaces. It may still read files and make copies
/// of itself, which come under the same limits. There must be one thread.
pub(crate) fn leave(needs: &Needs, gaps: &mut Gaps) {
    let processor = needs.processor;
    for (what, resource, most) in [
        ("a limit of memory", Resource::As, Some(MEMORY)),
        ("a limit of open files", Resource::Nofile, Some(needs.files)),
        ("no core dumps", Resource::Core, Some(0)),
        ("a limit of written files", Resource::Fsize, Some(needs.written)),
        ("a limit of processor time", Resource::Cpu, processor),
    ] {
        let limit = Rlimit {
            current: most,
            maximum: most,
        };
        if most.is_some() {
            gaps.need(what, setrlimit(resource, limit));
        }
    }
    gaps.need("no new privileges", set_no_new_privs(true));
    let apart = threads::leave(gaps);
    threads::limit(needs.threads, apart, gaps);
    rights::drop_capabilities(gaps);
}

/// Closes what only a library's code must not have: from here on it may be mapped. `parent` is the process that started
/// this one.
pub(crate) fn close(parent: u32, needs: &Needs, gaps: &mut Gaps) -> Result<(), String> {
    gaps.need(
        "files closed while loading: Landlock",
        rights::close_files(needs.reads),
    );
    // After what changes credentials, for that may undo it.
    last_to_know(parent, needs, gaps)?;
    // Initialised while it may still look at the machine.
    let _ = aws_lc_rs::rand::fill(&mut [0; 1]);
    gaps.need("seccomp while loading", filter::while_loading(needs.calls));
    Ok(())
}

/// From here on not even a file can be opened, and none but `socket` and the standard streams is open.
pub(super) fn lock(parent: u32, socket: &impl AsRawFd, gaps: &mut Gaps) -> Result<(), String> {
    last_to_know(parent, &WORKER, gaps)?;
    gaps.need("seccomp while serving", filter::while_serving());
    // Now that no other thread can open one.
    let socket = socket.as_raw_fd();
    close_all(libc::STDERR_FILENO + 1, socket - 1);
    close_all(socket + 1, RawFd::MAX);
    Ok(())
}

/// It dies with its parent, and nobody of the same user looks into it, nor into a core of it.
pub(crate) fn last_to_know(parent: u32, needs: &Needs, gaps: &mut Gaps) -> Result<(), String> {
    // Unlike a limit, this holds where cores are piped to a program.
    let closed = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    gaps.need("memory that others cannot read", closed);
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|error| error.to_string())?;
    // It may have died before it was asked for.
    let now = getppid().map(|id| id.as_raw_nonzero().get().unsigned_abs());
    if now == Some(parent) {
        return Ok(());
    }
    Err(format!("this is started by {}", needs.started_by))
}

/// Closes every descriptor from `first` to `last`.
pub(crate) fn close_all(first: RawFd, last: RawFd) {
    if first > last {
        return;
    }
    // SAFETY: whoever calls this knows that nothing in this process still has one of them.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    if closed == 0 {
        return;
    }
    // A kernel before 5.9. More than this cannot have been opened here, and hardly inherited.
    for number in first..=last.min(4096) {
        // SAFETY: as above.
        unsafe { libc::close(number) };
    }
}
