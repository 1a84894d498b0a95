//! A caller that has said all is still there (RFC 9112 section 9.6); one that resets its connection has left.

use crate::harness::{Answer, BODY, Call, Edge, Script};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A request under way at delivery.
async fn begun(edge: &Edge) -> TcpStream {
    edge.delivery.then(Script::Wait);
    let mut stream = TcpStream::connect(edge.at).await.expect("a connection");
    stream.write_all(&Call::good().bytes()).await.expect("sent");
    edge.delivery.busy().await;
    stream
}

async fn until_counted(edge: &Edge, line: &str) {
    while !edge.page("/metrics").await.text.lines().any(|has| has == line) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_half_closed_caller_gets_its_answer() {
    let edge = Edge::start().await;
    let mut stream = begun(&edge).await;
    stream.shutdown().await.expect("FIN");
    // The FIN has come before the pages that are asked for after it.
    for _ in 0..3 {
        until_counted(&edge, "aldis_edge_in_flight 1").await;
    }
    edge.delivery.let_go();
    let answer = Answer::from(&mut stream, "POST").await.expect("an answer");
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(stream.read(&mut [0; 1]).await.expect("closed in peace"), 0);
    until_counted(&edge, "aldis_edge_abandoned_total 0").await;
}

#[tokio::test]
async fn so_does_one_that_closes_with_its_request() {
    let edge = Edge::start().await;
    for (call, status) in [
        (Call::good(), 200),
        (Call::good().chunked(7), 200),
        (Call::bare(), 401),
        (Call::good().path("/nowhere"), 404),
        (Call::good().body(&BODY[1..]), 400),
    ] {
        let mut stream = TcpStream::connect(edge.at).await.expect("a connection");
        stream.write_all(&call.bytes()).await.expect("sent");
        stream.shutdown().await.expect("FIN");
        let answer = Answer::from(&mut stream, "POST").await.expect("an answer");
        assert_eq!(answer.status, status, "{answer:?}");
    }
}

/// A request that is half sent is none.
#[tokio::test]
async fn half_a_body_is_no_request() {
    let edge = Edge::start().await;
    let call = Call::good();
    let mut stream = TcpStream::connect(edge.at).await.expect("a connection");
    stream
        .write_all(&[&call.head(), &call.body[..10]].concat())
        .await
        .expect("sent");
    stream.shutdown().await.expect("FIN");
    let answer = Answer::from(&mut stream, "POST").await.expect("an answer");
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(edge.delivery.asked().is_empty());
}

#[tokio::test]
async fn a_caller_that_resets_has_left() {
    let edge = Edge::start().await;
    for half_closed_before in [false, true] {
        let mut stream = begun(&edge).await;
        if half_closed_before {
            stream.shutdown().await.expect("FIN");
        }
        edge.delivery.asked();
        reset(stream);
        let counted = 1 + u32::from(half_closed_before);
        until_counted(&edge, &format!("aldis_edge_abandoned_total {counted}")).await;
        until_counted(&edge, "aldis_edge_in_flight 0").await;
        // Delivery is told, so that it sends nothing more for it.
        edge.delivery.deserted(counted).await;
    }
}

/// Closes with RST instead of FIN.
fn reset(stream: TcpStream) {
    stream.set_zero_linger().expect("a socket option");
    drop(stream);
}
