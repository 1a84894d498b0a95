//! Shuts a worker in, before the library's first instruction runs: no rights, no network, no files but the system's
//! libraries, no other programs, and an end to memory. What the kernel does not grant is said.

mod filter;
mod rights;
mod threads;

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, getppid, set_dumpable_behavior,
    set_parent_process_death_signal, setrlimit,
};
use rustix::thread::set_no_new_privs;
use std::os::fd::{AsRawFd, RawFd};

/// Address space: a Go runtime reserves hundreds of MiB that it never uses.
const MEMORY: u64 = 2 * 1024 * 1024 * 1024;

/// The socket, the page, the library, the standard streams, and a library's own dependencies while they are mapped.
const FILES: u64 = 32;

/// What ends delivery is not for its workers: they answer while it drains, and end when it hangs up.
pub(in crate::worker) const NOT_FOR_US: [libc::c_int; 4] =
    [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGQUIT];

/// What is not granted, each with the reason.
#[derive(Default)]
pub(super) struct Gaps(pub(super) Vec<String>);

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
    for (what, resource, most) in [
        ("a limit of memory", Resource::As, MEMORY),
        ("a limit of open files", Resource::Nofile, FILES),
        ("no core dumps", Resource::Core, 0),
        ("no written files", Resource::Fsize, 0),
    ] {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        gaps.need(what, setrlimit(resource, limit));
    }
    gaps.need("no new privileges", set_no_new_privs(true));
    let apart = threads::leave(&mut gaps);
    threads::limit(threads, apart, &mut gaps);
    rights::drop_capabilities(&mut gaps);
    gaps.need("files closed while loading: Landlock", rights::close_files());
    // After what changes credentials, for that may undo it.
    last_to_know(parent, &mut gaps)?;
    // Initialised while it may still look at the machine.
    let _ = aws_lc_rs::rand::fill(&mut [0; 1]);
    gaps.need("seccomp while loading", filter::while_loading());
    Ok(gaps)
}

/// From here on not even a file can be opened, and none but `socket` and the standard streams is open.
pub(super) fn lock(parent: u32, socket: &impl AsRawFd, gaps: &mut Gaps) -> Result<(), String> {
    last_to_know(parent, gaps)?;
    gaps.need("seccomp while serving", filter::while_serving());
    // Now that no other thread can open one.
    let socket = socket.as_raw_fd();
    close_all(libc::STDERR_FILENO + 1, socket - 1);
    close_all(socket + 1, RawFd::MAX);
    Ok(())
}

/// It dies with its parent, and nobody of the same user looks into it, nor into a core of it.
fn last_to_know(parent: u32, gaps: &mut Gaps) -> Result<(), String> {
    // Unlike a limit, this holds where cores are piped to a program.
    let closed = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    gaps.need("memory that others cannot read", closed);
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|error| error.to_string())?;
    // It may have died before it was asked for.
    let now = getppid().map(|id| id.as_raw_nonzero().get().unsigned_abs());
    if now == Some(parent) {
        return Ok(());
    }
    Err("this is started by aldis-delivery, for a carrier in a worker".to_owned())
}

/// Closes every descriptor from `first` to `last`.
pub(super) fn close_all(first: RawFd, last: RawFd) {
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
