//! What the library asks for is what the carrier hears, and what the carrier says is what is reported.

use crate::stage::{Carrier, TOKEN, compile_as, instance, libraries, submission, try_instance};
use aldis_carrier_host::{Class, Isolation, PriceKind, Scope, Trust};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn an_accepted_message_comes_back_with_its_id() {
    let carrier = Carrier::answering(201, "SM1").await;
    let report = instance("plain", &carrier.base_url)
        .submit(submission("Hello ü"))
        .await;
    assert_eq!(
        (report.class, report.carrier_ids.as_slice()),
        (Class::Accepted, &["SM1".to_owned()][..])
    );
    assert_eq!(
        (report.code.as_deref(), report.request_written),
        (Some("201"), true)
    );
    let asked = format!("POST /messages [Bearer {TOKEN}] +12025550100|Acme|Hello ü|1|1|180|key_1");
    assert_eq!(carrier.seen(), [asked]);
}

#[tokio::test]
async fn a_refusal_keeps_its_class_scope_advice_and_price() {
    let carrier = Carrier::answering(429, "").await;
    let report = instance("plain", &carrier.base_url)
        .submit(submission("Hello"))
        .await;
    assert_eq!(
        (report.class, report.scope),
        (Class::RateLimited, Scope::Instance)
    );
    assert_eq!(
        (report.retry_after, report.segments),
        (Some(Duration::from_millis(1500)), Some(2))
    );
    let price = report.price.expect("a price");
    assert_eq!(
        (price.micros, price.currency.as_str(), price.kind),
        (-7500, "USD", PriceKind::Estimate)
    );
}

/// The descriptor says how long a message may be; the library is not even asked.
#[tokio::test]
async fn a_message_of_more_parts_than_the_carrier_takes_is_for_another() {
    let carrier = Carrier::answering(201, "SM1").await;
    let descriptor = r#"DESCRIPTOR="{\"id\":\"fixture\",\"version\":\"1\",\"styles\":[\"http\"],\"capabilities\":{\"max_segments\":2}}""#;
    let (_dir, file) = compile_as("fixture", "plain", &[descriptor]);
    let library = libraries().load(&file, &Trust::Anything, Some(Isolation::InProcess));
    let settings = json!({ "base_url": carrier.base_url });
    let instance = try_instance(&library.expect("a library"), settings, TOKEN).expect("an instance");
    for (segments, expected) in [(2, Class::Accepted), (3, Class::Unsupported)] {
        let mut submission = submission("Hello");
        submission.message.segments = segments;
        assert_eq!(instance.submit(submission).await.class, expected);
    }
    assert_eq!(carrier.seen().len(), 1);
}

#[tokio::test]
async fn several_steps_carry_their_state() {
    let carrier = Carrier::answering(201, "abc").await;
    let instance = instance("steps", &carrier.base_url);
    for _ in 0..2 {
        let report = instance.submit(submission("Hello")).await;
        assert_eq!(
            (report.class, report.carrier_ids.len()),
            (Class::Accepted, 1),
            "{report:?}"
        );
    }
    // The token is fetched once and kept; it is the body of both messages.
    let bodies: Vec<_> = carrier
        .seen()
        .iter()
        .map(|line| line.replace(&format!(" [Bearer {TOKEN}]"), ""))
        .collect();
    assert_eq!(
        bodies,
        ["POST /token ", "POST /messages abc", "POST /messages abc"]
    );
    let metrics = instance.metrics();
    assert_eq!(
        (
            metrics.plugin.len(),
            metrics.plugin[0].name.as_str(),
            metrics.plugin[0].value
        ),
        (1, "sent", 2.0)
    );
    assert_eq!((metrics.call_times.calls, metrics.faults), (6, 0));
}

#[tokio::test]
async fn two_instances_of_one_library_never_mix() {
    let (one, two) = (
        Carrier::answering(201, "one").await,
        Carrier::answering(201, "two").await,
    );
    let library = crate::stage::library("steps");
    let make = |carrier: &Carrier, token| {
        let settings = serde_json::json!({ "base_url": carrier.base_url });
        crate::stage::try_instance(&library, settings, token).expect("an instance")
    };
    let (first, second) = (make(&one, "token-1"), make(&two, "token-2"));
    for instance in [&first, &second, &first] {
        assert_eq!(instance.submit(submission("Hello")).await.class, Class::Accepted);
    }
    drop(first);
    assert_eq!(second.submit(submission("Hello")).await.class, Class::Accepted);
    assert!(
        one.seen()
            .iter()
            .all(|line| line.contains("token-1") && !line.contains("two")),
        "{:?}",
        one.seen()
    );
    assert!(
        two.seen()
            .iter()
            .all(|line| line.contains("token-2") && !line.contains("one")),
        "{:?}",
        two.seen()
    );
    assert_eq!((one.seen().len(), two.seen().len()), (3, 3));
}

#[tokio::test]
async fn a_library_sends_no_more_than_four_requests_for_a_message() {
    let carrier = Carrier::answering(200, "").await;
    let report = instance("steps", &carrier.base_url)
        .submit(submission("for ever"))
        .await;
    assert_eq!(
        (report.class, report.code.as_deref()),
        (Class::Ambiguous, Some("200"))
    );
    assert_eq!(carrier.seen().len(), 4);
}

/// Tasks of every thread share an instance.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_do_not_mix() {
    let carrier = Carrier::answering(201, "SM1").await;
    let instance = std::sync::Arc::new(instance("plain", &carrier.base_url));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..100 {
        let instance = std::sync::Arc::clone(&instance);
        tasks.spawn(async move {
            instance
                .submit(submission(&format!("number {number}.")))
                .await
                .class
        });
    }
    assert!(
        tasks
            .join_all()
            .await
            .iter()
            .all(|class| *class == Class::Accepted)
    );
    let seen = carrier.seen();
    assert!((0..100).all(|number| {
        seen.iter()
            .filter(|line| line.contains(&format!("number {number}.")))
            .count()
            == 1
    }));
}
