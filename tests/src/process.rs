//! One program under test: started, listened to, stopped gently or killed.

use crate::eventually::eventually;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

/// A running program and everything it has printed.
pub struct Process {
    name: &'static str,
    child: Mutex<Child>,
    printed: Arc<Mutex<String>>,
}

impl Process {
    /// Starts `program` with a configuration file and extra environment.
    pub fn start(name: &'static str, program: &Path, config: &Path, env: &[(String, String)]) -> Self {
        let mut command = Command::new(program);
        command.arg("--config").arg(config);
        command.envs(env.iter().map(|(key, value)| (key, value)));
        Self::spawn(name, command)
    }

    /// Starts a command that is already put together.
    pub fn spawn(name: &'static str, mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let printed = Arc::new(Mutex::new(String::new()));
        listen(child.stdout.take().expect("piped"), &printed);
        listen(child.stderr.take().expect("piped"), &printed);
        Self {
            name,
            child: Mutex::new(child),
            printed,
        }
    }

    /// Returns the process's id.
    pub fn id(&self) -> u32 {
        self.child.lock().expect("one at a time").id()
    }

    /// Everything printed so far, both streams.
    pub fn printed(&self) -> String {
        self.printed.lock().expect("listeners do not panic").clone()
    }

    /// Waits until it has printed these words: what is printed is read a moment later.
    pub async fn prints(&self, words: &str) {
        eventually(words, || async { self.printed().contains(words).then_some(()) }).await;
    }

    /// Ends it the way a power cut does.
    pub fn kill_nine(&self) {
        let mut child = self.child.lock().expect("one at a time");
        child.kill().expect("SIGKILL"); // Child::kill is SIGKILL on Unix
        child.wait().expect("reaped");
    }

    /// Asks it to stop, as an orchestrator does, and waits until it has.
    pub async fn terminate(&self) -> ExitStatus {
        self.signal("TERM");
        self.exited().await
    }

    /// Asks it to read its settings again.
    pub fn hang_up(&self) {
        self.signal("HUP");
    }

    /// Stops it in its tracks, as a paused virtual machine is stopped, until [`Process::thaw`].
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.lock().expect("one at a time").id().to_string();
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{signal} {pid}")])
            .status();
        assert!(sent.expect("sh").success(), "SIG{signal} to {}", self.name);
    }

    /// Waits until it has ended by itself.
    pub async fn exited(&self) -> ExitStatus {
        eventually(&format!("{} to end", self.name), || async {
            self.child
                .lock()
                .expect("one at a time")
                .try_wait()
                .expect("a child of ours")
        })
        .await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Ok(child) = self.child.get_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            eprintln!("---- {} printed ----\n{}", self.name, self.printed());
        }
    }
}

fn listen(stream: impl Read + Send + 'static, printed: &Arc<Mutex<String>>) {
    let printed = Arc::clone(printed);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let mut printed = printed.lock().expect("readers do not panic");
            printed.push_str(&String::from_utf8_lossy(&line));
            printed.push('\n');
        }
    });
}
