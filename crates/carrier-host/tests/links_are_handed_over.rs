//! A new generation of a carrier takes its links over from the old one, at a carrier that allows the account one at a
//! time.

use crate::stage::submission;
use crate::wire::{Desk, Peer, carrier, started, submit, try_instance, until};
use aldis_carrier_host::{Class, Events, Instance};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

/// Seconds, where a refusal that is believed costs minutes.
const SOON: Duration = Duration::from_secs(20);

/// Lets one in and refuses the others, until that one has left. Sends whatever it gets.
async fn one_at_a_time(listener: TcpListener) {
    let taken = Arc::new(AtomicBool::new(false));
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        tokio::spawn(serve(Peer::new(stream), Arc::clone(&taken)));
    }
}

async fn serve(mut peer: Peer<TcpStream>, taken: Arc<AtomicBool>) {
    peer.hears("HI main").await;
    if taken.swap(true, Ordering::SeqCst) {
        return peer.says("NO").await;
    }
    peer.says("GO 10 0").await;
    while let Some(line) = peer.heard().await {
        if let Some(token) = line
            .strip_prefix("MSG ")
            .and_then(|words| words.split(' ').next())
        {
            peer.says(&format!("OK {token} 0")).await;
        }
    }
    taken.store(false, Ordering::SeqCst);
}

fn successor(settings: Value, former: &TaskTracker) -> Arc<Instance> {
    let new = try_instance(settings).expect("an instance");
    let events: Arc<dyn Events> = Arc::new(Desk::default());
    new.start_beside(&events, former);
    Arc::new(new)
}

fn up(instance: &Instance) -> bool {
    instance.metrics().links[0].window == 10
}

#[tokio::test]
async fn the_new_one_comes_in_as_soon_as_the_old_one_has_left() {
    let (listener, settings) = carrier().await;
    tokio::spawn(one_at_a_time(listener));
    let (old, _desk) = started(settings.clone());
    until(|| up(&old)).await;
    let former = TaskTracker::new();
    let leaving = former.token();
    let new = successor(settings, &former);
    until(|| new.metrics().links[0].losses > 0).await;
    // The account is in order: whoever sends now may try again.
    let early = new.submit(submission("early")).await;
    assert_eq!((early.class, early.request_written), (Class::Temporary, false));
    assert_eq!(early.code.as_deref(), Some("not_connected"));
    old.drain(SOON).await;
    timeout(SOON, until(|| up(&new))).await.expect("a link");
    drop(leaving);
    let report = submit(&new, submission("late")).await.expect("a report");
    assert_eq!(report.class, Class::Accepted);
}

#[tokio::test]
async fn a_refusal_is_believed_when_nobody_else_is_there() {
    let (listener, settings) = carrier().await;
    let (old, _desk) = started(settings.clone());
    let mut first = Peer::new(listener.accept().await.expect("a connection").0);
    first.hears("HI main").await;
    first.says("GO 10 0").await;
    until(|| up(&old)).await;
    let former = TaskTracker::new();
    let leaving = former.token();
    let new = successor(settings, &former);
    for _ in 0..2 {
        let accepted = timeout(SOON, listener.accept()).await.expect("soon again");
        let mut refused = Peer::new(accepted.expect("a connection").0);
        refused.hears("HI main").await;
        refused.says("NO").await;
        assert_eq!(refused.heard().await, None);
    }
    until(|| new.metrics().links[0].losses == 2).await;
    assert_eq!(new.submit(submission("early")).await.class, Class::Temporary);
    drop(leaving);
    assert_eq!(new.submit(submission("late")).await.class, Class::Unauthorized);
}
