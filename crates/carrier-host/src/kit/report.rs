//! What a child tells its parent: one line of JSON for each call it is about to make, and one for the verdict.

use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::fd::{AsRawFd as _, RawFd};
use std::path::Path;

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

/// Reads what a child has written so far; a last line that is cut short is left out.
pub(super) fn read(text: &str) -> Vec<Line> {
    text.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}
