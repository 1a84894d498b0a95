//! Debian's Kannel, with an SMSC behind it, in a network of its own: it listens on every address.

use crate::peers;
use serde_json::Value;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::process::{Child, Command};

/// A Kannel that is not running yet, so that a gateway can be told where it will be.
pub struct Kannel {
    command: Command,
    folder: TempDir,
    entrance: TcpListener,
    port: u16,
}

/// A running Kannel; it ends when it is dropped.
pub struct Running {
    told: Arc<Mutex<Vec<Value>>>,
    _child: Child,
    _folder: TempDir,
}

impl Kannel {
    /// `None`, with the reason said aloud, where it cannot run.
    pub async fn prepare() -> Option<Self> {
        let command = peers::kannel().await?;
        let entrance = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        Some(Self {
            command,
            port: entrance.local_addr().expect("bound").port(),
            entrance,
            folder: tempfile::tempdir().expect("a folder"),
        })
    }

    /// The settings of a carrier that sends through it.
    pub fn settings(&self, password: &str) -> String {
        format!(
            "preset = \"kannel\"\nbase_url = \"http://127.0.0.1:{}\"\nsender = \"+12025550199\"\n\
             values = {{ username = \"acme\" }}\n\
             secrets = {{ password = {{ literal = \"{password}\" }}, receipt_token = {{ literal = \"t0ken&more\" }} }}\n",
            self.port
        )
    }

    /// Starts it; its receipts go to the edge.
    pub async fn start(self, edge: SocketAddr) -> Running {
        let Self {
            mut command,
            folder,
            entrance,
            ..
        } = self;
        let callbacks = UnixListener::bind(folder.path().join("edge.sock")).expect("a socket");
        tokio::spawn(async move {
            while let Ok((mut caller, _)) = callbacks.accept().await {
                tokio::spawn(async move {
                    let mut edge = TcpStream::connect(edge).await?;
                    copy_bidirectional(&mut caller, &mut edge).await
                });
            }
        });
        let mut child = command
            .arg(folder.path())
            .arg(edge.port().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("Kannel starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let first = lines.next_line().await.expect("its output");
        assert_eq!(first.as_deref(), Some("ready"), "Kannel did not start");
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let submit = serde_json::from_str(&line).ok().filter(Value::is_object);
                heard.lock().expect("no panic").extend(submit);
            }
        });
        let inside = folder.path().join("kannel.sock");
        tokio::spawn(async move {
            while let Ok((mut caller, _)) = entrance.accept().await {
                let inside = inside.clone();
                tokio::spawn(async move {
                    let mut kannel = UnixStream::connect(inside).await?;
                    copy_bidirectional(&mut caller, &mut kannel).await
                });
            }
        });
        Running {
            told,
            _child: child,
            _folder: folder,
        }
    }
}

impl Running {
    /// The parts that its SMSC got for this recipient, in order.
    pub fn parts(&self, recipient: &str) -> Vec<Value> {
        let told = self.told.lock().expect("no panic");
        let to = recipient.trim_start_matches('+');
        let parts = told.iter().filter(|told| {
            let recipient = told["to"].as_str().unwrap_or_default();
            recipient.trim_start_matches('+') == to
        });
        parts.cloned().collect()
    }
}
