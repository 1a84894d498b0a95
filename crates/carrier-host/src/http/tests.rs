//! Each way an exchange can end, over real sockets, and whether the carrier may have the request.

mod unheard;

use super::reach::Reach;
use super::{Connections, HttpAnswer, HttpEngine, HttpOptions, HttpRequest};
use crate::allowed::AllowedHosts;
use crate::guard::{Guard, Lookup, system};
use crate::trust;
use aldis_carrier::Transport;
use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_secs(1);

fn engine() -> HttpEngine {
    HttpEngine::new(HttpOptions {
        response_limit: 64,
        ..HttpOptions::default()
    })
    .expect("an engine")
}

fn engine_with(lookup: Lookup) -> HttpEngine {
    HttpEngine::new(HttpOptions {
        lookup,
        ..HttpOptions::default()
    })
    .expect("an engine")
}

async fn ask_with(engine: &HttpEngine, url: &str, body: &'static str, limit: Duration) -> HttpAnswer {
    let uri: Uri = url.parse().expect("an address");
    let mut allowed = AllowedHosts::default();
    // Whatever port it is that listens.
    if uri.host() == Some("127.0.0.1") {
        let origin = url.split_inclusive('/').take(3).collect::<String>();
        allowed.add_base_url(&origin).expect("a base url");
    }
    allowed.add_host("carrier.example").expect("a host");
    let method = if body.is_empty() {
        Method::GET
    } else {
        Method::POST
    };
    let request = HttpRequest {
        method,
        uri,
        headers: HeaderMap::new(),
        body: Bytes::from_static(body.as_bytes()),
    };
    engine
        .exchange(request, &allowed, limit, &CancellationToken::new())
        .await
}

async fn ask(url: &str, body: &'static str, limit: Duration) -> HttpAnswer {
    ask_with(&engine(), url, body, limit).await
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a socket");
    let address = listener.local_addr().expect("an address").to_string();
    (listener, address)
}

/// Reads one request to its end: head, then as much body as `content-length` says.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut seen = Vec::new();
    loop {
        let mut chunk = [0; 1024];
        let count = stream.read(&mut chunk).await.expect("a request");
        seen.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&seen).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .unwrap_or("0");
            if body.len() >= length.parse().expect("a length") {
                return text;
            }
        }
        assert!(count > 0, "the request ended early: {text}");
    }
}

/// A carrier that reads whole requests and answers each with the next of `answers`; then it hangs up.
fn answering(listener: TcpListener, answers: Vec<String>) -> tokio::task::JoinHandle<Vec<String>> {
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut seen = Vec::new();
        for answer in answers {
            seen.push(read_request(&mut stream).await);
            stream.write_all(answer.as_bytes()).await.expect("written");
        }
        seen
    })
}

#[tokio::test]
async fn an_answer_is_given_whole() {
    let (listener, address) = listener().await;
    let server = answering(
        listener,
        vec!["HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 2\r\n\r\nhi".into()],
    );
    let answer = ask(&format!("http://{address}/a?b=c"), "body", LONG).await;
    assert_eq!(
        (answer.transport, answer.status, answer.request_written),
        (Transport::Ok, 302, true)
    );
    assert_eq!(&answer.body[..], b"hi");
    assert_eq!(answer.headers["location"], "/x");
    let seen = server.await.expect("one request");
    assert!(
        seen[0].starts_with("post /a?b=c http/1.1\r\n") && seen[0].ends_with("body"),
        "{seen:?}"
    );
}

#[tokio::test]
async fn an_answer_that_never_comes_is_a_reset_after_writing() {
    for body in ["body", ""] {
        let (listener, address) = listener().await;
        let server = answering(listener, vec![String::new()]);
        let answer = ask(&format!("http://{address}/"), body, LONG).await;
        assert_eq!(
            (answer.transport, answer.status),
            (Transport::Reset, 0),
            "{body:?}"
        );
        assert!(answer.request_written, "{body:?}");
        server.await.expect("the request was read");
    }
}

#[tokio::test]
async fn a_slow_answer_is_a_timeout_after_writing() {
    for body in ["body", ""] {
        let (_listener, address) = listener().await;
        let answer = ask(&format!("http://{address}/"), body, SHORT).await;
        assert_eq!(
            (answer.transport, answer.status, answer.request_written),
            (Transport::Timeout, 0, true)
        );
    }
}

#[tokio::test]
async fn a_body_that_stops_keeps_its_status() {
    let (listener, address) = listener().await;
    let server = answering(
        listener,
        vec!["HTTP/1.1 201 Created\r\ncontent-length: 9\r\n\r\nhalf".into()],
    );
    let answer = ask(&format!("http://{address}/"), "body", LONG).await;
    assert_eq!(
        (answer.transport, answer.status, answer.request_written),
        (Transport::Reset, 201, true)
    );
    assert!(answer.body.is_empty());
    server.await.expect("the request was read");
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    for head in ["content-length: 65\r\n\r\n", "connection: close\r\n\r\n"] {
        let (listener, address) = listener().await;
        let server = answering(
            listener,
            vec![format!("HTTP/1.1 200 OK\r\n{head}{}", "x".repeat(65))],
        );
        let answer = ask(&format!("http://{address}/"), "body", LONG).await;
        assert_eq!(
            (answer.transport, answer.status, answer.request_written),
            (Transport::TooLarge, 200, true)
        );
        server.await.expect("the request was read");
    }
}

#[tokio::test]
async fn nothing_is_written_without_a_connection() {
    let (listener, address) = listener().await;
    drop(listener);
    for body in ["body", ""] {
        let answer = ask(&format!("http://{address}/"), body, LONG).await;
        assert_eq!(
            (answer.transport, answer.request_written),
            (Transport::Connect, false)
        );
    }
}

#[tokio::test]
async fn nothing_is_written_before_the_handshake() {
    // Hangs up, answers in plain text, or says nothing at all: no TLS, no request.
    let (listener_a, address) = listener().await;
    let server = tokio::spawn(async move { drop(listener_a.accept().await) });
    let answer = ask(&format!("https://{address}/"), "body", LONG).await;
    assert!(
        [Transport::Tls, Transport::Connect].contains(&answer.transport),
        "{:?}",
        answer.transport
    );
    assert!(!answer.request_written);
    server.await.expect("one connection");

    let (listener_b, address) = listener().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener_b.accept().await.expect("a connection");
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .expect("written");
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await
    });
    let answer = ask(&format!("https://{address}/"), "body", LONG).await;
    assert_eq!(
        (answer.transport, answer.request_written),
        (Transport::Tls, false)
    );
    drop(server.await.expect("one connection"));

    let (_listener, address) = listener().await;
    for body in ["body", ""] {
        let answer = ask(&format!("https://{address}/"), body, SHORT).await;
        assert_eq!(
            (answer.transport, answer.request_written),
            (Transport::Timeout, false)
        );
    }
}

#[tokio::test]
async fn a_name_that_is_not_found_is_said_so() {
    let engine = engine_with(Arc::new(|_| {
        Box::pin(async { Err(io::Error::other("no such name")) })
    }));
    let answer = ask_with(&engine, "https://carrier.example/", "body", LONG).await;
    assert_eq!(
        (answer.transport, answer.request_written),
        (Transport::Dns, false)
    );
}

#[tokio::test]
async fn a_request_repeats_on_a_new_connection_only_if_nothing_was_written() {
    let (listener, address) = listener().await;
    let url = format!("http://{address}/");
    let engine = engine();
    let ok = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned();
    let server = tokio::spawn(async move {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            read_request(&mut stream).await;
            stream.write_all(ok.as_bytes()).await.expect("written");
        }
    });
    // The server hangs up after its first answer, so the pooled connection is dead, or dies under the request.
    assert_eq!(
        ask_with(&engine, &url, "first", LONG).await.transport,
        Transport::Ok
    );
    let answer = ask_with(&engine, &url, "second", LONG).await;
    if answer.transport == Transport::Ok {
        server.await.expect("two requests");
    } else {
        assert_eq!(
            (answer.transport, answer.request_written),
            (Transport::Reset, true)
        );
        server.abort();
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n";

#[tokio::test]
async fn a_connection_is_used_again_and_let_go_when_nobody_does() {
    let (listener, address) = listener().await;
    let url = format!("http://{address}/");
    let mut engine = engine();
    let tls = trust::nobody().expect("a client");
    engine.connections = Connections::new(
        Reach::new(&tls, None, LONG, Guard::new(Arc::new(system), Vec::new())),
        SHORT,
    );
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        for answer in ["one", "two"] {
            let request = read_request(&mut stream).await;
            stream
                .write_all(format!("{OK}{answer}").as_bytes())
                .await
                .expect("written");
            assert!(request.contains(&format!("\r\nhost: {address}\r\n")), "{request}");
        }
        assert_eq!(stream.read(&mut [0]).await.expect("its end"), 0);
    });
    for expected in ["one", "two"] {
        let answer = ask_with(&engine, &url, "body", LONG).await;
        assert_eq!(answer.body, expected);
    }
    server.await.expect("one connection");
}

/// What was said too much or too late belongs to nobody.
#[tokio::test]
async fn a_connection_with_something_left_on_it_is_not_used_again() {
    let stolen = format!("{OK}old{OK}bad");
    let endless = format!("HTTP/1.1 200 OK\r\ncontent-length: 70\r\n\r\n{}", "x".repeat(70));
    let unfinished = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nold\r\n".to_owned();
    for first in [stolen, endless, unfinished] {
        let (listener, address) = listener().await;
        let url = format!("http://{address}/");
        let engine = engine();
        let server = tokio::spawn(async move {
            let (mut before, _) = listener.accept().await.expect("a connection");
            read_request(&mut before).await;
            before.write_all(first.as_bytes()).await.expect("written");
            let (mut stream, _) = listener.accept().await.expect("another connection");
            read_request(&mut stream).await;
            stream
                .write_all(format!("{OK}new").as_bytes())
                .await
                .expect("written");
            drop(before);
        });
        let _ = ask_with(&engine, &url, "first", SHORT).await;
        // What came behind the first answer is read when it arrives.
        tokio::task::yield_now().await;
        let answer = ask_with(&engine, &url, "second", LONG).await;
        assert_eq!((answer.transport, &answer.body[..]), (Transport::Ok, &b"new"[..]));
        server.await.expect("two connections");
    }
}

#[test]
fn a_wrong_option_is_named() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let missing = file.path().with_extension("missing");
    for (path, word) in [
        (file.path().to_owned(), "holds no certificate"),
        (missing, "No such file"),
    ] {
        let options = HttpOptions {
            ca_certificate: Some(path.clone()),
            ..HttpOptions::default()
        };
        let error = HttpEngine::new(options).err().expect("refused").to_string();
        assert!(
            error.contains(word) && error.contains(&path.display().to_string()),
            "{error}"
        );
    }
    let options = HttpOptions {
        proxy: Some("http://user:hunter2@".into()),
        ..HttpOptions::default()
    };
    let error = HttpEngine::new(options).err().expect("refused").to_string();
    assert!(!error.contains("hunter2"), "{error}");
}
