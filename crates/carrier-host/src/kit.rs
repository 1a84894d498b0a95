//! The conformance kit: holds a compiled carrier library to the contract, one promise at a time.
//!
//! Each promise of [`PROMISES`] is checked in a child process of its own, so that a library that crashes, exits or
//! hangs is contained, and named for it. [`Kit`] is the parent's side; the child calls [`inside`]. Before the library is
//! mapped there, the process is shut in as a worker is: see [`Kit::missing`]. What a library is lent ends where readable memory ends and is taken away when the call returns: a library that reads too far, or too
//! late, is caught in the act, by the name of what it touched.
//!
//! `include/aldis_carrier.h` is the contract; every promise says which part of it it stands for.

mod aside;
mod bytes;
mod cause;
mod checks;
mod connected;
mod desk;
mod dry_run;
mod ear;
mod example;
mod expected;
mod fixtures;
mod ground;
mod lending;
mod letter;
mod made;
mod meter;
mod outside;
mod process;
mod report;
mod restrict;
mod sentry;
mod subject;
mod wire;

pub use outside::{Finding, Kit, NotSeen};
pub use report::{Fault, Verdict};

use ground::Ground;
use std::path::PathBuf;

/// What one child is to check. The parent says it on the child's command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The name of a promise, or [`DESCRIBE`], or [`MANIFEST`], or [`DRY_RUN`].
    pub promise: String,
    /// The library.
    pub library: PathBuf,
    /// The folder with the author's fixtures, if there is one.
    pub fixtures: Option<PathBuf>,
    /// The file that the child reports into.
    pub report: PathBuf,
    /// The library may run where the kernel does not grant all that should confine it.
    pub unconfined: bool,
    /// The process that starts the child.
    pub parent: u32,
}

/// The task that checks nothing, and hands the library's descriptor to the parent.
pub const DESCRIBE: &str = "describe";

/// The task that checks nothing, and hands the library's manifest to the parent.
pub const MANIFEST: &str = "manifest";

/// The task that checks nothing, and tells the parent what the library makes of the message on standard input.
pub const DRY_RUN: &str = "dry-run";

/// Something a carrier library promises.
pub struct Promise {
    /// A short name, for command lines and reports.
    pub name: &'static str,
    /// The promise in words.
    pub says: &'static str,
    /// Where `aldis_carrier.h` demands it.
    pub stands_in: &'static str,
    check: fn(&Ground) -> Checked,
}

/// What a check comes to: a note on how it was kept, or how not.
type Checked = Result<String, End>;

/// Why a check did not end with a kept promise.
enum End {
    /// The library broke it.
    Broken(Vec<Fault>),
    /// It does not apply, or cannot be seen on this machine.
    Skipped(String),
    /// It could not be tried: something is missing that the author must give.
    Untried(String),
}

impl End {
    fn broken(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::Broken(vec![Fault::new(what, mend)])
    }
}

impl From<Fault> for End {
    fn from(fault: Fault) -> Self {
        Self::Broken(vec![fault])
    }
}

/// Every promise, in the order in which an author wants to hear of them.
pub const PROMISES: &[Promise] = checks::ALL;

/// The child's side: tries one promise and reports. Returns the exit code. What it was started with is its own: it closes
/// every descriptor but the standard streams.
pub fn inside(task: &Task) -> u8 {
    let Ok(ground) = Ground::new(task) else {
        return UNREPORTABLE;
    };
    sentry::post(&ground.report);
    let verdict = match task.promise.as_str() {
        DESCRIBE => of(checks::describe(&ground)),
        MANIFEST => of(checks::manifest(&ground)),
        DRY_RUN => of(dry_run::run(&ground)),
        promise => match PROMISES.iter().find(|known| known.name == promise) {
            Some(promise) => of((promise.check)(&ground)),
            None => Verdict::Untried(format!("there is no promise called {promise:?}")),
        },
    };
    ground.report.verdict(&verdict);
    if task.promise == checks::RESTRICTED {
        process::leave();
    }
    0
}

fn of(checked: Checked) -> Verdict {
    match checked {
        Ok(note) => Verdict::Held(note),
        Err(End::Broken(faults)) => Verdict::Broken(faults),
        Err(End::Skipped(reason)) => Verdict::Skipped(reason),
        Err(End::Untried(reason)) => Verdict::Untried(reason),
    }
}

/// The report's file cannot be opened: there is nobody to tell.
const UNREPORTABLE: u8 = 74;
