//! Class 19 of Auth0's contract, and 5.5 of the design: sizes, times and numbers of callers are bounded.

use crate::harness::{Answer, BODY, Call, Edge, Token};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const KIB: usize = 1024;

#[tokio::test]
async fn class_19_a_token_of_8_kib_and_no_longer() {
    let edge = Edge::start().await;
    let mut sizes = Vec::new();
    for padding in 6034..6048 {
        let token = Token::good().claim("x", "x".repeat(padding)).mint();
        let expected = if token.len() <= 8 * KIB { 200 } else { 431 };
        let answer = edge
            .hears(&Call::bare().header("authorization", format!("Bearer {token}")))
            .await;
        assert_eq!(answer.status, expected, "a token of {} bytes", token.len());
        sizes.push(token.len());
    }
    assert!(
        sizes.iter().min() <= Some(&(8 * KIB)) && sizes.iter().max() > Some(&(8 * KIB)),
        "{sizes:?}"
    );
    for junk in ["A".repeat(8 * KIB + 1), ".".repeat(9 * KIB), "a.".repeat(6 * KIB)] {
        let answer = edge
            .hears(&Call::bare().header("authorization", format!("Bearer {junk}")))
            .await;
        assert_eq!((answer.status, answer.code().as_str()), (431, "header_too_large"));
    }
    // Long and wrong is 431 before it is 404 or 405.
    let long = Call::bare().header("authorization", format!("Bearer {}", "A".repeat(9000)));
    assert_eq!(
        edge.hears(&long.clone().path("/auth0/nobody/sms")).await.status,
        431
    );
    assert_eq!(edge.hears(&long.method("GET")).await.status, 431);
}

#[tokio::test]
async fn class_19_a_head_of_16_kib_and_no_longer() {
    let edge = Edge::start().await;
    let plain = Call::good().header("x-filler", "").head().len();
    for (size, expected) in [
        (16 * KIB, 200),
        (16 * KIB + 1, 431),
        (20 * KIB, 431),
        (31 * KIB, 431),
        (64 * KIB, 431),
    ] {
        let call = Call::good().header("x-filler", "x".repeat(size - plain));
        assert_eq!(call.head().len(), size);
        assert_eq!(edge.hears(&call).await.status, expected, "a head of {size} bytes");
    }
    let many = (0..400).fold(Call::good(), |call, number| {
        call.header(&format!("x-{number}"), "x")
    });
    assert_eq!(edge.hears(&many).await.status, 431, "many small ones");
    let long = Call::good().path(format!("/auth0/acme/sms?{}", "x".repeat(17 * KIB)));
    assert_eq!(edge.hears(&long).await.status, 431, "a long address");
}

fn padded(size: usize) -> Vec<u8> {
    let mut body = BODY.as_bytes().to_vec();
    body.resize(size, b' ');
    body
}

#[tokio::test]
async fn class_19_a_body_of_64_kib_and_no_longer() {
    let edge = Edge::start().await;
    for (size, expected) in [
        (64 * KIB, 200),
        (64 * KIB + 1, 413),
        (100 * KIB, 413),
        (1000 * KIB, 413),
    ] {
        let plain = Call::good().body(padded(size));
        assert_eq!(edge.hears(&plain).await.status, expected, "{size} bytes");
        for chunk in [1000, 70_000] {
            let answer = edge.hears(&plain.clone().chunked(chunk)).await;
            assert_eq!(answer.status, expected, "{size} bytes in chunks of {chunk}");
            if expected == 413 {
                assert_eq!(answer.code(), "too_large");
            }
        }
    }
    assert_eq!(
        edge.hears(&Call::bare().body(padded(64 * KIB + 1))).await.status,
        413,
        "before anybody is believed"
    );
    assert_eq!(edge.hears(&Call::bare().body(padded(64 * KIB))).await.status, 401);
    assert_eq!(
        edge.hears(&Call::bare().body(padded(64 * KIB + 1)).chunked(100))
            .await
            .status,
        401,
        "length unknown"
    );

    let mut stream = TcpStream::connect(edge.at).await.expect("a connection");
    stream
        .write_all(
            b"POST /auth0/acme/sms HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\n",
        )
        .await
        .expect("sent");
    let answer = Answer::from(&mut stream, "POST").await;
    assert!(
        answer.is_none_or(|answer| [400, 413].contains(&answer.status)),
        "a length beyond numbers"
    );
}

#[tokio::test]
async fn a_caller_who_is_still_talking_hears_the_answer() {
    let edge = Edge::start().await;
    let call = Call::bare().body(padded(60 * KIB));
    let mut stream = TcpStream::connect(edge.at).await.expect("a connection");
    stream.write_all(&call.head()).await.expect("the edge listens");
    for piece in call.body.chunks(5 * KIB) {
        tokio::task::yield_now().await;
        stream.write_all(piece).await.expect("the edge goes on listening");
    }
    assert_eq!(
        Answer::from(&mut stream, "POST").await.expect("an answer").status,
        401
    );
    // Everything was heard, so the connection is good for another call.
    stream.write_all(&Call::good().bytes()).await.expect("still open");
    assert_eq!(
        Answer::from(&mut stream, "POST").await.expect("an answer").status,
        200
    );
}

#[tokio::test]
async fn a_body_that_breaks_off_or_makes_no_sense() {
    let edge = Edge::start().await;
    let head = Call::good().chunked(1).head();
    for wrong in ["zz\r\n", "5\r\nabcdefgh\r\n", "-1\r\n", "ffffffffffffffffff\r\n"] {
        let mut stream = TcpStream::connect(edge.at).await.expect("a connection");
        stream
            .write_all(&[&head, wrong.as_bytes()].concat())
            .await
            .expect("sent");
        let answer = Answer::from(&mut stream, "POST").await.expect("an answer");
        assert_eq!(answer.status, 400, "{wrong:?}");
    }
    assert!(edge.delivery.asked().is_empty());
}

/// Reads until the edge closes, and says what it sent.
async fn cut_off(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).expect("ASCII")
}

#[tokio::test]
async fn a_slow_head_is_cut_off() {
    let edge = Edge::start().await;
    let mut streams = Vec::new();
    for begun in ["", "POST", "POST /auth0/acme/sms HTTP/1.1\r\nhost: x\r\nx-slow: "] {
        let mut stream = TcpStream::connect(edge.at).await.expect("a connection");
        stream.write_all(begun.as_bytes()).await.expect("sent");
        streams.push(tokio::spawn(cut_off(stream)));
    }
    // One that goes on talking, a byte at a time, is no better.
    let mut stream = TcpStream::connect(edge.at).await.expect("a connection");
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(200));
    while stream.write_all(b"x").await.is_ok() {
        ticks.tick().await;
    }
    for stream in streams {
        assert_eq!(stream.await.expect("no panic"), "");
    }
}

#[tokio::test]
async fn a_slow_body_is_answered_408_and_cut_off() {
    let edge = Edge::start().await;
    let mut stream = TcpStream::connect(edge.at).await.expect("a connection");
    let call = Call::good();
    stream
        .write_all(&[&call.head(), &call.body[..10]].concat())
        .await
        .expect("sent");
    let said = cut_off(stream).await;
    assert!(
        said.starts_with("HTTP/1.1 408 ") && said.contains("\"too_slow\""),
        "{said}"
    );
    assert!(edge.delivery.asked().is_empty());
}

#[tokio::test]
async fn a_caller_may_ask_before_sending() {
    let edge = Edge::start().await;
    let call = Call::good().header("expect", "100-continue");
    let mut stream = TcpStream::connect(edge.at).await.expect("a connection");
    stream.write_all(&call.head()).await.expect("sent");
    assert_eq!(
        Answer::from(&mut stream, "HEAD").await.expect("an answer").status,
        100
    );
    stream.write_all(&call.body).await.expect("sent");
    assert_eq!(
        Answer::from(&mut stream, "POST").await.expect("an answer").status,
        200
    );

    let mut stream = TcpStream::connect(edge.at).await.expect("a connection");
    stream
        .write_all(&call.without("authorization").head())
        .await
        .expect("sent");
    assert_eq!(
        Answer::from(&mut stream, "POST").await.expect("an answer").status,
        401,
        "and need not send at all"
    );
}
