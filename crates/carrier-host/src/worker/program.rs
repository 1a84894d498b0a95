//! The program that workers are, and the thread that starts them.

use std::io;
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
    thread: mpsc::Sender<Task>,
}

type Task = (Command, mpsc::SyncSender<io::Result<Child>>);

impl Program {
    pub(crate) fn new(path: PathBuf) -> Self {
        let (thread, tasks) = mpsc::channel::<Task>();
        let run = move || {
            for (mut command, answer) in tasks {
                let _ = answer.send(command.spawn());
            }
        };
        // Without a thread the tasks go nowhere, which whoever has one is told.
        let _ = thread::Builder::new().name("aldis-workers".to_owned()).spawn(run);
        Self(Arc::new(Shared { path, thread }))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    /// Starts it as `command` says.
    pub(crate) fn spawn(&self, command: Command) -> io::Result<Child> {
        let nobody = || io::Error::other("there is no thread to start it from");
        let (answer, child) = mpsc::sync_channel(1);
        self.0.thread.send((command, answer)).map_err(|_| nobody())?;
        child.recv().map_err(|_| nobody())?
    }
}
