//! Whatever `RUST_LOG` says, no dependency prints what it carries; our own lines obey it.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

use aldis_daemon::logging::{Form, subscriber};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use tracing::subscriber::with_default;

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("one writer").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn printed(asked: &str, form: Form, say: impl FnOnce()) -> String {
    let paper = Paper::default();
    let writer = paper.clone();
    with_default(subscriber(asked, form, move || writer.clone()), say);
    String::from_utf8(paper.0.lock().expect("one writer").clone()).expect("text")
}

/// One line of every crate at every level, in a span of its own.
fn everybody_talks() {
    macro_rules! talk {
        ($($crate_name:literal),*) => {$({
            let span = tracing::trace_span!(target: $crate_name, "span", header = "Bearer planted");
            let _entered = span.enter();
            tracing::trace!(target: $crate_name, from = $crate_name, "planted");
            tracing::debug!(target: $crate_name, from = $crate_name, "planted");
            tracing::info!(target: $crate_name, from = $crate_name, "information");
            tracing::error!(target: $crate_name, from = $crate_name, "alarm");
        })*};
    }
    talk!(
        "h2::codec::framed_read",
        "hpack",
        "hyper::proto::h1::io",
        "hyper_util::client",
        "rustls::client",
        "tower::buffer",
        "tower_http::trace",
        "tonic::transport",
        "reqwest::connect",
        "rusqlite",
        "refinery_core::traits",
        "axum::serve",
        "axum_server",
        "rlibphonenumber",
        "jsonwebtoken",
        "log",
        "",
        "aldisimilar"
    );
}

#[test]
fn trace_does_not_reach_them() {
    let asked = [
        "trace",
        "h2=trace,hyper=trace,hyper_util=trace,rustls=trace,tower=trace,tonic=trace,reqwest=trace,axum=trace,log=trace",
        "trace,h2::codec::framed_read=trace,[span]=trace,[span{header}]=trace",
        "aldis_edge=trace,debug",
    ];
    for asked in asked {
        for form in [Form::Json, Form::Text] {
            let said = printed(asked, form, everybody_talks);
            assert!(!said.contains("planted"), "{asked}: {said}");
            for silent in [
                "h2::codec",
                "hyper::proto",
                "hyper_util",
                "tonic::",
                "reqwest",
                "rusqlite",
                "rlibphonenumber",
            ] {
                assert!(!said.contains(silent), "{asked}: {said}");
            }
        }
    }
}

/// What is not dangerous may still raise the alarm, and does not chatter.
#[test]
fn the_others_are_capped_at_warnings() {
    let said = printed("trace", Form::Text, everybody_talks);
    for heard in ["rustls::client", "refinery_core", "axum_server"] {
        assert!(said.contains(heard), "{heard} is not in {said}");
    }
    assert!(!said.contains("information"), "{said}");
}

#[test]
fn ours_obey_rust_log() {
    let talk = || {
        tracing::trace!(target: "aldis_edge::auth0", "finest");
        tracing::info!(target: "aldis_delivery", "plain");
    };
    assert!(printed("trace", Form::Json, talk).contains("finest"));
    let usual = printed("", Form::Json, talk);
    assert!(usual.contains("plain") && !usual.contains("finest"), "{usual}");
    assert!(!printed("off", Form::Json, talk).contains("plain"));
    assert!(printed("aldis_edge=trace,off", Form::Json, talk).contains("finest"));
}

#[test]
fn a_line_is_one_json_object() {
    let said = printed("info", Form::Json, || {
        tracing::info!(target: "aldis_edge", tenant = "acme", "two\nlines \u{1b}[31m");
    });
    assert_eq!(said.lines().count(), 1, "{said}");
    for part in [
        r#""level":"INFO""#,
        r#""target":"aldis_edge""#,
        r#""tenant":"acme""#,
        r#""message":"two\nlines "#,
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    assert!(!said.contains('\u{1b}'), "{said}");
}
