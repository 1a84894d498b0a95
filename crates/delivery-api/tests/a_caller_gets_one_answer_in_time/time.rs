//! The time a caller gives is told to delivery, and holds even if delivery does not keep it.

use crate::stand_in::{Answer, StandIn};
use crate::{PLENTY, client, message};
use aldis_delivery_api::{DeliveryError, ErrorKind};
use aldis_message::Reason;
use std::time::Duration;
use tokio::net::TcpListener;

const SHORT: Duration = Duration::from_millis(250);

#[tokio::test]
async fn delivery_is_told_how_long_the_caller_waits() {
    let delivery = StandIn::default();
    client(&delivery.serve().await)
        .send(message(None), Duration::from_secs(9))
        .await
        .expect("an answer");
    let (metadata, _) = delivery.asked().remove(0);
    let told = metadata
        .get("grpc-timeout")
        .expect("grpc-timeout")
        .to_str()
        .expect("ASCII")
        .to_owned();
    // Nanoseconds to seconds, whichever unit the library chose; less the moment it took to get here.
    let unit = told.chars().last().expect("a unit");
    let number: u64 = told.trim_end_matches(unit).parse().expect("a number");
    let millis = match unit {
        'n' => number / 1_000_000,
        'u' => number / 1000,
        'm' => number,
        'S' => number * 1000,
        other => panic!("an unexpected unit {other}"),
    };
    assert!((1..=9000).contains(&millis), "{told}");
}

#[tokio::test]
async fn a_silent_delivery_leaves_the_outcome_unknown() {
    let delivery = StandIn::answering([Answer::Silence]);
    let error = client(&delivery.serve().await)
        .send(message(Some("key")), SHORT)
        .await
        .expect_err("silence");
    assert_eq!(error.kind, ErrorKind::Refused(Reason::OutcomeUnknown), "{error}");
    assert_eq!(
        delivery.asked().len(),
        1,
        "what took all the time is not asked again"
    );
}

/// Accepts connections and never says a word, not even HTTP/2's.
#[tokio::test]
async fn a_peer_that_is_not_delivery_leaves_the_outcome_unknown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let error = client(&format!("http://{address}"))
        .send(message(Some("key")), SHORT)
        .await
        .expect_err("silence");
    assert_eq!(error.kind, ErrorKind::Refused(Reason::OutcomeUnknown), "{error}");
}

/// No pause is begun that would outlast the caller's time.
#[tokio::test]
async fn asking_again_stays_within_the_time() {
    let gone = || Answer::Error(DeliveryError::new(ErrorKind::Unavailable, "told to"));
    let delivery = StandIn::answering([gone(), gone(), gone()]);
    let within = Duration::from_millis(350);
    let error = client(&delivery.serve().await)
        .send(message(Some("key")), within)
        .await
        .expect_err("gone");
    assert!(
        matches!(
            error.kind,
            ErrorKind::Unavailable | ErrorKind::Refused(Reason::OutcomeUnknown)
        ),
        "{error}"
    );
    assert!(
        delivery.asked().len() < 3,
        "100 ms and 300 ms do not fit into 350 ms"
    );
}

#[tokio::test]
async fn an_absurd_time_is_no_trouble() {
    let delivery = StandIn::default();
    client(&delivery.serve().await)
        .send(message(None), Duration::MAX)
        .await
        .expect("an answer");
    client(&delivery.serve().await)
        .send(message(None), PLENTY)
        .await
        .expect("an answer");
}
