//! A library that breaks the contract harms its own message at most, and is left alone when it keeps on.

use crate::stage::{Carrier, TOKEN, instance, library_in, submission, try_instance};
use crate::wire;
use aldis_carrier_host::{CallbackRequest, CallbackVerdict, Class, Isolation};

#[tokio::test]
async fn a_fault_before_anything_was_sent_is_a_plugin_fault() {
    let carrier = Carrier::answering(201, "").await;
    let ways = [
        "silent",
        "twice",
        "both",
        "null",
        "panic",
        "error",
        "class",
        "host class",
        "scope",
    ];
    for how in ways
        .into_iter()
        .chain(["url", "method", "state", "header", "newline"])
    {
        let instance = instance("broken", &carrier.base_url);
        let report = instance.submit(submission(&format!("submit:{how}"))).await;
        assert_eq!(
            (report.class, report.request_written),
            (Class::PluginFault, false),
            "{how}: {report:?}"
        );
        assert!(
            report.carrier_ids.is_empty() && report.code.is_none(),
            "{how}: {report:?}"
        );
        assert_eq!(instance.metrics().faults, 1, "{how}");
    }
    assert!(carrier.seen().is_empty());
}

#[tokio::test]
async fn a_fault_after_something_was_sent_is_ambiguous_and_keeps_the_status() {
    let carrier = Carrier::answering(201, "").await;
    for how in [
        "silent",
        "twice",
        "both",
        "null",
        "panic",
        "error",
        "class",
        "host class",
        "scope",
        "url",
        "state",
    ] {
        let instance = instance("broken", &carrier.base_url);
        let report = instance.submit(submission(&format!("response:{how}"))).await;
        assert_eq!(
            (report.class, report.request_written),
            (Class::Ambiguous, true),
            "{how}: {report:?}"
        );
        assert_eq!(report.code.as_deref(), Some("201"), "{how}");
        assert_eq!(instance.metrics().faults, 1, "{how}");
    }
}

#[tokio::test]
async fn the_third_fault_puts_the_instance_to_rest() {
    let carrier = Carrier::answering(201, "").await;
    let instance = instance("broken", &carrier.base_url);
    for _ in 0..3 {
        assert!(!instance.quarantined());
        instance.submit(submission("submit:panic")).await;
    }
    assert!(instance.quarantined() && instance.metrics().quarantined);
    let calls = instance.metrics().call_times.calls;
    let report = instance.submit(submission("a good one")).await;
    assert_eq!(
        (report.class, report.request_written),
        (Class::PluginFault, false)
    );
    assert!(matches!(
        instance.webhook(&callback()).await,
        CallbackVerdict::Fault
    ));
    assert_eq!(
        (instance.metrics().call_times.calls, carrier.seen().len()),
        (calls, 0),
        "it is not called"
    );
    // Another instance of the same library is not to blame.
    let other = crate::stage::instance("broken", &carrier.base_url);
    assert_eq!(
        other.submit(submission("a good one")).await.class,
        Class::Accepted
    );
}

#[tokio::test]
async fn a_call_back_that_breaks_the_library_is_a_fault() {
    let instance = instance("broken", "http://127.0.0.1:9");
    assert!(matches!(
        instance.webhook(&callback()).await,
        CallbackVerdict::Fault
    ));
    assert_eq!(instance.metrics().faults, 1);
}

#[tokio::test]
async fn a_slow_call_is_counted() {
    let carrier = Carrier::answering(201, "").await;
    // A worker would be ended for it.
    let library = library_in("broken", Isolation::InProcess);
    let settings = serde_json::json!({ "base_url": carrier.base_url });
    let instance = try_instance(&library, settings, TOKEN).expect("an instance");
    assert_eq!(instance.submit(submission("slow")).await.class, Class::Accepted);
    // At least: a busy machine makes other calls slow too.
    let times = instance.metrics().call_times;
    assert!(
        times.calls == 2 && times.over_hard >= 1 && times.over_soft >= times.over_hard,
        "{times:?}"
    );
    assert!(
        times.longest >= std::time::Duration::from_millis(300) && times.total >= times.longest,
        "{times:?}"
    );
}

fn callback() -> CallbackRequest {
    CallbackRequest {
        external_url: "https://sms.example.com/".into(),
        method: "POST".into(),
        headers: Vec::new(),
        body: "body".into(),
        remote_address: String::new(),
        now_unix_ms: 5_000,
    }
}

#[tokio::test]
async fn a_session_that_fails_on_a_message_fails_on_that_one_alone() {
    let (listener, settings) = wire::carrier().await;
    let (instance, _desk) = wire::started(settings);
    let mut peer = wire::accept(&listener, "GO 10 0").await;
    let flying = wire::submit(&instance, submission("flying"));
    let token = peer.gets("flying").await;
    let broken = instance.submit(submission("fault")).await;
    assert_eq!(
        (broken.class, broken.request_written),
        (Class::PluginFault, false)
    );
    // Not a byte of what it wanted in that call was written, and the others go on.
    let next = wire::submit(&instance, submission("next"));
    let next_token = peer.gets("next").await;
    for token in [token, next_token] {
        peer.says(&format!("OK {token} 0")).await;
    }
    for report in [flying, next] {
        assert_eq!(report.await.expect("a report").class, Class::Accepted);
    }
    assert_eq!(instance.metrics().faults, 1);
}

#[tokio::test]
async fn a_session_that_fails_on_bytes_costs_its_connection() {
    let (listener, settings) = wire::carrier().await;
    let (instance, _desk) = wire::started(settings);
    let mut peer = wire::accept(&listener, "GO 10 0").await;
    let flying = wire::submit(&instance, submission("flying"));
    peer.gets("flying").await;
    peer.says("FAULT").await;
    let report = flying.await.expect("a report");
    assert_eq!((report.class, report.request_written), (Class::Ambiguous, true));
    assert_eq!(peer.heard().await, None);
    wire::accept(&listener, "GO 10 0").await;
    assert_eq!(instance.metrics().faults, 1);
}

/// The fixture aborts when a handle is destroyed that a failed call left.
#[tokio::test]
async fn what_a_failed_call_left_is_not_destroyed() {
    for way in ["open", "flooding"] {
        let (listener, mut settings) = wire::carrier().await;
        settings["failing"] = way.into();
        let (instance, _desk) = wire::started(settings);
        let (stream, _) = listener.accept().await.expect("a connection");
        assert_eq!(
            wire::Peer::new(stream).heard().await,
            None,
            "{way}: nothing it wanted is done"
        );
        wire::accept(&listener, "GO 10 0").await;
        assert_eq!(instance.metrics().faults, 1, "{way}");
    }
    let (_listener, mut settings) = wire::carrier().await;
    settings["failing"] = "create".into();
    assert!(wire::try_instance(settings).is_err());
}

#[tokio::test]
async fn an_outcome_that_means_nothing_is_ambiguous() {
    let (listener, settings) = wire::carrier().await;
    let (instance, _desk) = wire::started(settings);
    let mut peer = wire::accept(&listener, "GO 10 0").await;
    let report = wire::submit(&instance, submission("odd"));
    let token = peer.gets("odd").await;
    peer.says(&format!("END {token} 99")).await;
    assert_eq!(report.await.expect("a report").class, Class::Ambiguous);
    assert_eq!(instance.metrics().faults, 1);
}
