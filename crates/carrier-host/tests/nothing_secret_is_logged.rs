//! Whatever a library says, no secret, text or number reaches a log line, a metric, an error or a report.

use crate::stage::{Carrier, TOKEN, instance, library, submission, try_instance};
use serde_json::json;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing::subscriber::set_default;

const TEXT: &str = "Your code is 481516, \"really\"\nBye";
const HIDDEN: [&str; 6] = [TOKEN, "t0ken", "481516", "really", "2025550100", "Bearer"];

/// Everything that would be printed.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("a page")).into_owned()
    }

    fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + use<> {
        let page = self.clone();
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || page.clone())
            .finish()
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a page").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_talkative_library_is_cleaned() {
    let page = Page::default();
    let carrier = Carrier::answering(400, "").await;
    let (report, metrics) = {
        let _guard = set_default(page.subscriber());
        let instance = instance("talkative", &carrier.base_url);
        let seen = (instance.submit(submission(TEXT)).await, instance.metrics());
        drop(instance);
        // A worker's last words are on their way.
        while !page.text().contains("destroyed") {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        seen
    };
    assert_eq!(carrier.seen().len(), 1, "the carrier itself hears everything");
    let page = page.text();
    let ours: Vec<_> = page
        .lines()
        .filter(|line| line.contains("aldis_carrier"))
        .collect();
    for word in [
        "ERROR",
        "WARN",
        "INFO",
        "DEBUG",
        "TRACE",
        "creating",
        "destroyed",
        "carrier=\"acme\"",
    ] {
        assert!(
            ours.iter().any(|line| line.contains(word)),
            "{word} is missing in {page}"
        );
    }
    let (report, metrics) = (format!("{report:?}"), format!("{metrics:?}"));
    for hidden in HIDDEN {
        for (place, said) in [
            ("log", ours.join("\n")),
            ("report", report.clone()),
            ("metrics", metrics.clone()),
        ] {
            assert!(!said.contains(hidden), "{hidden:?} in the {place}: {said}");
        }
    }
    // The HTTP client may log at trace, but never what was sent.
    for hidden in &HIDDEN[..5] {
        assert!(!page.contains(hidden), "{hidden:?} in {page}");
    }
}

#[tokio::test]
async fn a_refused_setting_is_named_and_not_quoted() {
    let token = "refuse-this-t0ken";
    let page = Page::default();
    let _guard = set_default(page.subscriber());
    let error = try_instance(&library("talkative"), json!({}), token).expect_err("refused");
    assert_eq!(error.key.as_deref(), Some("token"));
    assert!(
        !error.to_string().contains("t0ken") && !page.text().contains("t0ken"),
        "{error}"
    );
}
