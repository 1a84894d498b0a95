//! Each message has one owner at a time, whoever comes first.

use super::*;
use crate::submission::CarrierMessage;
use aldis_carrier::Encoding;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn job(id: &str) -> (Job, Ticket) {
    let message = CarrierMessage {
        id: id.to_owned(),
        to: "+12025550100".to_owned(),
        from: None,
        text: "271828".to_owned(),
        encoding: Encoding::Gsm7,
        segments: 1,
        attempt: 1,
        validity: None,
        deadline_unix_ms: 1,
        until_unix_ms: 1,
        callback_url: None,
        idempotency_key: String::new(),
        attributes: Vec::new(),
    };
    let submission = Submission {
        message,
        time_limit: Duration::from_secs(1),
        now_unix_ms: 0,
        gone: CancellationToken::new(),
    };
    Job::new(submission, Instant::now())
}

fn popped(queue: &Queue) -> Option<String> {
    queue.pop().map(|job| job.message.id)
}

#[test]
fn what_is_given_back_is_the_next() {
    let queue = Queue::default();
    let (first, _ticket) = job("first");
    let (second, _other) = job("second");
    queue.push(first);
    queue.push(second);
    let taken = queue.pop().expect("the first");
    assert!(queue.put_back(taken).is_none());
    assert_eq!(popped(&queue).as_deref(), Some("first"));
    assert_eq!(popped(&queue).as_deref(), Some("second"));
    assert_eq!(popped(&queue), None);
}

#[test]
fn what_its_caller_withdrew_is_not_taken() {
    let queue = Queue::default();
    let (first, ticket) = job("first");
    queue.push(first);
    assert!(ticket.place.withdraw());
    assert_eq!(popped(&queue), None);
    // Also after it was given back.
    let (second, ticket) = job("second");
    queue.push(second);
    let taken = queue.pop().expect("the second");
    assert!(queue.put_back(taken).is_none());
    assert!(ticket.place.withdraw());
    assert_eq!(popped(&queue), None);
}

#[test]
fn whose_caller_relies_on_the_link_is_not_given_back() {
    let queue = Queue::default();
    let (first, ticket) = job("first");
    queue.push(first);
    let taken = queue.pop().expect("the first");
    assert!(!ticket.place.withdraw());
    let kept = queue.put_back(taken).expect("it is kept");
    assert_eq!(kept.message.id, "first");
    assert_eq!(popped(&queue), None);
}
