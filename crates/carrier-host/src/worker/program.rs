//! The program that workers are, and the thread that starts them.

use rustix::fs::{Mode, OFlags};
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Arc, mpsc};
use std::thread;

/// `aldis-carrier-worker`. A child asks the kernel to die with the thread that started it (`PR_SET_PDEATHSIG`), so one
/// thread starts them all, and lasts as long as anybody has this.
#[derive(Debug, Clone)]
pub(crate) struct Program(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    /// Kept from the start: whatever is installed in its place meanwhile is of another build.
    file: rustix::io::Result<OwnedFd>,
    thread: mpsc::Sender<Task>,
}

type Task = (Command, mpsc::SyncSender<io::Result<Child>>);

impl Program {
    pub(crate) fn new(path: PathBuf) -> Self {
        let (thread, tasks) = mpsc::channel::<Task>();
        let run = move || {
            hold_signals();
            for (mut command, answer) in tasks {
                let _ = answer.send(command.spawn());
            }
        };
        // Without a thread the tasks go nowhere, which whoever has one is told.
        let _ = thread::Builder::new().name("aldis-workers".to_owned()).spawn(run);
        let file = rustix::fs::open(&path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
        Self(Arc::new(Shared { path, file, thread }))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    /// What starts it, in a group of its own: what is sent to delivery's group ends delivery only.
    pub(crate) fn command(&self) -> io::Result<Command> {
        let file = self.0.file.as_ref().map_err(|error| *error)?;
        // The child has the same numbers until it runs the program.
        let mut command = Command::new(format!("/proc/self/fd/{}", file.as_raw_fd()));
        command.arg0(&self.0.path).process_group(0);
        Ok(command)
    }

    /// Starts it as `command` says.
    pub(crate) fn spawn(&self, command: Command) -> io::Result<Child> {
        let nobody = || io::Error::other("there is no thread to start it from");
        let (answer, child) = mpsc::sync_channel(1);
        self.0.thread.send((command, answer)).map_err(|_| nobody())?;
        child.recv().map_err(|_| nobody())?
    }
}

/// What this thread starts begins with the same signals blocked: one that comes before the child ignores it waits.
fn hold_signals() {
    // SAFETY: the set is filled in before it is read, and it concerns this thread and what it starts.
    unsafe {
        let mut held = std::mem::zeroed();
        libc::sigemptyset(&raw mut held);
        for signal in super::child::NOT_FOR_US {
            libc::sigaddset(&raw mut held, signal);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const held, std::ptr::null_mut());
    }
}
