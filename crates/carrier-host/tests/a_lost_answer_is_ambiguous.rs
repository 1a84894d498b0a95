//! Once a request may have reached the carrier, a library cannot call its failure harmless.

use crate::stage::{Carrier, accept_request, instance, listener, submission};
use aldis_carrier_host::Class;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// The fixture says TEMPORARY to everything that is not an answer; its code is 1000 + the transport word.
#[tokio::test]
async fn a_connection_that_breaks_after_the_request_is_ambiguous() {
    let (listener, base_url) = listener().await;
    let server = tokio::spawn(async move { drop(accept_request(&listener).await) });
    let report = instance("plain", &base_url).submit(submission("Hello")).await;
    assert_eq!(
        (report.class, report.code.as_deref()),
        (Class::Ambiguous, Some("1005"))
    );
    assert_eq!(
        (report.detail.as_deref(), report.request_written),
        (Some("written"), true)
    );
    server.await.expect("one request");
}

/// What a library declares idempotent is sent once more, and no third time.
#[tokio::test]
async fn an_idempotent_request_is_repeated_when_its_connection_breaks() {
    let (listener, base_url) = listener().await;
    let server = tokio::spawn(async move {
        drop(accept_request(&listener).await);
        let (mut stream, seen) = accept_request(&listener).await;
        let answer = b"HTTP/1.1 201 Created\r\nconnection: close\r\ncontent-length: 3\r\n\r\nSM1";
        stream.write_all(answer).await.expect("written");
        drop(accept_request(&listener).await);
        drop(accept_request(&listener).await);
        // Perhaps it is at the first one still. The fixture calls that our fault.
        drop(accept_request(&listener).await);
        let (mut stream, _) = accept_request(&listener).await;
        let answer = b"HTTP/1.1 409 Conflict\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).await.expect("written");
        seen
    });
    let instance = instance("plain", &base_url);
    let report = instance.submit(submission("idempotent")).await;
    assert_eq!(
        (report.class, report.carrier_ids),
        (Class::Accepted, vec!["SM1".to_owned()])
    );
    for _ in 0..2 {
        let report = instance.submit(submission("idempotent")).await;
        assert_eq!((report.class, report.request_written), (Class::Ambiguous, true));
    }
    server.await.expect("two requests for each");
}

#[tokio::test]
async fn an_answer_cut_off_half_way_is_ambiguous() {
    let (listener, base_url) = listener().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = accept_request(&listener).await;
        stream
            .write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 10\r\n\r\nSM")
            .await
            .expect("written");
    });
    let report = instance("plain", &base_url).submit(submission("Hello")).await;
    assert_eq!(
        (report.class, report.code.as_deref()),
        (Class::Ambiguous, Some("1005"))
    );
    server.await.expect("one request");
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_the_attempts_time_is_ambiguous() {
    let (listener, base_url) = listener().await;
    let server = tokio::spawn(async move { accept_request(&listener).await });
    let mut submission = submission("Hello");
    submission.time_limit = Duration::from_secs(1);
    let report = instance("plain", &base_url).submit(submission).await;
    assert_eq!((report.class, report.request_written), (Class::Ambiguous, true));
    server.await.expect("one request");
}

#[tokio::test]
async fn a_refused_connection_is_temporary() {
    let (listener, base_url) = listener().await;
    drop(listener);
    let report = instance("plain", &base_url).submit(submission("Hello")).await;
    assert_eq!(
        (report.class, report.code.as_deref()),
        (Class::Temporary, Some("1002"))
    );
    assert_eq!(
        (report.detail.as_deref(), report.request_written),
        (Some("not written"), false)
    );
}

/// There was an answer; whether it means "taken" is the library's to know, so its word stands.
#[tokio::test]
async fn an_answer_too_large_to_read_is_left_to_the_library() {
    let carrier = Carrier::answering(201, &"x".repeat(1025)).await;
    let report = instance("plain", &carrier.base_url)
        .submit(submission("Hello"))
        .await;
    assert_eq!(
        (report.class, report.code.as_deref(), report.request_written),
        (Class::Temporary, Some("1006"), true)
    );
    let carrier = Carrier::answering(201, &"x".repeat(1024)).await;
    assert_eq!(
        instance("plain", &carrier.base_url)
            .submit(submission("Hello"))
            .await
            .class,
        Class::Accepted
    );
}
