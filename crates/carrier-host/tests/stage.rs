//! Libraries compiled while the test runs, instances of them, and a carrier on loopback.

use aldis_carrier_host::{
    CarrierMessage, CarrierSender, Encoding, HttpEngine, HttpOptions, Instance, InstanceError,
    InstanceOptions, Isolation, Libraries, Library, SenderKind, Submission, Trust,
};
use axum::Router;
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

/// The secret of every instance.
pub(crate) const TOKEN: &str = "t0ken/of the=house";

/// What the instances' clock says.
pub(crate) const CLOCK: u64 = 1_700_000_000_123;

/// Compiles `carriers/<source>.c` as the plugin `fixture`, in a directory of its own.
pub(crate) fn compile(source: &str, defines: &[&str]) -> (TempDir, PathBuf) {
    compile_as("fixture", source, defines)
}

/// As [`compile`], with flags for the compiler.
pub(crate) fn compile_with(source: &str, flags: &[&str]) -> (TempDir, PathBuf) {
    compile_flagged("fixture", source, flags)
}

/// Compiles `carriers/<source>.c` as the plugin `plugin`.
pub(crate) fn compile_as(plugin: &str, source: &str, defines: &[&str]) -> (TempDir, PathBuf) {
    let flags: Vec<_> = defines.iter().map(|define| format!("-D{define}")).collect();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    compile_flagged(plugin, source, &flags)
}

fn compile_flagged(plugin: &str, source: &str, flags: &[&str]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let file = dir
        .path()
        .join(format!("libaldis_carrier_{}.so", plugin.replace('-', "_")));
    let carriers = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/carriers");
    let output = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()))
        .args([
            "-std=gnu11",
            "-Wall",
            "-Wno-unused-function",
            "-Werror",
            "-shared",
            "-fPIC",
        ])
        .arg("-I")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../carrier/include"))
        .arg("-o")
        .arg(&file)
        .arg(carriers.join(format!("{source}.c")))
        // After the source: libraries are taken in their order.
        .args(flags)
        .output()
        .expect("a C compiler");
    assert!(
        output.status.success(),
        "cc {source}.c: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    (dir, file)
}

/// Compiles and loads, here or, where everything is tried a second time, for workers.
pub(crate) fn library(source: &str) -> Library {
    let isolation = match std::env::var("ALDIS_TEST_ISOLATION").as_deref() {
        Ok("worker") => Isolation::Worker,
        _ => Isolation::InProcess,
    };
    library_in(source, isolation)
}

/// Compiles and loads.
pub(crate) fn library_in(source: &str, isolation: Isolation) -> Library {
    let (_dir, file) = compile_as(&plugin_of(source), source, &[]);
    let library = libraries().load(&file, &Trust::Anything, Some(isolation));
    library.expect("a library")
}

/// None yet, with the program for workers.
pub(crate) fn libraries() -> Libraries {
    Libraries::new(Some(env!("CARGO_BIN_EXE_aldis-carrier-worker").into()))
}

/// The id that the descriptor of a fixture has.
fn plugin_of(source: &str) -> String {
    if ["broken", "wanderer", "wire"].contains(&source) {
        source.to_owned()
    } else {
        "fixture".to_owned()
    }
}

pub(crate) fn engine() -> HttpEngine {
    HttpEngine::new(HttpOptions {
        response_limit: 1024,
        ..HttpOptions::default()
    })
    .expect("an engine")
}

pub(crate) fn try_instance(
    library: &Library,
    settings: Value,
    token: &str,
) -> Result<Instance, InstanceError> {
    let options = InstanceOptions {
        name: "acme".into(),
        settings,
        secrets: vec![("token".into(), token.into())],
        callback_base_url: None,
        clock: || CLOCK,
        worker_threads: aldis_carrier_host::worker::THREADS,
    };
    Instance::create(library, options, engine())
}

/// An instance of a fixture that sends to `base_url`.
pub(crate) fn instance(source: &str, base_url: &str) -> Instance {
    try_instance(&library(source), json!({ "base_url": base_url }), TOKEN).expect("an instance")
}

/// A message with that text, and a minute for the attempt.
pub(crate) fn submission(text: &str) -> Submission {
    Submission {
        message: CarrierMessage {
            id: "msg_1".into(),
            to: "+12025550100".into(),
            from: Some(CarrierSender {
                kind: SenderKind::Alphanumeric,
                address: "Acme".into(),
            }),
            text: text.into(),
            encoding: Encoding::Gsm7,
            segments: 1,
            attempt: 1,
            validity: Some(Duration::from_mins(3)),
            deadline_unix_ms: 100_000,
            until_unix_ms: 100_000,
            callback_url: None,
            idempotency_key: "key_1".into(),
            attributes: vec![("tenant".into(), "acme".into())],
        },
        time_limit: Duration::from_mins(1),
        now_unix_ms: 5_000,
        gone: tokio_util::sync::CancellationToken::new(),
    }
}

/// A carrier on loopback: remembers each request and answers with `status` and `body`.
pub(crate) struct Carrier {
    pub(crate) base_url: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Carrier {
    pub(crate) async fn answering(status: u16, body: &str) -> Self {
        let (seen, body) = (Arc::new(Mutex::new(Vec::new())), body.to_owned());
        let kept = Arc::clone(&seen);
        let status = StatusCode::from_u16(status).expect("a status");
        let answer = move |request: axum::extract::Request| async move {
            let (head, sent) = request.into_parts();
            let sent = axum::body::to_bytes(sent, usize::MAX).await.expect("a body");
            let token = head
                .headers
                .get("authorization")
                .map(|value| value.to_str().expect("text").to_owned());
            let line = format!(
                "{} {} [{}] {}",
                head.method,
                head.uri,
                token.unwrap_or_default(),
                show(&sent)
            );
            kept.lock().expect("a list").push(line);
            (status, body)
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a socket");
        let base_url = format!("http://{}", listener.local_addr().expect("an address"));
        let serve = axum::serve(listener, Router::new().fallback(answer)).into_future();
        tokio::spawn(serve);
        Self { base_url, seen }
    }

    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("a list").clone()
    }
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A socket that nobody has accepted from yet, and its URL.
pub(crate) async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a socket");
    let base_url = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, base_url)
}

/// Accepts one connection and reads one request whole.
pub(crate) async fn accept_request(listener: &TcpListener) -> (TcpStream, String) {
    let (mut stream, _) = listener.accept().await.expect("a connection");
    let mut seen = Vec::new();
    loop {
        let mut chunk = [0; 1024];
        let count = stream.read(&mut chunk).await.expect("a request");
        seen.extend_from_slice(&chunk[..count]);
        let text = show(&seen);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .unwrap_or("0");
            if body.len() >= length.parse().expect("a length") {
                return (stream, text);
            }
        }
        assert!(count > 0, "the request ended early: {text}");
    }
}
