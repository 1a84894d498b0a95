//! What a carrier tells over a link is acknowledged when it is stored, and not before.

use crate::wire::{accept, carrier, started, until};

#[tokio::test]
async fn the_acknowledgement_waits_for_the_store() {
    let (listener, settings) = carrier().await;
    let (instance, desk) = started(settings);
    let mut peer = accept(&listener, "TELL r1").await;
    peer.says("TELL r2").await;
    until(|| desk.waiting() == ["r1", "r2"]).await;
    // Whatever else is said meanwhile, no acknowledgement is.
    peer.says("TICK 1").await;
    peer.hears("TOCK").await;
    desk.answer(true);
    peer.hears("GOT r1").await;
    desk.answer(false);
    peer.hears("AGAIN r2").await;
    assert_eq!(instance.metrics().faults, 0);
}

#[tokio::test]
async fn a_carrier_that_tells_too_much_has_to_wait() {
    let (listener, settings) = carrier().await;
    let (_instance, desk) = started(settings);
    let mut peer = accept(&listener, "TELL first").await;
    until(|| desk.waiting().len() == 1).await;
    // In one piece, so that it is one call: all of its events are taken, and then nothing is read.
    let many: Vec<_> = (0..300).map(|number| format!("TELL r{number}")).collect();
    peer.says(&many.join("\n")).await;
    until(|| desk.waiting().len() == 301).await;
    peer.says("TELL late").await;
    peer.says("TICK 1").await;
    for _ in 0..45 {
        desk.answer(true);
        assert!(peer.heard().await.expect("an answer").starts_with("GOT"));
    }
    assert!(!desk.waiting().contains(&"late".to_owned()));
    desk.answer(true);
    until(|| desk.waiting().contains(&"late".to_owned())).await;
}

#[tokio::test]
async fn what_is_being_stored_is_answered_before_leave_is_taken() {
    let (listener, settings) = carrier().await;
    let (instance, desk) = started(settings);
    let mut peer = accept(&listener, "TELL r1").await;
    until(|| desk.waiting() == ["r1"]).await;
    let drained = tokio::spawn(async move { instance.drain(std::time::Duration::from_mins(1)).await });
    tokio::task::yield_now().await;
    desk.answer(true);
    peer.hears("GOT r1").await;
    peer.hears("BYE").await;
    assert_eq!(peer.heard().await, None);
    drained.await.expect("drained");
}

#[tokio::test]
async fn an_event_that_means_nothing_is_not_acknowledged() {
    let (listener, settings) = carrier().await;
    let (instance, desk) = started(settings);
    let mut peer = accept(&listener, "ODD r1").await;
    peer.hears("AGAIN r1").await;
    assert!(desk.waiting().is_empty());
    assert_eq!(instance.metrics().faults, 1);
}
