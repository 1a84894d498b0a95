//! One of the two services, as a child process: started, waited for, stopped gently.

use crate::failure::Failure;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::OpenOptions;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

/// Longer than either service drains for; whoever is still there then is killed.
const STOPPED_WITHIN: Duration = Duration::from_secs(30);
const PROBE_EVERY: Duration = Duration::from_millis(20);
/// As much of a log as fits on a screen.
const LAST_LINES: usize = 15;

pub(super) struct Service {
    name: &'static str,
    child: Child,
    admin: SocketAddr,
    log: PathBuf,
    http: reqwest::Client,
}

impl Service {
    /// Starts `program` with the settings of that name in `folder`, where its log goes too.
    pub(super) fn start(
        name: &'static str,
        program: &Path,
        folder: &Path,
        admin: SocketAddr,
    ) -> Result<Self, Failure> {
        let failed =
            |error: io::Error| Failure::failed(format!("{} cannot be started: {error}", program.display()));
        let log = folder.join(format!("{name}.log"));
        let out = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&log)
            .map_err(failed)?;
        let child = Command::new(program)
            .arg("--config")
            .arg(folder.join(format!("{name}.toml")))
            .stdin(Stdio::null())
            .stdout(out.try_clone().map_err(failed)?)
            .stderr(out)
            // Ctrl-C is for us: we stop the services in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(2))
            .build();
        let http = http.map_err(|_| Failure::failed("the HTTP client does not start"))?;
        Ok(Self {
            name,
            child,
            admin,
            log,
            http,
        })
    }

    /// Waits until it says it is ready.
    pub(super) async fn ready(&mut self, within: Duration) -> Result<(), Failure> {
        let url = format!("http://{}/readyz", self.admin);
        let end = Instant::now() + within;
        loop {
            if self
                .http
                .get(&url)
                .send()
                .await
                .is_ok_and(|answer| answer.status() == 200)
            {
                return Ok(());
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(self.lament(&format!("ended while starting ({status})")));
            }
            if Instant::now() > end {
                return Err(self.lament(&format!("was not ready within {} s", within.as_secs())));
            }
            sleep(PROBE_EVERY).await;
        }
    }

    /// Waits for it to end, which is a failure as long as nobody asked.
    pub(super) async fn ended(&mut self) -> Failure {
        let status = self.child.wait().await;
        self.lament(&status.map_or_else(
            |error| error.to_string(),
            |status| format!("ended by itself ({status})"),
        ))
    }

    /// Asks it to stop and waits until it has drained.
    pub(super) async fn stop(&mut self) -> Result<(), Failure> {
        let pid = self
            .child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        // Without an id it has ended already.
        if let Some(pid) = pid {
            kill_process(pid, Signal::TERM)
                .map_err(|error| self.lament(&format!("cannot be told to stop: {error}")))?;
        }
        match timeout(STOPPED_WITHIN, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(self.lament(&format!("ended badly ({status})"))),
            Ok(Err(error)) => Err(self.lament(&error.to_string())),
            Err(_) => Err(self.lament("did not stop when told, and was killed")),
        }
    }

    /// What happened, and the end of its log, which holds no secrets.
    fn lament(&self, what: &str) -> Failure {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
        let log = if last.is_empty() {
            "it logged nothing".to_owned()
        } else {
            format!("it logged:\n  {}", last.join("\n  "))
        };
        Failure::failed(format!("aldis-{} {what}; {log}", self.name))
    }
}
