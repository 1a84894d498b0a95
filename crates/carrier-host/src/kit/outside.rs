//! The parent's side: a child for each promise, its report, and a name for the way it ended.

use super::cause::{Ending, Hung, cause};
use super::dry_run::clean;
use super::process::REFUSED;
use super::report::{Fault, Heard, Verdict, read};
use super::{DESCRIBE, DRY_RUN, MANIFEST, Promise, Task};
use crate::redact::Redactor;
use crate::{Descriptor, Manifest};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Makes the command of a child.
type Start = dyn Fn(&Task) -> io::Result<Command>;

/// A library, and how to start the children that try it.
pub struct Kit {
    library: PathBuf,
    fixtures: Option<PathBuf>,
    /// A folder for reports and for what a library prints.
    scratch: PathBuf,
    /// The library may run where the kernel does not grant all that should confine it.
    unconfined: bool,
    start: Box<Start>,
    missing: RefCell<Vec<String>>,
    has_run: Cell<bool>,
}

/// The reason why nothing was seen of a library.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSeen {
    /// The kernel does not grant these parts of the confinement, and nobody said that the library may run without.
    #[error("the library cannot be confined here, so nothing of it has run; missing: {}", .0.join("; "))]
    Unconfined(Vec<String>),
    /// A sentence.
    #[error("{0}")]
    Failed(String),
}

/// What came of one promise.
pub struct Finding {
    /// The promise.
    pub promise: &'static Promise,
    /// Kept, broken, or not tried.
    pub verdict: Verdict,
    /// How long it took.
    pub took: Duration,
}

/// A call that has not returned by then does not return.
const PATIENCE: Duration = Duration::from_secs(10);

/// All calls of one promise take less than this, on any machine.
const WHOLE_PATIENCE: Duration = Duration::from_mins(3);

impl Kit {
    /// `start` makes the command that calls [`super::inside`] with the task. `unconfined`: the library may run where the
    /// kernel does not grant all that should confine it.
    pub fn new(
        library: &Path,
        fixtures: Option<PathBuf>,
        scratch: &Path,
        unconfined: bool,
        start: impl Fn(&Task) -> io::Result<Command> + 'static,
    ) -> Self {
        Self {
            library: library.to_owned(),
            fixtures,
            scratch: scratch.to_owned(),
            unconfined,
            start: Box::new(start),
            missing: RefCell::default(),
            has_run: Cell::default(),
        }
    }

    /// Tries one promise.
    pub fn check(&self, promise: &'static Promise) -> Result<Finding, NotSeen> {
        let began = Instant::now();
        let verdict = self.run(promise.name, None)?;
        Ok(Finding {
            promise,
            verdict,
            took: began.elapsed(),
        })
    }

    /// The library's descriptor, read by a child. The library may have spoken for the child, so it is looked at here.
    pub fn describe(&self) -> Result<Value, NotSeen> {
        let descriptor = self.told(DESCRIBE)?;
        Descriptor::parse(descriptor.to_string().as_bytes()).map_err(|reason| {
            NotSeen::Failed(format!("{}: the descriptor {reason}", self.library.display()))
        })?;
        Ok(descriptor)
    }

    /// The library's manifest, made by a child.
    pub fn manifest(&self) -> Result<Manifest, NotSeen> {
        let json = self.told(MANIFEST)?;
        Manifest::parse(json.to_string().as_bytes())
            .map_err(|reason| NotSeen::Failed(format!("{}: its manifest {reason}", self.library.display())))
    }

    /// Tries what the library makes of a message: the request it wants made, and what the answer to it means. The wish has
    /// `settings`, `message` and `answer`. Nothing that is said has one of these secrets in it, nor one that the
    /// library's schema marks, in any spelling that the redactor knows (docs/configuration.md names them).
    pub fn dry_run<'s>(
        &self,
        wish: &Value,
        secrets: impl Iterator<Item = &'s str>,
    ) -> Result<Value, NotSeen> {
        let redactor = Redactor::for_secrets(secrets);
        match self.run(DRY_RUN, Some(wish)).and_then(heard) {
            Ok(mut found) => {
                clean(&mut found, &redactor);
                Ok(found)
            }
            Err(NotSeen::Failed(reason)) => Err(NotSeen::Failed(redactor.hidden(&reason).into_owned())),
            Err(missing) => Err(missing),
        }
    }

    /// The parts of the confinement that the kernel did not grant to a child so far, each with the reason.
    pub fn missing(&self) -> Vec<String> {
        self.missing.borrow().clone()
    }

    /// Whether the library has run in some child so far; each says how it is confined before that.
    pub fn has_run(&self) -> bool {
        self.has_run.get()
    }

    fn told(&self, task: &str) -> Result<Value, NotSeen> {
        self.run(task, None).and_then(heard)
    }

    fn run(&self, promise: &str, wish: Option<&Value>) -> Result<Verdict, NotSeen> {
        let ran = self.try_run(promise, wish).map_err(|error| {
            NotSeen::Failed(format!("the child that tries the library does not run: {error}"))
        })?;
        if ran.gaps.is_some() && !ran.refused {
            self.has_run.set(true);
        }
        let mut missing = self.missing.borrow_mut();
        for gap in ran.gaps.into_iter().flatten() {
            if !missing.contains(&gap) {
                missing.push(gap);
            }
        }
        if ran.refused {
            return Err(NotSeen::Unconfined(missing.clone()));
        }
        Ok(ran.verdict)
    }

    fn try_run(&self, promise: &str, wish: Option<&Value>) -> io::Result<Ran> {
        let place = |what: &str| self.scratch.join(format!("{promise}.{what}"));
        let task = Task {
            promise: promise.to_owned(),
            library: self.library.clone(),
            fixtures: self.fixtures.clone(),
            report: place("report"),
            unconfined: self.unconfined,
            parent: std::process::id(),
        };
        drop(File::create(&task.report)?);
        let mut command = (self.start)(&task)?;
        // Nothing of ours: not our environment, not our folder, and no descriptor but these.
        command.env_clear().current_dir(&self.scratch);
        command.stdin(wish.map_or(Ok(Stdio::null()), in_memory)?);
        command.stdout(File::create(place("stdout"))?);
        command.stderr(File::create(place("stderr"))?);
        let (status, hung) = wait(command.spawn()?, &task.report)?;
        let heard = read(BufReader::new(File::open(&task.report)?))?;
        // What it prints may be a secret; only what it says is cleaned.
        let mut stderr = Vec::new();
        if wish.is_none() {
            let file = File::open(place("stderr"))?;
            file.take(LONGEST_STDERR).read_to_end(&mut stderr)?;
        }
        for what in ["report", "stdout", "stderr"] {
            std::fs::remove_file(place(what))?;
        }
        Ok(ran(heard, (status, hung), &String::from_utf8_lossy(&stderr)))
    }
}

/// The result of a child.
struct Ran {
    verdict: Verdict,
    /// `None`: no library ran, or was about to.
    gaps: Option<Vec<String>>,
    /// It ran nothing of the library, because of the gaps.
    refused: bool,
}

fn heard(verdict: Verdict) -> Result<Value, NotSeen> {
    match verdict {
        Verdict::Held(json) => {
            serde_json::from_str(&json).map_err(|error| NotSeen::Failed(error.to_string()))
        }
        Verdict::Broken(faults) => {
            let faults: Vec<_> = faults.into_iter().map(|fault| fault.what).collect();
            Err(NotSeen::Failed(faults.join("; ")))
        }
        Verdict::Skipped(reason) | Verdict::Untried(reason) => Err(NotSeen::Failed(reason)),
    }
}

/// A standard input that is on no disk: there are secrets in it.
fn in_memory(wish: &Value) -> io::Result<Stdio> {
    let memory = rustix::fs::memfd_create("aldis-dry-run", rustix::fs::MemfdFlags::CLOEXEC)?;
    let mut memory = File::from(memory);
    memory.write_all(wish.to_string().as_bytes())?;
    memory.seek(SeekFrom::Start(0))?;
    Ok(memory.into())
}

/// Waits for the end; ends it when nothing has been reported for too long.
fn wait(mut child: Child, report: &Path) -> io::Result<(ExitStatus, Option<Hung>)> {
    let (began, mut heard_at, mut length) = (Instant::now(), Instant::now(), 0);
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status, None));
        }
        let written = std::fs::metadata(report)?.len();
        if written != length {
            (length, heard_at) = (written, Instant::now());
        }
        let hung = if heard_at.elapsed() > PATIENCE {
            Some(Hung::Call(PATIENCE))
        } else {
            (began.elapsed() > WHOLE_PATIENCE).then_some(Hung::Whole(WHOLE_PATIENCE))
        };
        if hung.is_some() {
            child.kill()?;
            return Ok((child.wait()?, hung));
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// What the report and the way the child ended come to.
fn ran(heard: Heard, (status, hung): (ExitStatus, Option<Hung>), stderr: &str) -> Ran {
    let Heard {
        doing,
        crash,
        gaps,
        mut verdict,
        is_too_long,
    } = heard;
    let doing = doing.unwrap_or_else(|| "starting".to_owned());
    if is_too_long {
        verdict = Some(Verdict::Broken(vec![Fault::new(
            format!("its process wrote a report that is too long to be the kit's: {doing}"),
            "write into no file descriptor; what it says of itself, and in one call, is below 1 MiB",
        )]));
    }
    let ending = Ending {
        crash,
        hung,
        signal: status.signal(),
        code: status.code(),
        reported: verdict.is_some(),
    };
    let verdict = match (cause(&ending, &doing, stderr), verdict) {
        (None, Some(verdict)) => verdict,
        (Some(fault), Some(Verdict::Broken(mut faults))) => {
            faults.push(fault);
            Verdict::Broken(faults)
        }
        (Some(fault), _) => Verdict::Broken(vec![fault]),
        (None, None) => Verdict::Untried("the child ended without a word".to_owned()),
    };
    let is_lacking = gaps.as_ref().is_some_and(|gaps| !gaps.is_empty());
    Ran {
        verdict,
        refused: status.code() == Some(REFUSED) && is_lacking,
        gaps,
    }
}

/// The most that is read of what a child prints to standard error: the first lines say why it ended.
const LONGEST_STDERR: u64 = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::super::report::Line;
    use super::{Fault, Heard, REFUSED, Verdict, ran};
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    /// A library that claims it cannot be confined would be run with `--unconfined` next.
    #[test]
    fn what_is_missing_is_not_for_the_library_to_say() {
        let ended = || (ExitStatus::from_raw(REFUSED << 8), None);
        let heard = |all: [&[&str]; 2]| {
            let mut heard = Heard::default();
            for gaps in all {
                heard.line(Line::Gaps(gaps.iter().map(|gap| (*gap).to_owned()).collect()));
            }
            heard
        };
        let lied = ran(heard([&[], &["Landlock"]]), ended(), "");
        assert!(!lied.refused && lied.gaps == Some(Vec::new()));
        let honest = ran(heard([&["Landlock"], &[]]), ended(), "");
        assert!(honest.refused && honest.gaps == Some(vec!["Landlock".to_owned()]));
    }

    /// Whatever else stands in it, and however its process ended.
    #[test]
    fn a_report_that_is_too_long_is_no_kept_promise() {
        let forged = Heard {
            verdict: Some(Verdict::Held("all is well".to_owned())),
            is_too_long: true,
            ..Heard::default()
        };
        let ran = ran(forged, (ExitStatus::from_raw(0), None), "");
        let is_named = |faults: &[Fault]| faults.len() == 1 && faults[0].what.contains("too long");
        assert!(matches!(&ran.verdict, Verdict::Broken(faults) if is_named(faults)));
    }
}
