//! A library that has sent half a message gets the time for the rest, and an answer that comes after it had said that there
//! is none is kept.

use crate::stage::submission;
use crate::wire::{accept, carrier, started, submit, until};
use aldis_carrier_host::{Class, Submission};
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(50);

/// An attempt that may take less than its message lives.
fn brief(text: &str, lives: Duration) -> Submission {
    let mut brief = submission(text);
    brief.time_limit = SHORT;
    brief.message.until_unix_ms = brief.now_unix_ms + u64::try_from(lives.as_millis()).expect("short");
    brief
}

#[tokio::test]
async fn one_that_is_held_is_answered_after_its_time() {
    let (listener, settings) = carrier().await;
    let (instance, desk) = started(settings);
    let mut peer = accept(&listener, "GO 10 0").await;
    let held = submit(&instance, brief("held", Duration::from_mins(1)));
    let token = peer.gets("held").await;
    peer.says(&format!("HOLD {token}")).await;
    // Another one, of the same age, is not.
    let other = submit(&instance, brief("other", Duration::from_mins(1)));
    peer.gets("other").await;
    assert_eq!(other.await.expect("a report").class, Class::Ambiguous);
    peer.says(&format!("OK {token} 0")).await;
    assert_eq!(held.await.expect("a report").class, Class::Accepted);
    assert!(desk.late().is_empty());
}

#[tokio::test]
async fn one_that_is_held_ends_with_its_deadline() {
    let (listener, settings) = carrier().await;
    let (instance, _desk) = started(settings);
    let mut peer = accept(&listener, "GO 10 0").await;
    let begun = tokio::time::Instant::now();
    let lives = Duration::from_millis(400);
    let held = submit(&instance, brief("held", lives));
    let token = peer.gets("held").await;
    peer.says(&format!("HOLD {token}")).await;
    assert_eq!(held.await.expect("a report").class, Class::Ambiguous);
    assert!(begun.elapsed() >= lives, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn an_answer_after_there_was_none_is_kept_once() {
    let (listener, settings) = carrier().await;
    let (instance, desk) = started(settings);
    let mut peer = accept(&listener, "GO 1 0").await;
    let first = submit(&instance, submission("first"));
    let token = peer.gets("first").await;
    peer.says(&format!("END {token} {}", Class::Ambiguous.number()))
        .await;
    assert_eq!(first.await.expect("a report").class, Class::Ambiguous);
    // Its place is free.
    let second = submit(&instance, submission("second"));
    let other = peer.gets("second").await;
    peer.says(&format!("OK {token} 0\nOK {token} 0\nOK {other} 0"))
        .await;
    assert_eq!(second.await.expect("a report").class, Class::Accepted);
    until(|| desk.late().len() == 1).await;
    let late = desk.late().remove(0);
    assert_eq!(
        (late.report.class, late.report.carrier_ids),
        (Class::Accepted, vec![token])
    );
    assert_eq!(instance.metrics().faults, 0);
}
