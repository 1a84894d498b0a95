//! A stop takes nothing new, finishes what is under way, and ends.

use crate::harness::edge::{bearer, tenant};
use crate::harness::{Answer, Call, Edge, Script};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

async fn begun(edge: &Edge) -> TcpStream {
    edge.delivery.then(Script::Wait);
    let mut stream = TcpStream::connect(edge.at).await.expect("a connection");
    stream.write_all(&Call::good().bytes()).await.expect("sent");
    edge.delivery.busy().await;
    stream
}

#[tokio::test]
async fn what_is_under_way_is_finished_and_nothing_new_begins() {
    let edge = Edge::start().await;
    let mut idle = TcpStream::connect(edge.at).await.expect("a connection");
    let mut stream = begun(&edge).await;
    assert_eq!(edge.page("/readyz").await.status, 200);

    edge.stop.cancel();
    while edge.page("/readyz").await.status == 200 {
        tokio::task::yield_now().await;
    }
    let late = edge.hears(&Call::good()).await;
    assert_eq!((late.status, late.code().as_str()), (503, "shutting_down"));
    assert_eq!(
        (late.header("retry-after"), late.header("connection")),
        (Some("1"), Some("close"))
    );
    idle.write_all(&Call::good().bytes()).await.expect("still open");
    assert_eq!(
        Answer::from(&mut idle, "POST").await.expect("an answer").status,
        503,
        "an old connection, too"
    );
    assert!(!edge.running.is_finished());

    edge.delivery.let_go();
    assert_eq!(
        Answer::from(&mut stream, "POST").await.expect("an answer").status,
        200
    );
    edge.running.await.expect("no panic");
    assert_eq!(edge.delivery.asked().len(), 1);
    assert!(TcpStream::connect(edge.at).await.is_err(), "the port is free");
}

#[tokio::test]
async fn with_nothing_under_way_it_ends_at_once() {
    let edge = Edge::start().await;
    let mut idle = TcpStream::connect(edge.at).await.expect("a connection");
    assert_eq!(edge.hears(&Call::good()).await.status, 200);
    edge.stop.cancel();
    edge.running.await.expect("no panic");
    assert_eq!(idle.read(&mut [0; 1]).await.unwrap_or(0), 0, "closed");
}

#[tokio::test]
async fn what_does_not_end_in_time_is_cut_off() {
    let edge = Edge::with_keys("drain_within = \"300ms\"", &tenant("acme", "", &bearer(""))).await;
    let mut stream = begun(&edge).await;
    edge.stop.cancel();
    edge.running.await.expect("no panic");
    assert!(
        Answer::from(&mut stream, "POST").await.is_none(),
        "no answer is a lie"
    );
}

#[tokio::test]
async fn a_caller_who_left_is_not_waited_for() {
    let edge = Edge::start().await;
    let stream = begun(&edge).await;
    // A FIN alone would not do: it says no more than that the request is complete.
    stream.set_zero_linger().expect("a socket option");
    drop(stream);
    loop {
        let page = edge.page("/metrics").await.text;
        if page.lines().any(|line| line == "aldis_edge_abandoned_total 1") {
            assert!(
                page.lines().any(|line| line == "aldis_edge_in_flight 0"),
                "{page}"
            );
            break;
        }
        tokio::task::yield_now().await;
    }
    edge.stop.cancel();
    edge.running.await.expect("no panic");
}
