//! Connections that say nothing make room, and are closed; whoever shows who they are stays.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

use aldis_daemon::listener::{Admitted, Guest, Limits, Listener, Opening, Stream};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::time::Instant;

async fn listen(limits: Limits) -> (Listener, SocketAddr) {
    let socket = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let at = socket.local_addr().expect("bound");
    (Listener::new("test", socket, limits), at)
}

fn limits(connections: usize) -> Limits {
    Limits {
        connections,
        strangers: None,
        unproven: connections,
        reserve: 0,
    }
}

/// A connection, both ends.
async fn one(listener: &Listener, at: SocketAddr) -> (TcpStream, Stream, Guest) {
    let caller = TcpStream::connect(at).await.expect("it listens");
    match listener.accept().await {
        Admitted::In(stream, guest) => (caller, stream, guest),
        Admitted::Full(..) => panic!("there is room"),
    }
}

#[tokio::test]
async fn the_one_that_is_silent_longest_makes_room() {
    let (listener, at) = listen(limits(2)).await;
    let (mut first, mut served, _) = one(&listener, at).await;
    let reading = tokio::spawn(async move { served.read(&mut [0; 1]).await });
    let (_second, _stream, _) = one(&listener, at).await;
    let (_third, _stream, _) = one(&listener, at).await;
    assert!(
        reading.await.expect("no panic").is_err(),
        "whoever serves it hears so"
    );
    assert_eq!(first.read(&mut [0; 1]).await.expect("closed"), 0);
}

#[tokio::test]
async fn whoever_has_shown_who_it_is_stays() {
    let (listener, at) = listen(limits(2)).await;
    let (_a, first, guest) = one(&listener, at).await;
    guest.known();
    let (_b, second, guest) = one(&listener, at).await;
    guest.known();
    let mut third = TcpStream::connect(at).await.expect("it listens");
    let Admitted::Full(refused, _) = listener.accept().await else {
        panic!("there is no room");
    };
    drop(refused);
    assert_eq!(third.read(&mut [0; 1]).await.expect("closed"), 0);
    assert!(!first.cut().is_cancelled() && !second.cut().is_cancelled());
    drop(first);
    one(&listener, at).await;
}

#[tokio::test]
async fn a_socket_file_has_a_cap_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let socket = UnixListener::bind(&path).expect("bound");
    let listener = Listener::new("test", socket, limits(1));
    let mut first = UnixStream::connect(&path).await.expect("it listens");
    let Admitted::In(stream, _) = listener.accept().await else {
        panic!("there is room");
    };
    let serving = tokio::spawn(async move {
        let mut stream = stream;
        stream.read(&mut [0; 1]).await.map(drop)
    });
    let _second = UnixStream::connect(&path).await.expect("it listens");
    assert!(matches!(listener.accept().await, Admitted::In(..)));
    assert!(serving.await.expect("no panic").is_err());
    assert_eq!(first.read(&mut [0; 1]).await.expect("closed"), 0);
}

#[tokio::test]
async fn the_first_bytes_come_in_time_or_it_ends() {
    let (listener, at) = listen(limits(8)).await;
    for (said, millis, in_time) in [
        (&b""[..], 100, false),
        (b"123", 100, false),
        (b"1234", 1000, true),
    ] {
        let (mut caller, stream, _) = one(&listener, at).await;
        let deadline = Instant::now() + Duration::from_millis(millis);
        let mut opening = Opening::new(stream, 4, deadline);
        caller.write_all(said).await.expect("sent");
        let heard = opening.read_exact(&mut [0; 4]).await;
        assert_eq!(heard.is_ok(), in_time, "{said:?}");
        if in_time {
            // The rest has all the time that it wants.
            tokio::time::sleep_until(deadline).await;
            caller.write_all(b"5").await.expect("sent");
            assert_eq!(opening.read_u8().await.expect("heard"), b'5');
        }
    }
}

/// Also one that HTTP/2 does not read from while it cannot write.
#[tokio::test]
async fn one_that_leaves_its_answers_unread_makes_room_too() {
    let (listener, at) = listen(limits(1)).await;
    let (_caller, mut stream, _) = one(&listener, at).await;
    let writing = tokio::spawn(async move {
        let answer = vec![0; 64 * 1024];
        loop {
            if let Err(error) = stream.write_all(&answer).await {
                break error.kind();
            }
        }
    });
    let _next = TcpStream::connect(at).await.expect("it listens");
    assert!(matches!(listener.accept().await, Admitted::In(..)));
    assert_eq!(
        writing.await.expect("no panic"),
        std::io::ErrorKind::ConnectionAborted
    );
}

/// A FIN is not a reset, and a reset is seen by whoever waits for it, also while nobody reads.
#[tokio::test]
async fn a_reset_is_noticed_and_a_fin_is_none() {
    let (listener, at) = listen(limits(8)).await;
    let (mut caller, stream, _) = one(&listener, at).await;
    caller.write_all(b"unread").await.expect("sent");
    caller.shutdown().await.expect("FIN");
    let resets = stream.resets();
    let waited = tokio::time::timeout(Duration::from_millis(200), resets.reset()).await;
    assert!(waited.is_err(), "it only said that it sends no more");
    caller.set_zero_linger().expect("a socket option");
    drop(caller);
    resets.reset().await;
}

/// A peer that takes nothing of its answer is given up.
#[tokio::test]
async fn an_answer_that_is_not_read_ends_the_connection() {
    let (listener, at) = listen(limits(8)).await;
    let (caller, mut stream, _) = one(&listener, at).await;
    let begun = Instant::now();
    let answer = vec![0; 64 * 1024];
    let error = loop {
        if let Err(error) = stream.write_all(&answer).await {
            break error;
        }
    };
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    assert!(begun.elapsed() >= Duration::from_secs(9), "not before its time");
    drop(caller);
}
