//! One bad neighbour takes nobody's place: whatever others do with their connections, signed requests are answered.

use crate::harness::edge::{bearer, tenant};
use crate::harness::{Answer, Call, Edge, Script};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// The number of connections that took every place there was, when a connection was a place (512 and 64 refusals).
const FLOOD: usize = 576;
const LOGINS: usize = 500;

/// An edge with fewer places than a flood and the logins need together.
async fn edge() -> Edge {
    // Both ends of every connection are in this process.
    aldis_daemon::descriptors::raise();
    with("max_connections = 600").await
}

async fn with(keys: &str) -> Edge {
    let keys = format!("public_url = \"https://sms.example.com\"\n{keys}");
    let open = tenant("open", "", "method = \"none\"\nallow_unauthenticated = true");
    Edge::with_keys(&keys, &(tenant("acme", "", &bearer("")) + &open)).await
}

async fn connect(edge: &Edge) -> TcpStream {
    TcpStream::connect(edge.at).await.expect("a connection")
}

/// Connections that have said this and go on saying `more` every so often, until they are closed.
async fn flood(edge: &Edge, first: &[u8], more: &'static [u8], every: Duration) -> JoinSet<()> {
    let mut flood = JoinSet::new();
    for _ in 0..FLOOD {
        let mut stream = connect(edge).await;
        // Whoever is closed already has had its share.
        let _ = stream.write_all(first).await;
        flood.spawn(async move {
            let (mut reader, mut writer) = stream.split();
            let mut rest = Vec::new();
            let reading = reader.read_to_end(&mut rest);
            let writing = async {
                loop {
                    tokio::time::sleep(every).await;
                    if writer.write_all(more).await.is_err() {
                        std::future::pending::<()>().await;
                    }
                }
            };
            tokio::select! {
                _ = reading => {}
                () = writing => {}
            }
        });
    }
    flood
}

/// Sends so many signed requests at once, each on a connection of its own, all open before the first is answered.
async fn all_logins_are_answered(edge: &Edge, logins: usize) {
    let mut open = Vec::new();
    for number in 0..logins {
        let mut stream = connect(edge).await;
        let call = Call::good().header("idempotency-key", number.to_string());
        stream.write_all(&call.bytes()).await.expect("heard");
        open.push(stream);
    }
    for mut stream in open {
        let answer = Answer::from(&mut stream, "POST").await.expect("an answer");
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

#[tokio::test]
async fn idle_connections_make_room() {
    let edge = edge().await;
    let mut flood = flood(
        &edge,
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        Duration::from_millis(450),
    )
    .await;
    for _ in 0..3 {
        all_logins_are_answered(&edge, LOGINS).await;
    }
    flood.shutdown().await;
}

#[tokio::test]
async fn so_do_connections_that_say_nothing_and_slow_heads() {
    let edge = edge().await;
    for (first, more) in [
        (&b""[..], &b""[..]),
        (b"POST /auth0/acme/sms HTTP/1.1\r\nx: ", b"x"),
    ] {
        let mut flood = flood(&edge, first, more, Duration::from_millis(200)).await;
        all_logins_are_answered(&edge, LOGINS).await;
        flood.shutdown().await;
    }
}

#[tokio::test]
async fn so_do_slow_bodies_wherever_they_go() {
    let edge = edge().await;
    for path in [
        "/carriers/api/receipts",
        "/auth0/acme/sms",
        "/auth0/nobody/sms",
        "/auth0/open/sms",
        "/",
    ] {
        let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 60000\r\n\r\n");
        let mut flood = flood(&edge, head.as_bytes(), b"x", Duration::from_millis(200)).await;
        all_logins_are_answered(&edge, LOGINS).await;
        flood.shutdown().await;
    }
}

/// Calls of carriers that delivery is slow to answer fill their own places and no others.
#[tokio::test]
async fn call_backs_do_not_use_up_the_places_of_logins() {
    let edge = with("max_connections = 8").await;
    edge.delivery.hold_callbacks();
    let call = Call::bare().path("/carriers/api/receipts");
    let mut working = Vec::new();
    for _ in 0..2 {
        let mut stream = connect(&edge).await;
        stream.write_all(&call.bytes()).await.expect("sent");
        working.push(stream);
    }
    while edge.delivery.callbacks() < 2 {
        tokio::task::yield_now().await;
    }
    let refused = edge.hears(&call).await;
    assert_eq!((refused.status, refused.code().as_str()), (503, "overloaded"));
    assert_eq!(refused.header("retry-after"), Some("1"));
    for _ in 0..20 {
        all_logins_are_answered(&edge, 6).await;
    }
    edge.delivery.let_go();
    edge.delivery.let_go();
    for stream in &mut working {
        let answer = Answer::from(stream, "POST").await.expect("an answer");
        assert_eq!(answer.status, 200, "whoever is being served stays");
    }
}

/// A tenant that asks for no token is anybody's to call, also while delivery is slow to answer.
#[tokio::test]
async fn nor_do_the_callers_of_an_open_tenant() {
    let edge = with("max_connections = 8").await;
    let call = Call::bare().path("/auth0/open/sms");
    let mut working = Vec::new();
    for _ in 0..2 {
        edge.delivery.then(Script::Wait);
        let mut stream = connect(&edge).await;
        stream.write_all(&call.bytes()).await.expect("sent");
        edge.delivery.busy().await;
        edge.delivery.asked();
        working.push(stream);
    }
    let refused = edge.hears(&call).await;
    assert_eq!((refused.status, refused.code().as_str()), (503, "overloaded"));
    for _ in 0..20 {
        all_logins_are_answered(&edge, 6).await;
    }
    edge.delivery.let_go();
    edge.delivery.let_go();
    for stream in &mut working {
        let answer = Answer::from(stream, "POST").await.expect("an answer");
        assert_eq!(answer.status, 200, "whoever is being served stays");
    }
    assert_eq!(edge.hears(&call).await.status, 200, "the places are free again");
}

/// One address's slow bodies do not keep out the next address, where a proxy says who calls.
#[tokio::test]
async fn behind_a_proxy_each_caller_has_its_own_share() {
    let keys = "trusted_proxies = [\"127.0.0.1\"]\nmax_unauthenticated_per_address = 2";
    let edge = with(keys).await;
    let call = |of: &str| {
        Call::bare()
            .path("/carriers/api/receipts")
            .header("x-forwarded-for", of)
    };
    let mut slow = Vec::new();
    for _ in 0..2 {
        let mut stream = connect(&edge).await;
        stream.write_all(&call("203.0.113.9").head()).await.expect("sent");
        slow.push(stream);
    }
    // Until both are being read, an early third has a place.
    while edge.hears(&call("203.0.113.9")).await.status == 200 {}
    assert_eq!(edge.hears(&call("203.0.113.10")).await.status, 200);
    let nobody = call("").without("x-forwarded-for");
    for _ in 0..5 {
        assert_eq!(
            edge.hears(&nobody).await.status,
            200,
            "the proxy itself has no cap"
        );
    }
    let login = Call::good().header("x-forwarded-for", "203.0.113.9");
    assert_eq!(edge.hears(&login).await.status, 200, "a good token never counts");
    drop(slow);
}

/// Whoever connects from a proxy's address is not held against it; anybody else's idle connections are.
#[tokio::test]
async fn idle_connections_of_one_address_are_counted_unless_it_is_a_proxy() {
    let keys = "max_unauthenticated_per_address = 2";
    let trusting = format!("trusted_proxies = [\"127.0.0.1\"]\n{keys}");
    for (keys, stay) in [(keys, 2), (trusting.as_str(), 6)] {
        let edge = with(keys).await;
        let mut idle = Vec::new();
        for _ in 0..6 {
            let mut stream = connect(&edge).await;
            stream.write_all(&Call::bare().bytes()).await.expect("sent");
            let answer = Answer::from(&mut stream, "POST").await.expect("an answer");
            assert_eq!(answer.status, 401);
            idle.push(stream);
        }
        let mut open = 0;
        for stream in &mut idle {
            // What is closed is closed by now: the next one's answer came after it.
            let closed = timeout(Duration::from_millis(100), stream.read(&mut [0; 1])).await;
            open += usize::from(closed.is_err());
        }
        assert_eq!(open, stay, "{keys}");
    }
}

#[tokio::test]
async fn only_where_everybody_is_served_is_one_more_told_so() {
    let edge = with("max_connections = 2").await;
    let mut open = Vec::new();
    for number in 0..2 {
        edge.delivery.then(Script::Wait);
        let mut stream = connect(&edge).await;
        let call = Call::good().header("idempotency-key", number.to_string());
        stream.write_all(&call.bytes()).await.expect("sent");
        edge.delivery.busy().await;
        edge.delivery.asked();
        open.push(stream);
    }
    let refused = edge.hears(&Call::good()).await;
    assert_eq!((refused.status, refused.code().as_str()), (503, "overloaded"));
    assert_eq!(
        (refused.header("retry-after"), refused.header("connection")),
        (Some("1"), Some("close"))
    );
    edge.delivery.let_go();
    edge.delivery.let_go();
    // Whoever is served stays, and is idle afterwards; then it makes room.
    for stream in &mut open {
        assert_eq!(Answer::from(stream, "POST").await.expect("an answer").status, 200);
    }
    assert_eq!(edge.hears(&Call::good()).await.status, 200);
    let page = edge.page("/metrics").await.text;
    for line in [
        "aldis_edge_connections_refused_total 1",
        "aldis_connections_closed_total{listener=\"public\"} 1",
    ] {
        assert!(page.lines().any(|has| has == line), "{line}: {page}");
    }
}

/// Requests without end and not one answer read: the connection is given up, and what it holds with it.
#[tokio::test]
async fn a_caller_that_reads_no_answer_is_given_up() {
    let edge = edge().await;
    let mut stream = connect(&edge).await;
    let requests = Call::bare().bytes().repeat(100);
    let writing = async { while stream.write_all(&requests).await.is_ok() {} };
    timeout(Duration::from_secs(40), writing).await.expect("given up");
    all_logins_are_answered(&edge, 1).await;
}
