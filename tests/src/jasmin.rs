//! Jasmin, a gateway that we did not write: an SMPP server and an HTTP API, and behind it the SMSC of the npm package.

use crate::peers;
use crate::smsc::Smsc;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;

/// A running Jasmin; it ends when it is dropped.
pub struct Jasmin {
    smpp: u16,
    http: u16,
    /// The SMSC behind it.
    pub upstream: Smsc,
    _child: Child,
    _folder: TempDir,
}

impl Jasmin {
    /// `None`, with the reason said aloud, where it cannot run.
    pub async fn start() -> Option<Self> {
        let upstream = Smsc::node().await?;
        let mut command = peers::jasmin(upstream.port)?;
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = command
            .env("TMPDIR", folder.path())
            // It ends with this pipe.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("Jasmin starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let first = lines.next_line().await.expect("its output");
        let said: serde_json::Value =
            serde_json::from_str(&first.expect("Jasmin is ready, or says above why not")).expect("JSON");
        let port = |key: &str| said[key].as_u64().and_then(|port| u16::try_from(port).ok());
        Some(Self {
            smpp: port("smpp").expect("a port"),
            http: port("http").expect("a port"),
            upstream,
            _child: child,
            _folder: folder,
        })
    }

    /// The settings of an SMPP carrier that binds to it.
    pub fn smpp(&self, password: &str) -> String {
        format!(
            "host = \"127.0.0.1\"\nport = {}\nsystem_id = \"aldis\"\npassword = {{ literal = \"{password}\" }}\n",
            self.smpp
        )
    }

    /// The settings of an HTTP carrier that sends through it.
    pub fn http(&self, password: &str) -> String {
        format!(
            "preset = \"jasmin\"\nbase_url = \"http://127.0.0.1:{}\"\nsender = \"+12025550199\"\n\
             values = {{ username = \"aldis\" }}\n\
             secrets = {{ password = {{ literal = \"{password}\" }}, receipt_token = {{ literal = \"t0ken&more\" }} }}\n",
            self.http
        )
    }
}
