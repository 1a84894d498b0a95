//! A session carrier's links are made, kept up and left in peace; messages go over whichever has a place.

use crate::stage::submission;
use crate::wire::{Peer, accept, carrier, started, submit, try_instance, until};
use aldis_carrier_host::Class;
use serde_json::json;
use std::time::Duration;

const LONG: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_message_goes_over_it_and_is_answered() {
    let (listener, settings) = carrier().await;
    let (instance, _desk) = started(settings);
    let mut peer = accept(&listener, "GO 10 0").await;
    let report = submit(&instance, submission("hello"));
    let token = peer.gets("hello").await;
    peer.says(&format!("OK {token} 0")).await;
    let report = report.await.expect("a report");
    assert_eq!(report.class, Class::Accepted);
    assert_eq!(report.carrier_ids, [token]);
    assert!(report.request_written);
}

#[tokio::test]
async fn it_is_made_again_when_it_is_lost() {
    let (listener, settings) = carrier().await;
    let (instance, _desk) = started(settings);
    drop(accept(&listener, "GO 10 0").await);
    let mut peer = accept(&listener, "GO 10 0").await;
    let report = submit(&instance, submission("again"));
    let token = peer.gets("again").await;
    peer.says(&format!("OK {token} 0")).await;
    assert_eq!(report.await.expect("a report").class, Class::Accepted);
    let links = instance.metrics().links;
    assert_eq!(
        (links[0].connects, links[0].losses, links[0].connected),
        (2, 1, true)
    );
}

#[tokio::test]
async fn every_link_is_made_and_a_message_takes_one_with_a_place() {
    let (listener, mut settings) = carrier().await;
    settings["links"] = json!("rx,tx");
    let (instance, _desk) = started(settings);
    let mut peers = Vec::new();
    for _ in 0..2 {
        let mut peer = Peer::new(listener.accept().await.expect("a connection").0);
        let hi = peer.heard().await.expect("a greeting");
        // The receiver never lets messages go.
        peer.says(if hi == "HI tx" { "GO 1 0" } else { "GO 0 0" }).await;
        peers.push((hi, peer));
    }
    peers.sort_by(|(one, _), (other, _)| one.cmp(other));
    let (hi, mut tx) = peers.pop().expect("the sender");
    assert_eq!(hi, "HI tx");
    for text in ["one", "two"] {
        let report = submit(&instance, submission(text));
        let token = tx.gets(text).await;
        tx.says(&format!("OK {token} 0")).await;
        assert_eq!(report.await.expect("a report").class, Class::Accepted);
    }
}

#[tokio::test]
async fn a_timer_runs_out() {
    let (listener, settings) = carrier().await;
    let (_instance, _desk) = started(settings);
    let mut peer = accept(&listener, "TICK 30").await;
    peer.hears("TOCK").await;
}

#[tokio::test]
async fn the_carrier_is_left_in_peace() {
    let (listener, settings) = carrier().await;
    let (instance, _desk) = started(settings);
    let mut peer = accept(&listener, "GO 10 0").await;
    let report = submit(&instance, submission("last"));
    let token = peer.gets("last").await;
    let drained = tokio::spawn({
        let instance = instance.clone();
        async move { instance.drain(LONG).await }
    });
    // What comes now goes elsewhere; what is in flight is still answered, and only then leave is taken.
    tokio::task::yield_now().await;
    let refused = instance.submit(submission("late")).await;
    assert_eq!(refused.code.as_deref(), Some("leaving"));
    assert_eq!(
        (refused.class, refused.request_written),
        (Class::Temporary, false)
    );
    peer.says(&format!("OK {token} 0")).await;
    assert_eq!(report.await.expect("a report").class, Class::Accepted);
    peer.hears("BYE").await;
    assert_eq!(peer.heard().await, None);
    drained.await.expect("drained");
    assert!(!instance.metrics().links[0].connected);
}

#[tokio::test]
async fn a_carrier_that_does_not_let_go_is_cut() {
    let (listener, settings) = carrier().await;
    let (instance, _desk) = started(settings);
    let mut peer = accept(&listener, "GO 10 0").await;
    let report = submit(&instance, submission("silent"));
    peer.gets("silent").await;
    instance.drain(Duration::from_millis(50)).await;
    let report = report.await.expect("a report");
    assert_eq!((report.class, report.request_written), (Class::Ambiguous, true));
    assert_eq!(peer.heard().await, None);
}

#[tokio::test]
async fn dropping_it_cuts_it() {
    let (listener, settings) = carrier().await;
    let (instance, _desk) = started(settings);
    let mut peer = accept(&listener, "GO 10 0").await;
    drop(instance);
    assert_eq!(peer.heard().await, None);
}

#[tokio::test]
async fn a_message_does_not_wait_for_a_link_that_is_down() {
    let (listener, settings) = carrier().await;
    drop(listener);
    let (instance, _desk) = started(settings);
    for _ in 0..2 {
        let report = instance.submit(submission("nobody")).await;
        assert_eq!(report.class, Class::Temporary);
        assert_eq!(report.code.as_deref(), Some("not_connected"));
        assert!(!report.request_written);
    }
}

#[tokio::test]
async fn a_carrier_that_refuses_the_account_is_named_as_such() {
    let (listener, settings) = carrier().await;
    let (instance, _desk) = started(settings);
    let mut peer = accept(&listener, "NO").await;
    assert_eq!(peer.heard().await, None);
    until(|| instance.metrics().links[0].losses == 1).await;
    let report = instance.submit(submission("refused")).await;
    assert_eq!(
        (report.class, report.request_written),
        (Class::Unauthorized, false)
    );
}

#[tokio::test]
async fn it_goes_only_where_the_settings_or_the_descriptor_say() {
    let (_listener, mut settings) = carrier().await;
    settings["link_host"] = json!("elsewhere.example");
    let refused = try_instance(settings.clone()).expect_err("a refusal");
    assert!(refused.to_string().contains("allowed hosts"), "{refused}");
    // The descriptor's own, on a port that the descriptor does not show: TLS has to say who is there.
    settings["link_host"] = json!("carrier.example");
    let refused = try_instance(settings.clone()).expect_err("a refusal");
    assert!(refused.to_string().contains("without TLS"), "{refused}");
    settings["tls"] = json!("carrier.example");
    try_instance(settings.clone()).expect("an instance");
    settings["port"] = json!("0");
    let refused = try_instance(settings).expect_err("a refusal");
    assert!(refused.to_string().contains("port 0"), "{refused}");
}
