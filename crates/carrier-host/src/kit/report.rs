//! What a child tells its parent: one line of JSON for each call it is about to make, and one for the verdict.

use crate::limits;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, RawFd};
use std::path::Path;

#[cfg(test)]
mod tests;

/// How a promise was broken, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// A sentence that names the fault.
    pub what: String,
    /// A sentence that says how to mend it.
    pub mend: String,
}

impl Fault {
    pub(super) fn new(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            mend: mend.into(),
        }
    }
}

/// What came of one promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It was kept; how that was seen.
    Held(String),
    /// It was broken.
    Broken(Vec<Fault>),
    /// It was not tried, and need not be; why.
    Skipped(String),
    /// It could not be tried, and should be; what is missing.
    Untried(String),
}

/// One line of a report.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// The call that is under way from here on.
    Doing(String),
    /// Calls return.
    Alive,
    /// A signal arrived; what it was about. Written by the signal handler.
    Crash(String),
    /// The kernel does not grant these parts of the confinement.
    Gaps(Vec<String>),
    /// The end.
    Verdict(Verdict),
}

/// The child's end of the report.
pub(super) struct Report {
    file: File,
    /// What is special about the calls that are being made; ends each sentence about one.
    aside: RefCell<String>,
}

impl Report {
    pub(super) fn append(path: &Path) -> std::io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        let aside = RefCell::default();
        Ok(Self { file, aside })
    }

    pub(super) fn fd(&self) -> RawFd {
        self.file.as_raw_fd()
    }

    /// Says which call is coming: whatever happens next happened in it.
    pub(super) fn doing(&self, what: &str) {
        self.line(&Line::Doing(format!("{what}{}", self.aside.borrow())));
    }

    /// Says what is special about the calls that follow; empty: nothing.
    pub(super) fn with(&self, aside: &str) {
        let aside = if aside.is_empty() {
            String::new()
        } else {
            format!(", {aside}")
        };
        self.aside.replace(aside);
    }

    pub(super) fn verdict(&self, verdict: &Verdict) {
        self.line(&Line::Verdict(verdict.clone()));
    }

    pub(super) fn gaps(&self, gaps: &[String]) {
        self.line(&Line::Gaps(gaps.to_owned()));
    }

    fn line(&self, line: &Line) {
        // One write for each line: the parent may read while we are at it. If it cannot be written, the parent finds
        // no verdict, and says so.
        if let Ok(mut text) = serde_json::to_vec(line) {
            text.push(b'\n');
            let _ = (&self.file).write_all(&text);
        }
    }
}

/// The longest line that is read: a verdict with a descriptor in it. Whatever the kit writes besides is far shorter, but
/// the library can write into the report, too.
const LONGEST_LINE: u64 = limits::DESCRIPTOR as u64;

/// The most that is read of a report: as much as a child may write.
const LONGEST: u64 = 32 * 1024 * 1024;

/// The most faults of one verdict. The kit has named some 130 at once.
const MOST_FAULTS: usize = 1000;

/// The part of a report that counts; nothing else of it is kept.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    /// The last call that was begun.
    pub(super) doing: Option<String>,
    /// The last word of the signal handler.
    pub(super) crash: Option<String>,
    /// The confinement that the kernel does not grant. The first such line counts: it was written before the library ran, which can write
    /// others. `None`: no library ran.
    pub(super) gaps: Option<Vec<String>>,
    /// The last verdict.
    pub(super) verdict: Option<Verdict>,
    /// It is longer than any that the kit writes, and was not read to its end.
    pub(super) is_too_long: bool,
}

impl Heard {
    /// Takes in the next line.
    pub(super) fn line(&mut self, line: Line) {
        match line {
            Line::Doing(what) => self.doing = Some(what),
            Line::Crash(what) => self.crash = Some(what),
            Line::Gaps(found) if self.gaps.is_none() => self.gaps = Some(found),
            Line::Alive | Line::Gaps(_) => {}
            Line::Verdict(Verdict::Broken(faults)) if faults.len() > MOST_FAULTS => self.is_too_long = true,
            Line::Verdict(said) => self.verdict = Some(said),
        }
    }
}

/// Reads what a child has written, up to what is too long. A last line that is cut short is left out.
pub(super) fn read(report: impl BufRead) -> io::Result<Heard> {
    let (mut report, mut heard) = (report.take(LONGEST + 1), Heard::default());
    let mut line = Vec::new();
    while !heard.is_too_long {
        line.clear();
        // A byte more than may be, so that it is seen.
        let length = report
            .by_ref()
            .take(LONGEST_LINE + 1)
            .read_until(b'\n', &mut line)?;
        if length == 0 {
            break;
        }
        if line.len() as u64 > LONGEST_LINE || report.limit() == 0 {
            heard.is_too_long = true;
        } else if let Ok(line) = serde_json::from_slice(&line) {
            heard.line(line);
        }
    }
    Ok(heard)
}
