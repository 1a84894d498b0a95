//! Promise 1: an OK means a durable row, and a carrier's acceptance where that was asked for.

use super::*;

#[tokio::test]
async fn a_carriers_yes_is_on_disk_before_the_answer() {
    let (first, _) = answers(&[Class::Temporary]);
    let (second, _) = answers(&[Class::Accepted]);
    let service = Setup::lanes(vec![first, second]).start().await;

    let sent = service.client().send(message(), PATIENCE).await.unwrap();

    assert_eq!(sent.message.status, DeliveryStatus::Submitted);
    assert!(!sent.replayed);
    assert_eq!(service.ask::<String>("SELECT state FROM messages"), "submitted");
    assert_eq!(
        service.ask::<u32>("SELECT count(*) FROM messages WHERE body IS NOT NULL"),
        0,
        "the text is gone"
    );
    let life = service.client().message(&sent.message.id).await.unwrap();
    assert_eq!(life, sent.message, "the answer is the row");
    let expected = [
        ("c0", Some(OutcomeClass::Temporary)),
        ("c1", Some(OutcomeClass::Accepted)),
    ];
    assert_eq!(outcomes(&life), expected);
    assert_eq!(life.attempts[1].carrier_message_ids, ["SM1"]);
    assert_eq!(life.to_masked, "+1******0100");
}

#[tokio::test]
async fn stored_is_answered_before_the_carrier_is_done_and_delivered_all_the_same() {
    let (script, gate) = Gate::new(Class::Accepted);
    let service = Setup::lanes(vec![script]).start().await;

    let sent = service.client().send(stored(), PATIENCE).await.unwrap();
    assert_eq!(sent.message.status, DeliveryStatus::Sending);
    gate.begun().await;
    gate.let_go();
    service.until(sent.message.id, &[DeliveryStatus::Submitted]).await;
}

/// What fails for now comes back by itself, through the store and its scheduler.
#[tokio::test]
async fn stored_is_tried_again_until_it_works() {
    let (script, calls) = answers(&[
        Class::Temporary,
        Class::Temporary,
        Class::Temporary,
        Class::Accepted,
    ]);
    let service = Setup::lanes(vec![script]).start().await;
    let sent = service.client().send(stored(), PATIENCE).await.unwrap();
    let life = service.until(sent.message.id, &[DeliveryStatus::Submitted]).await;
    assert_eq!(calls.load(Ordering::SeqCst), 4);
    assert_eq!(
        life.attempts
            .iter()
            .map(|attempt| attempt.number)
            .collect::<Vec<_>>(),
        [1, 2, 3, 4]
    );
}

/// The library is told how long the message is good for, and how long the caller waits.
#[tokio::test]
async fn deadline_and_patience_reach_the_carrier() {
    let seen = Arc::new(Mutex::new(None));
    let tell = Arc::clone(&seen);
    let script: Script = Box::new(move |submission| {
        *tell.lock().unwrap() = Some((submission.message.validity.unwrap(), submission.time_limit));
        Box::pin(async { report(Class::Accepted) })
    });
    let service = Setup::lanes(vec![script]).start().await;
    service
        .client()
        .send(message(), Duration::from_secs(5))
        .await
        .unwrap();
    let (validity, limit) = seen.lock().unwrap().take().unwrap();
    assert!(
        validity <= Duration::from_mins(3) && validity > Duration::from_secs(150),
        "{validity:?}"
    );
    assert!(
        limit <= Duration::from_millis(4_700),
        "the reserve for commit and answer: {limit:?}"
    );
}

#[tokio::test]
async fn what_is_counted_names_nobody() {
    let (script, _) = answers(&[Class::Accepted]);
    let service = Setup::lanes(vec![script]).start().await;
    let sent = service.client().send(message(), PATIENCE).await.unwrap();
    let page = service.page("/metrics").await;
    for line in [
        "aldis_messages_total{class=\"otp\",state=\"submitted\",reason=\"\"} 1",
        "aldis_attempts_total{carrier=\"c0\",outcome=\"accepted\"} 1",
        "aldis_accept_to_submit_seconds_count 1",
        "aldis_in_flight 0",
        "aldis_unknown_open 0",
        "aldis_store_commit_seconds_count",
    ] {
        assert!(page.contains(line), "{line} is not in {page}");
    }
    for planted in ["2025550100", "271828", EDGE, &sent.message.id.to_string()] {
        assert!(!page.contains(planted), "{planted} is on the metrics page");
    }
    assert!(service.page("/readyz").await.starts_with("HTTP/1.1 200"));
}
