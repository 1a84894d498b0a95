//! The ground that a check stands on: all that it needs from outside, taken in while nothing of the library has run; and
//! the step after which the library may run.

use super::fixtures::Fixtures;
use super::process::{Oneself, refuse};
use super::report::Report;
use super::{MANIFEST, Task, checks};
use crate::library::Candidate;
use crate::sealed::Sealed;
use crate::worker::cage::{self, Gaps, Needs};
use crate::{Isolation, Trust};
use std::cell::{Cell, OnceCell, RefCell};
use std::io::Read as _;
use std::path::PathBuf;
use std::rc::Rc;

/// A child of the kit, and each of its copies: shut in as a worker is while it loads, for all its life.
const NEEDS: Needs = Needs {
    // The promise `instances` has 64 at once; with the first one, and a copy for each of a few processes.
    threads: 80,
    // The report of 20,000 replies, each with what is in it.
    written: 32 * 1024 * 1024,
    // A worker's, and the pipes of the copies.
    files: 48,
    // The parent ends a child after three minutes; the promise `instances` has 64 threads. For a parent that cannot.
    processor: Some(64 * 180),
    // So that a library that opens a file, or sets a locale, is seen to do it. They hold nothing of anybody's.
    reads: &["/dev/null", "/usr/lib/locale"],
    calls: KIT,
    started_by: "aldis",
};

/// The system calls by which the checks look at this process; and those by which a library changes its own process and no
/// other, so that it is seen to do it.
const KIT: &[i64] = &[
    libc::SYS_getdents64,
    libc::SYS_statx,
    libc::SYS_getrusage,
    libc::SYS_fcntl,
    libc::SYS_chdir,
    libc::SYS_fchdir,
    libc::SYS_umask,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_pause,
];

/// The file as a host takes it, and the bytes in memory that a host maps.
type Judged = Result<(Candidate, Sealed), String>;

/// The ground that a check stands on.
pub(super) struct Ground {
    pub(super) fixtures: Result<Rc<Fixtures>, String>,
    /// The bytes that stood on standard input.
    pub(super) wish: Vec<u8>,
    pub(super) report: Report,
    /// The path that the library's bytes are mapped by.
    mapped: Result<PathBuf, String>,
    /// The file as a host takes it, for the task that asks for it.
    judged: RefCell<Option<Judged>>,
    unconfined: bool,
    /// The process that started this one.
    parent: Cell<u32>,
    gaps: Vec<String>,
    shut: Cell<bool>,
    oneself: OnceCell<Oneself>,
}

impl Ground {
    /// Takes in what the task needs, and takes this process out of its surroundings.
    pub(super) fn new(task: &Task) -> std::io::Result<Self> {
        cage::close_all(libc::STDERR_FILENO + 1, i32::MAX);
        let report = Report::append(&task.report)?;
        let candidate = Candidate::alone(&task.library);
        let mapped = candidate
            .as_ref()
            .map_err(ToString::to_string)
            .and_then(|candidate| candidate.bytes_in_memory().map(Sealed::lasting_path));
        let judged = match task.promise.as_str() {
            checks::LOADS => Some(
                Candidate::read(&task.library, &Trust::Anything).and_then(|candidate| {
                    let sealed = candidate.seal(Isolation::InProcess)?;
                    Ok((candidate, sealed))
                }),
            ),
            MANIFEST => Some(candidate.and_then(|candidate| {
                let sealed = candidate.seal(Isolation::Worker)?;
                Ok((candidate, sealed))
            })),
            _ => None,
        };
        let mut wish = Vec::new();
        std::io::stdin().take(LONGEST_WISH).read_to_end(&mut wish)?;
        let nothing = std::fs::File::open("/dev/null")?;
        rustix::stdio::dup2_stdin(&nothing)?;
        let fixtures = Fixtures::read(task.fixtures.as_deref()).map(Rc::new);
        let mut gaps = Gaps::default();
        cage::leave(&NEEDS, &mut gaps);
        cage::last_to_know(task.parent, &NEEDS, &mut gaps).map_err(std::io::Error::other)?;
        Ok(Self {
            fixtures,
            wish,
            report,
            mapped,
            judged: RefCell::new(judged.map(|judged| judged.map_err(|error| error.to_string()))),
            unconfined: task.unconfined,
            parent: Cell::new(task.parent),
            gaps: gaps.0,
            shut: Cell::new(false),
            oneself: OnceCell::new(),
        })
    }

    /// This is a copy of the process with this number.
    pub(super) fn copied_from(&self, parent: u32) {
        self.parent.set(parent);
    }

    /// No library may run in this process yet: it may still be copied.
    pub(super) fn is_open(&self) -> bool {
        !self.shut.get()
    }

    /// Shuts this process in, for a library is about to run in it. Where the kernel does not grant all of it, and nobody
    /// said that it may be without, that is the end.
    pub(super) fn shut(&self) {
        if self.shut.replace(true) {
            return;
        }
        self.oneself();
        let mut gaps = Gaps(self.gaps.clone());
        let closed = cage::close(self.parent.get(), &NEEDS, &mut gaps);
        let is_closed = closed.is_ok();
        gaps.0.extend(closed.err());
        // Also that there are none: the library can write into the report, and the first word counts.
        self.report.gaps(&gaps.0);
        if !is_closed || !gaps.0.is_empty() && !self.unconfined {
            refuse();
        }
    }

    /// The files by which this process looks at itself, in a process that is shut in or is about to be.
    pub(super) fn oneself(&self) -> &Oneself {
        self.oneself.get_or_init(Oneself::open)
    }

    /// The path that the library is mapped by, in a process that is shut in. The error completes "the library: ".
    pub(super) fn library(&self) -> Result<PathBuf, String> {
        self.shut();
        self.mapped.clone()
    }

    /// The file as a host takes it, once, in a process that is shut in. The error is a sentence.
    pub(super) fn judged(&self) -> Judged {
        self.shut();
        let judged = self.judged.take();
        judged.unwrap_or_else(|| Err("nobody asked for it".to_owned()))
    }
}

/// Settings and a message: far less.
const LONGEST_WISH: u64 = 16 * 1024 * 1024;
