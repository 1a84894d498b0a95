//! Libraries that were compiled when ABI 1.0 was new work with this host, byte for byte as they were shipped.

use crate::stage::{Carrier, engine, submission};
use crate::wire::{self, Desk, Peer};
use aldis_carrier_host::{
    CallbackRequest, CallbackVerdict, Class, Events, Instance, InstanceOptions, Library, ReceiptState,
};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Where the libraries for this machine are; `None`, said aloud, where there are none.
fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/abi-1.0/x86_64-linux-gnu");
    if cfg!(all(
        target_arch = "x86_64",
        target_os = "linux",
        target_env = "gnu"
    )) {
        return Some(folder);
    }
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED: the compiled libraries of ABI 1.0, which are for x86_64 Linux with glibc"
    );
    None
}

#[test]
fn they_are_the_ones_that_were_shipped() {
    let Some(folder) = folder() else { return };
    let sums = std::fs::read_to_string(folder.join("sha256sums.txt")).expect("the sums");
    assert!(sums.lines().count() >= 5, "{sums}");
    for line in sums.lines() {
        let (sum, file) = line.split_once("  ").expect("a sum and a file");
        let bytes = std::fs::read(folder.join(file)).expect("the library");
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
        let hex = digest.as_ref().iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a string");
            hex
        });
        assert_eq!(hex, sum, "{file}");
    }
}

/// What the clock of every instance says.
const NOW: u64 = 5_000;

fn instance(folder: &Path, plugin: &str, settings: Value, secret: Option<(&str, &str)>) -> Instance {
    let library = Library::load(&folder.join(format!("libaldis_carrier_{plugin}.so"))).expect("a library");
    let options = InstanceOptions {
        name: "acme".into(),
        settings,
        secrets: secret
            .map(|(key, value)| (key.into(), value.into()))
            .into_iter()
            .collect(),
        callback_base_url: None,
        clock: || NOW,
        worker_threads: aldis_carrier_host::worker::THREADS,
    };
    Instance::create(&library, options, engine()).expect("an instance")
}

/// Sends one message, which the carrier takes.
async fn send(instance: &Instance) {
    let report = instance.submit(submission("a&b")).await;
    assert_eq!(
        (report.class, report.carrier_ids),
        (Class::Accepted, vec!["m-1".to_owned()])
    );
}

#[tokio::test]
async fn the_one_with_requests_sends() {
    let Some(folder) = folder() else { return };
    let carrier = Carrier::answering(201, r#"{"id": "m-1"}"#).await;
    let settings = json!({ "base_url": carrier.base_url });
    send(&instance(&folder, "minimal", settings, None)).await;
    assert_eq!(
        carrier.seen(),
        ["POST /messages [] to=%2B12025550100&from=Acme&text=a%26b"]
    );
}

#[tokio::test]
async fn the_one_that_asks_the_host_is_answered() {
    let Some(folder) = folder() else { return };
    let carrier = Carrier::answering(201, r#"{"id": "m-1"}"#).await;
    let settings = json!({ "base_url": carrier.base_url });
    let instance = instance(&folder, "talks", settings, Some(("token", "t0ken")));
    for _ in 0..2 {
        send(&instance).await;
    }
    assert_eq!(carrier.seen(), ["POST /messages [Bearer t0ken] a&b"; 2]);
    let metrics = instance.metrics();
    let sent: Vec<_> = metrics
        .plugin
        .iter()
        .map(|metric| (metric.name.as_str(), metric.value))
        .collect();
    assert_eq!((sent, metrics.faults), (vec![("sent", 2.0)], 0));
}

fn callback(key: &str, at: u64) -> CallbackRequest {
    let told = json!({ "id": "m-1", "state": "delivered", "at": at });
    CallbackRequest {
        external_url: "https://sms.example.com/carriers/acme/receipts".into(),
        method: "POST".into(),
        headers: vec![("X-Key".into(), key.as_bytes().to_vec())],
        body: told.to_string().into(),
        remote_address: "10.0.0.1".into(),
        now_unix_ms: NOW,
    }
}

#[tokio::test]
async fn the_one_in_rust_sends_and_is_called_back() {
    let Some(folder) = folder() else { return };
    let carrier = Carrier::answering(201, r#"{"id": "m-1"}"#).await;
    let settings = json!({ "base_url": carrier.base_url, "account": "me" });
    let instance = instance(&folder, "called", settings, Some(("api_key", "k3y")));
    send(&instance).await;
    assert_eq!(
        carrier.seen(),
        ["POST /messages [Basic bWU6azN5] to=%2B12025550100&text=a%26b&from=Acme"]
    );
    let verdict = instance.webhook(&callback("k3y", NOW - 1000)).await;
    let CallbackVerdict::Verified {
        events,
        reply: Some(reply),
    } = verdict
    else {
        panic!("{verdict:?}")
    };
    assert_eq!(
        (events[0].carrier_id.as_str(), events[0].state, reply.status),
        ("m-1", ReceiptState::Delivered, 202)
    );
    for forged in [callback("kay", NOW), callback("k3y", NOW + 300_001)] {
        assert!(matches!(
            instance.webhook(&forged).await,
            CallbackVerdict::Rejected
        ));
    }
    assert_eq!(instance.metrics().faults, 0);
}

/// A whole life on one connection, of a carrier that sends the text in these letters.
async fn life(instance: Instance, listener: tokio::net::TcpListener, text: &str) {
    let desk = Arc::new(Desk::default());
    let events: Arc<dyn Events> = Arc::clone(&desk) as _;
    instance.start(&events);
    let mut peer = Peer::new(listener.accept().await.expect("a connection").0);
    peer.hears("LOGIN acme pa55").await;
    peer.says("WELCOME").await;
    let instance = Arc::new(instance);
    let report = wire::submit(&instance, submission("a&b"));
    let sent = peer.heard().await.expect("a message");
    let token = sent.split(' ').nth(1).expect("a token");
    assert_eq!(sent, format!("SEND {token} +12025550100 {text}"));
    peer.says(&format!("DONE {token} m-1")).await;
    let report = report.await.expect("a report");
    assert_eq!(
        (report.class, report.carrier_ids),
        (Class::Accepted, vec!["m-1".to_owned()])
    );
    peer.says("RECEIPT m-1 delivered").await;
    wire::until(|| desk.waiting() == ["m-1"]).await;
    desk.answer(true);
    peer.hears("GOT m-1").await;
    instance.drain(Duration::from_mins(1)).await;
    peer.hears("QUIT").await;
    assert_eq!(peer.heard().await, None);
}

/// A port of its own that the library fixed: an address that no other test has.
const LINES: &str = "127.0.0.43:2775";

#[tokio::test]
async fn the_one_with_a_connection_sends_and_tells() {
    let Some(folder) = folder() else { return };
    let listener = tokio::net::TcpListener::bind(LINES).await.expect("a socket");
    let settings = json!({ "host": "127.0.0.43", "user": "acme" });
    let lines = instance(&folder, "lines", settings, Some(("password", "pa55")));
    life(lines, listener, "a%26b").await;
}

#[tokio::test]
async fn the_one_in_rust_with_a_connection_sends_and_tells() {
    let Some(folder) = folder() else { return };
    let (listener, _) = wire::carrier().await;
    let port = listener.local_addr().expect("an address").port();
    let settings = json!({ "host": "127.0.0.1", "port": port, "user": "acme" });
    let stays = instance(&folder, "stays", settings, Some(("password", "pa55")));
    life(stays, listener, "612662").await;
}
