//! A listener in a process without descriptors says so, waits, is not ready, and comes back. The test is alone in its
//! process, whose limit it lowers.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

use aldis_daemon::admin::Admin;
use aldis_daemon::listener::{Admitted, Health, Limits, Listener};
use aldis_daemon::readiness::Readiness;
use prometheus_client::registry::Registry;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

const PLENTY: Duration = Duration::from_secs(30);

/// The failures that a listener counts.
fn failures(health: &Health) -> u64 {
    let said = health.check().err().unwrap_or_default();
    let before = said.rsplit_once(" failures").map(|(before, _)| before);
    let count = before.and_then(|before| before.rsplit('(').next()?.parse().ok());
    count.unwrap_or_default()
}

/// Waits until this is so, and fails the test if it never is.
async fn until(what: &str, so: impl Fn() -> bool) {
    let waiting = async {
        while !so() {
            tokio::task::yield_now().await;
        }
    };
    assert!(timeout(PLENTY, waiting).await.is_ok(), "{what}");
}

/// The number of descriptors in use.
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("descriptors").count()
}

/// Opens files until there are no descriptors left.
fn use_up() -> Vec<File> {
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

/// Probes on a connection that is open already: the test, too, has no descriptor left for another.
async fn probe(stream: &mut TcpStream) -> String {
    stream
        .write_all(b"GET /readyz?verbose HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n")
        .await
        .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("text");
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_descriptors_it_is_not_ready_pauses_and_comes_back() {
    let hard = getrlimit(Resource::Nofile).maximum;
    let lowered = Rlimit {
        current: Some(128),
        maximum: hard,
    };
    setrlimit(Resource::Nofile, lowered).expect("lowered");
    let limits = Limits {
        connections: 1000,
        strangers: None,
        unproven: 1000,
        reserve: 0,
    };
    let bind = async || TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let (socket, admin) = (bind().await, bind().await);
    let (at, admin_at) = (
        socket.local_addr().expect("bound"),
        admin.local_addr().expect("bound"),
    );
    let (listener, admin) = (
        Arc::new(Listener::new("public", socket, limits)),
        Admin::listener(admin),
    );
    let mut registry = Registry::default();
    listener.register(&mut registry);
    let (health, admin_health) = (listener.health(), admin.health());
    let readiness = Readiness::new().with_listeners([health.clone(), admin_health.clone()]);
    tokio::spawn(Admin::new(registry, readiness).serve(admin, CancellationToken::new()));
    let accepting = Arc::clone(&listener);
    tokio::spawn(async move {
        loop {
            match accepting.accept().await {
                Admitted::In(stream, _) | Admitted::Full(stream, _) => drop(stream),
            }
        }
    });

    let before = descriptors();
    let mut ready = TcpStream::connect(admin_at).await.expect("it listens");
    assert!(
        probe(&mut ready).await.contains("listeners: ok\nready"),
        "at first"
    );
    // Either end's descriptor would serve the caller.
    drop(ready);
    until("the probe's connection is closed", || descriptors() == before).await;
    // The sockets of the callers, made while there are descriptors.
    let sockets = (tokio::net::TcpSocket::new_v4(), tokio::net::TcpSocket::new_v4());
    let (caller, prober) = (sockets.0.expect("a socket"), sockets.1.expect("a socket"));
    let began = Instant::now();
    let held = use_up();
    let mut caller = caller.connect(at).await.expect("queued by the system");
    until("it tries again", || failures(&health) >= 7).await;
    // Each pause is twice the one before: 10 ms, 20 ms, and so on.
    assert!(began.elapsed() >= Duration::from_millis(630), "it tries at once");
    // Now that the other listener pauses for long: it would take the descriptor that this one frees for the probe.
    let mut prober = prober.connect(admin_at).await.expect("queued by the system");
    let said = probe(&mut prober).await;
    assert!(
        said.starts_with("HTTP/1.1 503") && said.contains("public: no connection can be accepted"),
        "{said}"
    );

    drop(held);
    // The one that waited all the time is served, that is to say closed.
    assert_eq!(caller.read(&mut [0; 1]).await.expect("closed"), 0);
    let back = || health.check().is_ok() && admin_health.check().is_ok();
    until("both come back", back).await;
    let mut prober = TcpStream::connect(admin_at).await.expect("it listens");
    let said = probe(&mut prober).await;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
}
