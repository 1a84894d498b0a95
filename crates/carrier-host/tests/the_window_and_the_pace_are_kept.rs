//! No more messages are in flight than the library allows, and none comes faster.

use crate::stage::submission;
use crate::wire::{accept, carrier, started, submit, until};
use aldis_carrier_host::{Class, Scope};
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_full_window_makes_messages_wait_and_then_go_elsewhere() {
    let (listener, settings) = carrier().await;
    let (instance, _desk) = started(settings);
    let mut peer = accept(&listener, "GO 2 0").await;
    let first = submit(&instance, submission("first"));
    let token = peer.gets("first").await;
    let second = submit(&instance, submission("second"));
    peer.gets("second").await;
    let third = submit(&instance, submission("third")).await.expect("a report");
    assert_eq!((third.class, third.scope), (Class::RateLimited, Scope::Instance));
    assert_eq!(third.code.as_deref(), Some("no_free_place"));
    assert!(!third.request_written);
    assert_eq!(instance.metrics().links[0].in_flight, 2);
    // A place becomes free: the next message gets it.
    let fourth = submit(&instance, submission("fourth"));
    peer.says(&format!("OK {token} 0")).await;
    assert_eq!(first.await.expect("a report").class, Class::Accepted);
    peer.gets("fourth").await;
    // The window grows.
    let fifth = submit(&instance, submission("fifth"));
    peer.says("GO 3 0").await;
    peer.gets("fifth").await;
    drop(peer);
    for report in [second, fourth, fifth] {
        assert_eq!(report.await.expect("a report").class, Class::Ambiguous);
    }
}

/// Also where several are handed over at once: the first one is told so, and the library makes the window narrower.
#[tokio::test]
async fn a_window_that_narrows_over_a_message_holds_for_those_behind_it() {
    let (listener, settings) = carrier().await;
    let (instance, _desk) = started(settings);
    let reports: Vec<_> = (0..5).map(|_| submit(&instance, submission("narrow"))).collect();
    // They wait for the link.
    tokio::task::yield_now().await;
    let mut peer = accept(&listener, "GO 10 0").await;
    for _ in 0..5 {
        let token = peer.gets("narrow").await;
        // Nothing comes before the answer to this.
        peer.says("TICK 1").await;
        peer.hears("TOCK").await;
        peer.says(&format!("OK {token} 0")).await;
    }
    for report in reports {
        assert_eq!(report.await.expect("a report").class, Class::Accepted);
    }
}

#[tokio::test]
async fn messages_come_no_faster_than_the_pace() {
    const COUNT: u32 = 20;
    const EACH: Duration = Duration::from_millis(20);
    let (listener, settings) = carrier().await;
    let (instance, _desk) = started(settings);
    // Fifty in a second.
    let mut peer = accept(&listener, "GO 100 50000").await;
    // Each waits a second at most: the last one comes early enough for a busy machine, too.
    let reports: Vec<_> = (0..COUNT)
        .map(|number| submit(&instance, submission(&format!("m{number}"))))
        .collect();
    let begun = Instant::now();
    for _ in 0..COUNT {
        let line = peer.heard().await.expect("a message");
        let token = line.split(' ').nth(1).expect("a token").to_owned();
        peer.says(&format!("OK {token} 0")).await;
    }
    // The first two may come at once.
    assert!(begun.elapsed() >= EACH * (COUNT - 3), "{:?}", begun.elapsed());
    for report in reports {
        assert_eq!(report.await.expect("a report").class, Class::Accepted);
    }
}

#[tokio::test]
async fn a_message_that_nobody_waits_for_is_not_sent() {
    let (listener, settings) = carrier().await;
    let (instance, _desk) = started(settings);
    let mut peer = accept(&listener, "GO 1 0").await;
    let first = submit(&instance, submission("first"));
    let token = peer.gets("first").await;
    let gone = submit(&instance, submission("gone"));
    until(|| instance.metrics().links[0].in_flight == 1).await;
    tokio::task::yield_now().await;
    gone.abort();
    assert!(gone.await.is_err_and(|error| error.is_cancelled()));
    let last = submit(&instance, submission("last"));
    peer.says(&format!("OK {token} 0")).await;
    assert_eq!(first.await.expect("a report").class, Class::Accepted);
    let token = peer.gets("last").await;
    peer.says(&format!("OK {token} 0")).await;
    assert_eq!(last.await.expect("a report").class, Class::Accepted);
}
