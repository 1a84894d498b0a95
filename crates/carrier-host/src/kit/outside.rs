//! The parent's side: a child for each promise, its report, and a name for the way it ended.

use super::cause::{Ending, Hung, cause};
use super::report::{Line, Verdict, read};
use super::{DESCRIBE, DRY_RUN, Promise, Task};
use std::fs::File;
use std::io;
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
    start: Box<Start>,
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
    /// `start` makes the command that calls [`super::inside`] with the task.
    pub fn new(
        library: &Path,
        fixtures: Option<PathBuf>,
        scratch: &Path,
        start: impl Fn(&Task) -> io::Result<Command> + 'static,
    ) -> Self {
        Self {
            library: library.to_owned(),
            fixtures,
            scratch: scratch.to_owned(),
            start: Box::new(start),
        }
    }

    /// Tries one promise.
    pub fn check(&self, promise: &'static Promise) -> Finding {
        let began = Instant::now();
        let verdict = self.run(promise.name);
        Finding {
            promise,
            verdict,
            took: began.elapsed(),
        }
    }

    /// The library's descriptor, read by a child. The error is a sentence.
    pub fn describe(&self) -> Result<serde_json::Value, String> {
        self.told(DESCRIBE)
    }

    /// What the library makes of the message in the fixtures' [`super::DRY_RUN_FILE`]: the request it wants made, and
    /// what the answer there means. Without secrets. The error is a sentence.
    pub fn dry_run(&self) -> Result<serde_json::Value, String> {
        self.told(DRY_RUN)
    }

    fn told(&self, task: &str) -> Result<serde_json::Value, String> {
        match self.run(task) {
            Verdict::Held(json) => serde_json::from_str(&json).map_err(|error| error.to_string()),
            Verdict::Broken(faults) => Err(faults
                .into_iter()
                .map(|fault| fault.what)
                .collect::<Vec<_>>()
                .join("; ")),
            Verdict::Skipped(reason) | Verdict::Untried(reason) => Err(reason),
        }
    }

    fn run(&self, promise: &str) -> Verdict {
        match self.try_run(promise) {
            Ok(verdict) => verdict,
            Err(error) => Verdict::Untried(format!("the child that tries it does not run: {error}")),
        }
    }

    fn try_run(&self, promise: &str) -> io::Result<Verdict> {
        let place = |what: &str| self.scratch.join(format!("{promise}.{what}"));
        let task = Task {
            promise: promise.to_owned(),
            library: self.library.clone(),
            fixtures: self.fixtures.clone(),
            report: place("report"),
        };
        drop(File::create(&task.report)?);
        let mut command = (self.start)(&task)?;
        command.stdin(Stdio::null());
        command.stdout(File::create(place("stdout"))?);
        command.stderr(File::create(place("stderr"))?);
        let (status, hung) = wait(command.spawn()?, &task.report)?;
        let lines = read(&String::from_utf8_lossy(&std::fs::read(&task.report)?));
        let stderr = std::fs::read(place("stderr"))?;
        Ok(verdict(lines, status, hung, &String::from_utf8_lossy(&stderr)))
    }
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
fn verdict(lines: Vec<Line>, status: ExitStatus, hung: Option<Hung>, stderr: &str) -> Verdict {
    let (mut doing, mut crash, mut verdict) = (String::from("starting"), None, None);
    for line in lines {
        match line {
            Line::Doing(what) => doing = what,
            Line::Alive => {}
            Line::Crash(what) => crash = Some(what),
            Line::Verdict(said) => verdict = Some(said),
        }
    }
    let ending = Ending {
        crash,
        hung,
        signal: status.signal(),
        code: status.code(),
        reported: verdict.is_some(),
    };
    match (cause(&ending, &doing, stderr), verdict) {
        (None, Some(verdict)) => verdict,
        (Some(fault), Some(Verdict::Broken(mut faults))) => {
            faults.push(fault);
            Verdict::Broken(faults)
        }
        (Some(fault), _) => Verdict::Broken(vec![fault]),
        (None, None) => Verdict::Untried("the child ended without a word".to_owned()),
    }
}
