//! The host, not the library or the carrier, decides how long an attempt takes.

use crate::stage::{Carrier, accept_request, instance, listener, submission};
use aldis_carrier_host::Class;
use std::time::Duration;

#[tokio::test]
async fn a_connection_that_is_never_made_is_temporary() {
    // TLS that never begins: there is a socket, but no connection a request could be written to.
    let (_listener, base_url) = listener().await;
    let mut submission = submission("Hello");
    submission.time_limit = Duration::from_millis(300);
    let report = instance("plain", &base_url.replace("http:", "https:"))
        .submit(submission)
        .await;
    assert_eq!((report.class, report.request_written), (Class::Temporary, false));
}

#[tokio::test]
async fn a_passed_deadline_asks_nobody() {
    let carrier = Carrier::answering(201, "SM1").await;
    let instance = instance("plain", &carrier.base_url);
    for late in [0, 1, 1_000_000] {
        let mut submission = submission("Hello");
        submission.now_unix_ms = submission.message.deadline_unix_ms + late;
        let report = instance.submit(submission).await;
        assert_eq!((report.class, report.request_written), (Class::Expired, false));
    }
    assert_eq!(
        (carrier.seen().len(), instance.metrics().call_times.calls),
        (0, 0)
    );
}

#[tokio::test]
async fn a_pause_that_does_not_fit_ends_the_attempt_at_once() {
    let carrier = Carrier::answering(201, "token").await;
    let mut submission = submission("Hello");
    submission.time_limit = Duration::ZERO;
    let report = instance("steps", &carrier.base_url).submit(submission).await;
    assert_eq!((report.class, report.request_written), (Class::Temporary, false));
    assert!(carrier.seen().is_empty());
}

#[tokio::test]
async fn a_library_that_waits_for_ever_is_stopped() {
    let carrier = Carrier::answering(201, "").await;
    let instance = instance("steps", &carrier.base_url);
    let report = instance.submit(submission("wait for ever")).await;
    assert_eq!(
        (report.class, report.request_written),
        (Class::PluginFault, false)
    );
    assert_eq!(instance.metrics().faults, 1);
}

/// The caller may lose interest at any await; nothing of the attempt stays behind.
#[tokio::test]
async fn an_attempt_may_be_dropped() {
    let (listener, base_url) = listener().await;
    let instance = instance("plain", &base_url);
    {
        let mut attempt = Box::pin(instance.submit(submission("Hello")));
        tokio::select! {
            report = &mut attempt => panic!("{report:?}"),
            _ = accept_request(&listener) => {}
        }
    }
    let carrier = Carrier::answering(201, "SM1").await;
    drop(instance);
    let instance = crate::stage::instance("plain", &carrier.base_url);
    assert_eq!(instance.submit(submission("Hello")).await.class, Class::Accepted);
}
