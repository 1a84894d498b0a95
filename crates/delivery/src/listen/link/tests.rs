//! The words that a caller has sent by now are heard before anything is begun for it.

use super::*;
use aldis_daemon::listener::{Admitted, Limits, Listener, Stream};
use std::future::poll_fn;
use std::pin::Pin;
use tokio::io::{AsyncRead as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

const LIMITS: Limits = Limits {
    connections: 8,
    strangers: None,
    unproven: 8,
    reserve: 0,
};

async fn connected() -> (TcpStream, Stream, Link) {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let listener = Listener::new("grpc", socket, LIMITS);
    let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
    let Admitted::In(stream, guest) = accepted else {
        panic!("there is a place");
    };
    let link = Link::new(guest, stream.unread());
    (client.unwrap(), stream, link)
}

/// Reads at most four bytes, as the server does whenever it likes. `None`: there was nothing to read.
async fn reads(stream: &mut Stream, link: &Link) -> Option<usize> {
    let mut bytes = [0; 4];
    let mut buffer = ReadBuf::new(&mut bytes);
    let read = poll_fn(|context| {
        let read = Pin::new(&mut *stream).poll_read(context, &mut buffer);
        link.note(&read);
        Poll::Ready(read)
    });
    match read.await {
        Poll::Ready(read) => read.map(|()| Some(buffer.filled().len())).unwrap(),
        Poll::Pending => None,
    }
}

async fn is_over(wait: &mut Pin<Box<impl Future<Output = ()>>>) -> bool {
    poll_fn(|context| Poll::Ready(wait.as_mut().poll(context).is_ready())).await
}

/// The bytes that came while nobody read, as in a pause of this process, may say that the call was given up.
#[tokio::test]
async fn a_request_waits_for_what_came_behind_it() {
    let (mut client, mut stream, link) = connected().await;
    client.write_all(b"call").await.unwrap();
    until_read(&mut stream, &link).await;
    client.write_all(b"and more").await.unwrap();
    let mut heard = Box::pin(link.caught_up());
    assert!(!is_over(&mut heard).await);
    // Half of it is not all.
    reads_some(&mut stream, &link).await;
    assert!(!is_over(&mut heard).await);
    reads_some(&mut stream, &link).await;
    assert!(!is_over(&mut heard).await, "the server may have it in hand");
    assert_eq!(reads(&mut stream, &link).await, None);
    // Once more it lets the server look, then it is over.
    assert!(!is_over(&mut heard).await);
    assert!(is_over(&mut heard).await);
}

/// The others of a connection may say something all the time: what they say later is not waited for.
#[tokio::test]
async fn it_does_not_wait_for_a_silence() {
    let (mut client, mut stream, link) = connected().await;
    client.write_all(b"call").await.unwrap();
    let mut heard = Box::pin(link.caught_up());
    assert!(!is_over(&mut heard).await);
    until_read(&mut stream, &link).await;
    client.write_all(b"more").await.unwrap();
    assert!(!is_over(&mut heard).await);
    assert!(is_over(&mut heard).await);
}

/// A connection that was read to its end has the request wait for nothing but the server's look.
#[tokio::test]
async fn a_quiet_connection_costs_no_wait() {
    let (mut client, mut stream, link) = connected().await;
    client.write_all(b"call").await.unwrap();
    until_read(&mut stream, &link).await;
    let mut heard = Box::pin(link.caught_up());
    assert!(!is_over(&mut heard).await);
    assert!(is_over(&mut heard).await);
}

/// Reads what has come, of which the runtime may not have heard yet.
async fn reads_some(stream: &mut Stream, link: &Link) {
    while reads(stream, link).await.is_none() {
        yield_now().await;
    }
}

/// Reads until there is nothing more to read.
async fn until_read(stream: &mut Stream, link: &Link) {
    reads_some(stream, link).await;
    while reads(stream, link).await.is_some() {}
}
