//! Where no descriptor is left, a listener says so, waits, is not ready, and comes back. Alone in its process, whose limit
//! it lowers.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

use aldis_daemon::admin::Admin;
use aldis_daemon::listener::{Admitted, Limits, Listener};
use aldis_daemon::readiness::Readiness;
use prometheus_client::registry::Registry;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// The processor time of this process, from `/proc/self/stat`, which is open already.
fn cpu_seconds(stat: &File) -> f64 {
    let mut text = [0; 1024];
    let length = stat.read_at(&mut text, 0).expect("proc");
    let text = String::from_utf8_lossy(&text[..length]).into_owned();
    // utime and stime in ticks of 10 ms, the 14th and 15th fields (proc(5)).
    let fields: Vec<&str> = text
        .rsplit(')')
        .next()
        .expect("fields")
        .split_whitespace()
        .collect();
    let ticks = fields[11..13]
        .iter()
        .map(|ticks| ticks.parse::<u64>().expect("ticks"));
    Duration::from_millis(ticks.sum::<u64>() * 10).as_secs_f64()
}

/// Opens files until there are no descriptors left.
fn use_up() -> Vec<File> {
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

/// One probe on a connection that is open already: the test, too, has no descriptor left for another.
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
async fn without_descriptors_it_is_not_ready_burns_nothing_and_comes_back() {
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
    let readiness = Readiness::new().with_listeners([listener.health(), admin.health()]);
    tokio::spawn(Admin::new(registry, readiness).serve(admin, CancellationToken::new()));
    let accepting = Arc::clone(&listener);
    tokio::spawn(async move {
        loop {
            match accepting.accept().await {
                Admitted::In(stream, _) | Admitted::Full(stream, _) => drop(stream),
            }
        }
    });

    let mut ready = TcpStream::connect(admin_at).await.expect("it listens");
    assert!(
        probe(&mut ready).await.contains("listeners: ok\nready"),
        "at first"
    );
    // The sockets of the callers, made while there are descriptors.
    let sockets = (tokio::net::TcpSocket::new_v4(), tokio::net::TcpSocket::new_v4());
    let (caller, prober) = (sockets.0.expect("a socket"), sockets.1.expect("a socket"));
    let stat = File::open("/proc/self/stat").expect("proc");
    let held = use_up();
    let mut caller = caller.connect(at).await.expect("queued by the system");
    let mut prober = prober.connect(admin_at).await.expect("queued by the system");
    let health = listener.health();
    while health.check().is_ok() {
        tokio::task::yield_now().await;
    }
    let before = cpu_seconds(&stat);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let burnt = cpu_seconds(&stat) - before;
    assert!(burnt < 0.5, "{burnt} s of the processor in 2 s");
    let said = probe(&mut prober).await;
    assert!(
        said.starts_with("HTTP/1.1 503") && said.contains("public: no connection can be accepted"),
        "{said}"
    );

    drop(held);
    // The one that waited all the time is served, that is to say closed.
    assert_eq!(caller.read(&mut [0; 1]).await.expect("closed"), 0);
    while health.check().is_err() {
        tokio::task::yield_now().await;
    }
    let mut prober = TcpStream::connect(admin_at).await.expect("it listens");
    let said = probe(&mut prober).await;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
}
