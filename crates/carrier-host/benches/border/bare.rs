//! The same exchange with nothing of Aldis around it: no library, no pool, no time limit.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpStream;

/// So many requests, on a connection for each that may be under way.
pub(crate) async fn run(port: u16, count: usize, in_flight: usize) {
    let next = Arc::new(AtomicUsize::new(0));
    let hand = |next: Arc<AtomicUsize>| async move {
        let stream = TcpStream::connect(("127.0.0.1", port))
            .await
            .expect("a connection");
        stream.set_nodelay(true).expect("an option");
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .expect("a connection");
        tokio::spawn(connection);
        while next.fetch_add(1, Ordering::Relaxed) < count {
            sender.ready().await.expect("a free connection");
            // The bytes that the library and the host write.
            let request = Request::post("/messages")
                .header("content-type", "application/x-www-form-urlencoded")
                .header("host", format!("127.0.0.1:{port}"))
                .header("user-agent", "aldis/0.1.0")
                .header("accept", "*/*")
                .body(Full::new(Bytes::from_static(
                    b"to=%2B12025550100&from=Acme&text=Your-verification-code-is-123456",
                )));
            let answer = sender
                .send_request(request.expect("a request"))
                .await
                .expect("an answer");
            assert_eq!(answer.status().as_u16(), 201);
            answer.into_body().collect().await.expect("a body");
        }
    };
    let hands: Vec<_> = (0..in_flight)
        .map(|_| tokio::spawn(hand(Arc::clone(&next))))
        .collect();
    for hand in hands {
        hand.await.expect("every request is answered");
    }
}
