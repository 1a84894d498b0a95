//! The client sends again by itself only if delivery was not there, and only with a key.

use crate::stand_in::{Answer, ID, StandIn};
use crate::{PLENTY, client, message};
use aldis_delivery_api::{DeliveryError, ErrorKind};
use aldis_message::Reason;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;

fn failing(kind: ErrorKind) -> Answer {
    Answer::Error(DeliveryError::new(kind, "told to"))
}

#[tokio::test]
async fn a_delivery_that_comes_back_is_not_noticed() {
    let gone = [failing(ErrorKind::Unavailable), failing(ErrorKind::ShuttingDown)];
    let delivery = StandIn::answering(gone);
    let sent = client(&delivery.serve().await)
        .send(message(Some("key")), PLENTY)
        .await
        .expect("an answer");
    assert_eq!(sent.message.id.to_string(), ID);
    let asked = delivery.asked();
    assert_eq!(asked.len(), 3);
    assert!(
        asked
            .iter()
            .all(|(_, request)| request == &asked[0].1 && request.idempotency_key == "key")
    );
}

#[tokio::test]
async fn three_times_are_enough() {
    let delivery = StandIn::answering([0; 4].map(|_| failing(ErrorKind::Unavailable)));
    let error = client(&delivery.serve().await)
        .send(message(Some("key")), PLENTY)
        .await
        .expect_err("gone");
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert_eq!(delivery.asked().len(), 3);
}

#[tokio::test]
async fn without_a_key_it_is_asked_once() {
    let delivery = StandIn::answering([failing(ErrorKind::Unavailable)]);
    let error = client(&delivery.serve().await)
        .send(message(None), PLENTY)
        .await
        .expect_err("gone");
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert_eq!(delivery.asked().len(), 1);
}

/// A refusal is an answer, even one that travels as UNAVAILABLE.
#[tokio::test]
async fn an_answer_is_not_questioned() {
    let others =
        ErrorKind::all().filter(|kind| !matches!(kind, ErrorKind::Unavailable | ErrorKind::ShuttingDown));
    for kind in others {
        let delivery = StandIn::answering([failing(kind)]);
        let error = client(&delivery.serve().await)
            .send(message(Some("key")), PLENTY)
            .await
            .expect_err("told to");
        assert_eq!(error.kind, kind);
        assert_eq!(delivery.asked().len(), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn what_is_said_of_a_refusal_arrives() {
    let id = ID.parse().expect("an id");
    let said = DeliveryError::new(
        ErrorKind::Refused(Reason::CarrierThrottled),
        "all carriers are paused",
    )
    .about(id)
    .retry_after(Duration::from_secs(7));
    let delivery = StandIn::answering([Answer::Error(said.clone())]);
    let error = client(&delivery.serve().await)
        .send(message(Some("key")), PLENTY)
        .await
        .expect_err("told to");
    assert_eq!(error, said);
}

/// Down from the beginning: nothing was written, so the same request may be made again.
#[tokio::test]
async fn nobody_there_is_unavailable() {
    let port = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port")
        .local_addr()
        .expect("an address");
    for key in [None, Some("key")] {
        let error = client(&format!("http://{port}"))
            .send(message(key), PLENTY)
            .await
            .expect_err("nobody");
        assert_eq!(error.kind, ErrorKind::Unavailable);
        assert!(error.retryable());
        assert!(error.detail.contains("cannot be reached"), "{error}");
    }
}

/// A connection that breaks before the answer leaves it open whether the message went out: with a key it is asked what
/// became of it, and nothing but an answer to that makes it known.
#[tokio::test]
async fn a_broken_connection_leaves_the_outcome_unknown() {
    for (key, expected) in [(None, 1), (Some("key"), 5)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let connections = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                seen.fetch_add(1, Ordering::SeqCst);
                // The client's preface comes in, and the connection goes.
                let mut preface = [0; 24];
                socket.readable().await.expect("a client");
                let _ = socket.try_read(&mut preface);
                drop(socket);
            }
        });
        let error = client(&format!("http://{address}"))
            .send(message(key), PLENTY)
            .await
            .expect_err("broken");
        assert_eq!(error.kind, ErrorKind::Refused(Reason::OutcomeUnknown), "{error}");
        assert!(!error.retryable());
        assert_eq!(connections.load(Ordering::SeqCst), expected, "{key:?}");
    }
}

#[tokio::test]
async fn reading_is_asked_again_too() {
    let delivery = StandIn::answering([failing(ErrorKind::Unavailable)]);
    let id = ID.parse().expect("an id");
    let view = client(&delivery.serve().await)
        .message(&id)
        .await
        .expect("the message");
    assert_eq!(view.id, id);
    assert_eq!(view.to_masked, "+1******0100");
}
