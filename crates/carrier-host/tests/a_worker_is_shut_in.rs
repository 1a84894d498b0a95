//! A library in a worker reaches nothing but what it is lent: no file, no network, no other process, not much memory.

use crate::stage::{Carrier, TOKEN, library_in, submission, try_instance};
use aldis_carrier_host::Isolation;
use serde_json::json;

#[tokio::test]
async fn a_library_in_a_worker_reaches_nothing() {
    let carrier = Carrier::answering(201, "").await;
    let library = library_in("crashing", Isolation::Worker);
    let instance =
        try_instance(&library, json!({ "base_url": carrier.base_url }), TOKEN).expect("an instance");
    // EPERM and ENOMEM of errno(3); a runtime that has threads gets them.
    for (what, code) in [
        ("open", "1"),
        ("create", "1"),
        ("socket", "1"),
        ("fork", "1"),
        ("exec", "1"),
        ("kill", "1"),
        ("memory", "12"),
        ("thread", "0"),
    ] {
        let report = instance.submit(submission(&format!("try:{what}"))).await;
        assert_eq!(report.code.as_deref(), Some(code), "{what}: {report:?}");
    }
    assert_eq!(instance.metrics().worker.expect("a worker").ends, 0);
}
