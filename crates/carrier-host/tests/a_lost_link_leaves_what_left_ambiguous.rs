//! When a link is lost, exactly the messages that were in flight on it are ambiguous; the others go over the next.

use crate::stage::submission;
use crate::wire::{accept, carrier, started, submit, until};
use aldis_carrier_host::Class;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_those_in_flight_are_ambiguous() {
    let (listener, settings) = carrier().await;
    let (instance, _desk) = started(settings);
    let mut peer = accept(&listener, "GO 100 0").await;
    let reports: Vec<_> = (0..300)
        .map(|number| submit(&instance, submission(&format!("m{number}"))))
        .collect();
    // A window full, half of it answered, and what took the free places: a hundred are in flight.
    let mut in_flight = BTreeSet::new();
    let mut answered = BTreeSet::new();
    for count in 1..=150 {
        let (token, text) = message(&peer.heard().await.expect("a message"));
        if count <= 50 {
            peer.says(&format!("OK {token} 0")).await;
            answered.insert(text);
        } else {
            in_flight.insert(text);
        }
    }
    drop(peer);
    let mut next = accept(&listener, "GO 300 0").await;
    let mut resent = BTreeSet::new();
    let answering = async {
        while let Some(line) = next.heard().await {
            let (token, text) = message(&line);
            next.says(&format!("OK {token} 0")).await;
            resent.insert(text);
        }
    };
    let mut classes: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let collecting = async {
        for (number, report) in reports.into_iter().enumerate() {
            let report = report.await.expect("a report");
            let texts = classes
                .entry((report.class.number(), report.request_written))
                .or_default();
            texts.insert(format!("m{number}"));
        }
    };
    tokio::select! { () = answering => {}, () = collecting => {} }
    assert_eq!(
        classes.remove(&(Class::Ambiguous.number(), true)),
        Some(in_flight)
    );
    let accepted = classes
        .remove(&(Class::Accepted.number(), true))
        .unwrap_or_default();
    // Each of the others was sent once, or not at all and may go elsewhere.
    assert_eq!(accepted, answered.union(&resent).cloned().collect());
    assert_eq!(accepted.len(), answered.len() + resent.len());
    let elsewhere = [Class::Temporary, Class::RateLimited].map(|class| (class.number(), false));
    assert!(
        classes.keys().all(|key| elsewhere.contains(key)),
        "{:?}",
        classes.keys()
    );
    assert_eq!(instance.metrics().links[0].ambiguous, 100);
}

/// Token and text.
fn message(line: &str) -> (String, String) {
    let mut words = line.split(' ').skip(1).map(str::to_owned);
    (words.next().expect("a token"), words.next().expect("a text"))
}

#[tokio::test]
async fn a_message_without_an_answer_is_ambiguous_in_time_and_a_late_answer_is_kept() {
    let (listener, settings) = carrier().await;
    let (instance, desk) = started(settings);
    let mut peer = accept(&listener, "GO 1 0").await;
    let mut impatient = submission("slow");
    impatient.time_limit = Duration::from_millis(100);
    let report = submit(&instance, impatient);
    let token = peer.gets("slow").await;
    let report = report.await.expect("a report");
    assert_eq!((report.class, report.request_written), (Class::Ambiguous, true));
    let late_id = token.clone();
    // It still fills the only place at the carrier.
    let next = submit(&instance, submission("next"));
    peer.says(&format!("OK {token} 0")).await;
    let token = peer.gets("next").await;
    assert_eq!(instance.metrics().links[0].stale, 1);
    let late = desk.late();
    assert_eq!((late.len(), late[0].report.class), (1, Class::Accepted));
    assert_eq!(
        late[0].report.carrier_ids,
        [late_id],
        "receipts name the message by it"
    );
    peer.says(&format!("OK {token} 0")).await;
    assert_eq!(next.await.expect("a report").class, Class::Accepted);
    // Nobody ever sent this.
    peer.says("OK 987654321 0").await;
    until(|| instance.metrics().links[0].stale == 2).await;
    assert_eq!(desk.late().len(), 1);
}

#[tokio::test]
async fn a_refused_message_is_what_the_carrier_says() {
    let (listener, settings) = carrier().await;
    let (instance, _desk) = started(settings);
    let mut peer = accept(&listener, "GO 10 0").await;
    let report = submit(&instance, submission("refused"));
    let token = peer.gets("refused").await;
    peer.says(&format!("END {token} {}", Class::InvalidNumber.number()))
        .await;
    let report = report.await.expect("a report");
    assert_eq!(
        (report.class, report.code.as_deref()),
        (Class::InvalidNumber, Some("said"))
    );
    // Refused by the library itself: nothing left.
    let report = instance.submit(submission("local")).await;
    assert_eq!((report.class, report.request_written), (Class::BadRequest, false));
}
