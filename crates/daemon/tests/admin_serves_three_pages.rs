//! `/livez`, `/readyz`, `/metrics`, and never more.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

use aldis_daemon::admin::Admin;
use aldis_daemon::readiness::Readiness;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

struct Listening {
    at: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

async fn start(readiness: Readiness) -> Listening {
    let mut registry = Registry::default();
    let requests: Counter = Counter::default();
    registry.register("aldis_requests", "Requests", requests.clone());
    requests.inc();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let at = listener.local_addr().expect("bound");
    let shutdown = CancellationToken::new();
    let task =
        tokio::spawn(Admin::new(registry, readiness).serve(Admin::listener(listener), shutdown.clone()));
    Listening { at, shutdown, task }
}

async fn ask(at: SocketAddr, method: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(at).await.expect("it listens");
    let request = format!("{method} {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("text");
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|word| word.parse().ok())
        .expect("a status");
    (status, answer)
}

#[tokio::test]
async fn a_ready_process_says_so() {
    let it = start(Readiness::new().with_check("store", || async { Ok(()) })).await;
    assert_eq!(ask(it.at, "GET", "/livez").await.0, 200);
    assert_eq!(ask(it.at, "GET", "/readyz").await.0, 200);
    let (status, verbose) = ask(it.at, "GET", "/readyz?verbose").await;
    assert_eq!(status, 200);
    assert!(verbose.contains("store: ok\nready\n"), "{verbose}");
}

#[tokio::test]
async fn a_failed_check_is_not_ready_but_alive() {
    let broken = Arc::new(AtomicBool::new(true));
    let seen = Arc::clone(&broken);
    let readiness = Readiness::new().with_check("delivery", move || {
        let broken = seen.load(Ordering::SeqCst);
        async move {
            if broken {
                Err("cannot be reached".to_owned())
            } else {
                Ok(())
            }
        }
    });
    let it = start(readiness).await;
    let (status, verbose) = ask(it.at, "GET", "/readyz?verbose=1").await;
    assert_eq!(status, 503);
    assert!(
        verbose.contains("delivery: cannot be reached\nnot ready\n"),
        "{verbose}"
    );
    let (_, plain) = ask(it.at, "GET", "/readyz").await;
    assert!(!plain.contains("cannot be reached"), "{plain}");
    assert_eq!(ask(it.at, "GET", "/livez").await.0, 200);
    broken.store(false, Ordering::SeqCst);
    assert_eq!(ask(it.at, "GET", "/readyz").await.0, 200);
}

#[tokio::test]
async fn a_check_that_hangs_has_failed() {
    let it = start(Readiness::new().with_check("store", std::future::pending)).await;
    let (status, verbose) = ask(it.at, "GET", "/readyz?verbose").await;
    assert_eq!(status, 503);
    assert!(verbose.contains("store: no answer in time"), "{verbose}");
}

#[tokio::test]
async fn a_draining_process_takes_no_work() {
    let readiness = Readiness::new();
    let it = start(readiness.clone()).await;
    readiness.drain();
    assert_eq!(ask(it.at, "GET", "/readyz").await.0, 503);
    assert_eq!(ask(it.at, "GET", "/livez").await.0, 200);
}

#[tokio::test]
async fn metrics_are_open_metrics() {
    let it = start(Readiness::new()).await;
    let (status, page) = ask(it.at, "GET", "/metrics").await;
    assert_eq!(status, 200);
    assert!(
        page.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"),
        "{page}"
    );
    assert!(
        page.contains("aldis_requests_total 1") && page.ends_with("# EOF\n"),
        "{page}"
    );
}

#[tokio::test]
async fn there_is_nothing_else() {
    let it = start(Readiness::new()).await;
    for path in ["/", "/debug", "/livez/", "/config", "/metrics/x"] {
        assert_eq!(ask(it.at, "GET", path).await.0, 404, "{path}");
    }
    for method in ["POST", "PUT", "DELETE"] {
        assert_eq!(ask(it.at, method, "/livez").await.0, 405, "{method}");
    }
}

/// A caller that says nothing cannot keep the process from ending.
#[tokio::test]
async fn it_ends_when_told() {
    let it = start(Readiness::new()).await;
    let mut silent = TcpStream::connect(it.at).await.expect("it listens");
    silent.write_all(b"GET /livez HTTP/1.1\r\n").await.expect("sent");
    it.shutdown.cancel();
    it.task.await.expect("no panic");
}

#[tokio::test]
async fn a_note_is_shown_and_makes_nothing_unready() {
    let readiness = Readiness::new()
        .with_note("carriers", || Some("degraded: acme".to_owned()))
        .with_note("other", || None);
    let it = start(readiness).await;
    let (status, said) = ask(it.at, "GET", "/readyz?verbose").await;
    assert_eq!(status, 200);
    assert!(
        said.contains("carriers: degraded: acme") && !said.contains("other"),
        "{said}"
    );
}
