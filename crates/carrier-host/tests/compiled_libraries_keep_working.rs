//! Libraries that were compiled when ABI 1.0 was new work with this host, byte for byte as they were shipped.

use crate::stage::{Carrier, engine, submission};
use crate::wire::{self, Desk, Peer};
use aldis_carrier_host::{Class, Events, Instance, InstanceOptions, Library};
use serde_json::json;
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
    assert!(sums.lines().count() >= 2, "{sums}");
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

#[tokio::test]
async fn the_one_with_requests_sends() {
    let Some(folder) = folder() else { return };
    let carrier = Carrier::answering(201, r#"{"id": "m-1"}"#).await;
    let library = Library::load(&folder.join("libaldis_carrier_minimal.so")).expect("a library");
    let options = InstanceOptions {
        name: "old".into(),
        settings: json!({ "base_url": carrier.base_url }),
        secrets: Vec::new(),
        callback_base_url: None,
        clock: || 0,
    };
    let instance = Instance::create(&library, options, engine()).expect("an instance");

    let report = instance.submit(submission("a&b")).await;

    assert_eq!(
        (report.class, report.carrier_ids),
        (Class::Accepted, vec!["m-1".to_owned()])
    );
    assert_eq!(
        carrier.seen(),
        ["POST /messages [] to=%2B12025550100&from=Acme&text=a%26b"]
    );
}

/// A port of its own that the library fixed: an address that no other test has.
const LINES: &str = "127.0.0.43:2775";

#[tokio::test]
async fn the_one_with_a_connection_sends_and_tells() {
    let Some(folder) = folder() else { return };
    let listener = tokio::net::TcpListener::bind(LINES).await.expect("a socket");
    let library = Library::load(&folder.join("libaldis_carrier_lines.so")).expect("a library");
    let options = InstanceOptions {
        name: "acme".into(),
        settings: json!({ "host": "127.0.0.43", "user": "acme" }),
        secrets: vec![("password".into(), "pa55".into())],
        callback_base_url: None,
        clock: || 5_000,
    };
    let instance = Instance::create(&library, options, engine()).expect("an instance");
    let desk = Arc::new(Desk::default());
    let events: Arc<dyn Events> = Arc::clone(&desk) as _;
    instance.start(&events);
    let mut peer = Peer::new(listener.accept().await.expect("a connection").0);
    peer.hears("LOGIN acme pa55").await;
    peer.says("WELCOME").await;
    let instance = Arc::new(instance);
    let report = wire::submit(&instance, submission("a&b"));
    peer.hears("SEND 1 +12025550100 a%26b").await;
    peer.says("DONE 1 m-1").await;
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
