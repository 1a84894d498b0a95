//! The last words of a carrier count: answers end their messages, and what it tells is stored and acknowledged, whoever
//! ends the connection and however.

use crate::stage::submission;
use crate::wire::{accept, accept_rudely, carrier, started, submit, until};
use aldis_carrier_host::Class;

#[tokio::test]
async fn what_stands_before_the_end_is_heard_and_answered() {
    let (listener, settings) = carrier().await;
    let (instance, desk) = started(settings);
    let mut peer = accept(&listener, "GO 10 0").await;
    let (answered, silent) = (
        submit(&instance, submission("one")),
        submit(&instance, submission("two")),
    );
    let first = peer.gets("one").await;
    peer.gets("two").await;
    peer.says(&format!("OK {first} 0\nTELL r1")).await;
    peer.ends().await;
    assert_eq!(answered.await.expect("a report").class, Class::Accepted);
    // No answer can come any more, so nobody waits for one, though the event is not stored yet.
    assert_eq!(silent.await.expect("a report").class, Class::Ambiguous);
    until(|| desk.waiting() == ["r1"]).await;
    assert!(instance.metrics().links[0].connected);
    desk.answer(true);
    peer.hears("GOT r1").await;
    assert_eq!(peer.heard().await, None);
    until(|| instance.metrics().links[0].losses == 1).await;
    assert_eq!(instance.metrics().links[0].ambiguous, 1);
}

#[tokio::test]
async fn a_goodbye_stands_behind_the_acknowledgements() {
    let (listener, settings) = carrier().await;
    let (_instance, desk) = started(settings);
    let mut peer = accept(&listener, "TELL r1\nPART").await;
    until(|| desk.waiting() == ["r1"]).await;
    desk.answer(true);
    peer.hears("GOT r1").await;
    peer.hears("BYE").await;
    assert_eq!(peer.heard().await, None);
}

/// A write into a connection that is reset fails, perhaps with the answer in hand.
#[tokio::test]
async fn an_answer_is_read_though_nothing_can_be_written_any_more() {
    for _ in 0..20 {
        let (listener, settings) = carrier().await;
        let (instance, _desk) = started(settings);
        let mut peer = accept_rudely(&listener, "GO 10 0").await;
        let report = submit(&instance, submission("one"));
        let token = peer.gets("one").await;
        // Both in one turn of this thread's: the answer, and something to write into a connection that is gone.
        let writing = submit(&instance, submission("two"));
        peer.says(&format!("OK {token} 0")).await;
        drop(peer);
        assert_eq!(report.await.expect("a report").class, Class::Accepted);
        assert_ne!(writing.await.expect("a report").class, Class::Accepted);
    }
}
