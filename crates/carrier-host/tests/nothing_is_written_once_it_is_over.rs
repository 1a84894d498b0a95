//! A message whose time is up, or whose caller has left, is not written to a link any more; what was on its way there when the
//! carrier stopped reading does not arrive later.

use crate::stage::{library_in, submission};
use crate::wire::{Peer, accept, carrier, started, started_of, submit, until};
use aldis_carrier_host::{Class, Isolation, Submission};
use serde_json::json;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;

fn within(text: &str, limit: Duration) -> Submission {
    Submission {
        time_limit: limit,
        ..submission(text)
    }
}

#[tokio::test]
async fn a_message_that_waits_for_a_place_ends_with_its_caller() {
    let (listener, settings) = carrier().await;
    let (instance, _desk) = started(settings);
    let mut peer = accept(&listener, "GO 1 0").await;
    let first = submit(&instance, submission("first"));
    let token = peer.gets("first").await;
    let gone = CancellationToken::new();
    let waits = Submission {
        gone: gone.clone(),
        ..submission("waits")
    };
    let waiting = submit(&instance, waits);
    gone.cancel();
    let report = waiting.await.expect("a report");
    assert_eq!((report.class, report.request_written), (Class::Temporary, false));
    assert_eq!(report.code.as_deref(), Some("caller_gone"));
    peer.says(&format!("OK {token} 0")).await;
    assert_eq!(first.await.expect("a report").class, Class::Accepted);
    let last = submit(&instance, submission("last"));
    let token = peer.gets("last").await;
    peer.says(&format!("OK {token} 0")).await;
    assert_eq!(last.await.expect("a report").class, Class::Accepted);
}

/// The library has it, and its time passes before the host has what the library wants.
async fn slow(isolation: Isolation) {
    let (listener, settings) = carrier().await;
    let (instance, _desk) = started_of(&library_in("wire", isolation), settings);
    let mut peer = accept(&listener, "GO 10 0").await;
    until(|| instance.metrics().links[0].window == 10).await;
    let report = instance
        .submit(within("sleepy", Duration::from_millis(150)))
        .await;
    assert_eq!(
        (report.class, report.request_written),
        (Class::Temporary, false),
        "{report:?}"
    );
    let last = submit(&instance, submission("last"));
    let line = peer.heard().await.expect("a line");
    assert!(line.ends_with(" last"), "{line}");
    let token = line.split(' ').nth(1).expect("a token");
    peer.says(&format!("OK {token} 0")).await;
    assert_eq!(last.await.expect("a report").class, Class::Accepted);
}

#[tokio::test]
async fn what_was_over_before_the_library_was_done_is_left_out() {
    slow(Isolation::InProcess).await;
}

#[tokio::test]
async fn what_was_over_before_its_worker_was_done_is_left_out() {
    slow(Isolation::Worker).await;
}

/// A text of several parts: the library may write the next one any time, and nobody can stop it but by ending the link.
#[tokio::test]
async fn the_rest_of_a_text_that_was_left_out_does_not_follow() {
    let (listener, settings) = carrier().await;
    let (instance, _desk) = started(settings);
    let mut peer = accept(&listener, "GO 10 0").await;
    until(|| instance.metrics().links[0].window == 10).await;
    let mut long = within("sleepy", Duration::from_millis(150));
    long.message.segments = 2;
    let report = instance.submit(long).await;
    assert_eq!(
        (report.class, report.request_written),
        (Class::Temporary, false),
        "{report:?}"
    );
    assert_eq!(peer.heard().await, None);
    accept(&listener, "GO 10 0").await;
}

/// A carrier whose socket takes next to nothing, and its settings.
fn narrow() -> (TcpListener, serde_json::Value) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a size");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("an address");
    let listener = socket.listen(8).expect("a listener");
    let port = listener.local_addr().expect("an address").port().to_string();
    (listener, json!({ "host": "127.0.0.1", "port": port }))
}

#[tokio::test]
async fn a_carrier_that_stops_reading_gets_nothing_afterwards() {
    let (listener, settings) = narrow();
    let (instance, _desk) = started(settings);
    let (mut stream, _) = listener.accept().await.expect("a connection");
    let mut greeting = [0; 8];
    stream.read_exact(&mut greeting).await.expect("a greeting");
    let mut peer = Peer::new(stream);
    peer.says("GO 10 0").await;
    until(|| instance.metrics().links[0].window == 10).await;
    // More than any socket takes; and one that waits behind it.
    let limit = Duration::from_millis(300);
    let flood = submit(&instance, within("flood", limit));
    until(|| instance.metrics().links[0].in_flight == 1).await;
    let behind = submit(&instance, within("behind", limit));
    let behind = behind.await.expect("a report");
    assert_eq!(
        (behind.class, behind.request_written),
        (Class::Temporary, false),
        "{behind:?}"
    );
    // Nobody knows what a carrier makes of half a message.
    let flood = flood.await.expect("a report");
    assert_eq!(
        (flood.class, flood.request_written),
        (Class::Ambiguous, true),
        "{flood:?}"
    );
    until(|| instance.metrics().links[0].losses == 1).await;
    let mut lines = Vec::new();
    while let Some(line) = peer.heard().await {
        lines.push(line);
    }
    assert!(!lines.iter().any(|line| line.ends_with(" behind")), "{lines:?}");
    accept(&listener, "GO 10 0").await;
}

/// The kernel would deliver its part of a message whenever the carrier reads again.
#[tokio::test]
async fn what_the_kernel_has_of_a_message_that_is_over_is_dropped() {
    let (listener, settings) = narrow();
    let (instance, _desk) = started(settings);
    let mut peer = accept(&listener, "GO 1000 0").await;
    until(|| instance.metrics().links[0].window == 1000).await;
    let limit = Duration::from_millis(500);
    let text = "x".repeat(250);
    let reports: Vec<_> = (0..400)
        .map(|_| submit(&instance, within(&text, limit)))
        .collect();
    for report in reports {
        let report = report.await.expect("a report");
        assert!(
            report.class == Class::Ambiguous || !report.request_written,
            "{report:?}"
        );
    }
    until(|| instance.metrics().links[0].losses == 1).await;
    let mut lines = 0;
    while let Some(line) = peer.heard().await {
        lines += usize::from(line.starts_with("MSG"));
    }
    assert!(lines < 400, "all of them arrived");
}
