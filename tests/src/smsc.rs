//! SMSCs we did not write, as child processes.

use crate::eventually::eventually;
use crate::peers;
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// A running SMSC; it ends when it is dropped.
pub struct Smsc {
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    said: Arc<Mutex<Vec<String>>>,
    _child: Child,
}

impl Smsc {
    /// The one of the npm package `smpp`.
    pub async fn node() -> Option<Self> {
        Self::announced(peers::node("smsc_node.js")?).await
    }

    /// The same over TLS, with this key and this certificate.
    pub async fn node_over_tls(key: &Path, certificate: &Path) -> Option<Self> {
        let mut command = peers::node("smsc_node.js")?;
        command.args([key, certificate]);
        Self::announced(command).await
    }

    /// The one of the package `smpp34`.
    pub async fn smpp34() -> Option<Self> {
        Self::announced(peers::python("smsc_smpp34.py")?).await
    }

    /// Debian's Perl one, `smsc.pl`.
    pub async fn perl() -> Option<Self> {
        // It has its port in its text.
        let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = taken.local_addr().expect("bound").port();
        let command = peers::perl_smsc(port)?;
        drop(taken);
        let smsc = Self::start(command, port);
        eventually("smsc.pl listens", || async {
            let connected = tokio::net::TcpStream::connect(("127.0.0.1", port)).await;
            connected.ok().map(drop)
        })
        .await;
        Some(smsc)
    }

    /// One that prints its port first.
    async fn announced(command: Command) -> Option<Self> {
        let mut smsc = Self::start(command, 0);
        let said = Arc::clone(&smsc.said);
        smsc.port = eventually("the SMSC's port", || {
            let first = said.lock().expect("no panic").first().cloned();
            async move { first?.parse().ok() }
        })
        .await;
        Some(smsc)
    }

    fn start(mut command: Command, port: u16) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the SMSC starts");
        let said = Arc::new(Mutex::new(Vec::new()));
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let heard = Arc::clone(&said);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                heard.lock().expect("no panic").push(line);
            }
        });
        Self {
            port,
            said,
            _child: child,
        }
    }

    /// Everything it told in JSON, in order.
    pub fn told(&self) -> Vec<Value> {
        let said = self.said.lock().expect("no panic");
        said.iter()
            .filter_map(|line| serde_json::from_str(line).ok())
            .filter(Value::is_object)
            .collect()
    }

    /// The settings of a carrier that binds to it, with more TOML lines.
    pub fn settings(&self, more: &str) -> String {
        format!(
            "host = \"127.0.0.1\"\nport = {}\nsystem_id = \"acme\"\npassword = {{ literal = \"pa55word\" }}\n{more}\n",
            self.port
        )
    }
}
