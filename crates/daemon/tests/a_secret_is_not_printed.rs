//! A secret that somebody hands to a log line all the same does not leave the process, in whatever form.
#![allow(clippy::expect_used, reason = "a test fails loudly")]

use aldis_daemon::config::SecretText;
use aldis_daemon::logging::{Form, Guarded, Hidden, subscriber};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn printed(secrets: &[&str], lines: &[&str], form: Form) -> String {
    let printed = Printed::default();
    let (hidden, writer) = (Hidden::default(), printed.clone());
    let guarded = Guarded::new(move || writer.clone(), hidden.clone());
    tracing::subscriber::with_default(subscriber("info", form, guarded), || {
        let secrets: Vec<_> = secrets
            .iter()
            .map(|text| SecretText::new((*text).to_owned()))
            .collect();
        hidden.hide(&secrets);
        for line in lines {
            tracing::info!(target: "aldis_test", said = line, "somebody said {line}");
        }
    });
    let bytes = printed.0.lock().expect("no panic").clone();
    String::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn in_no_form() {
    let secret = "s3cr\"et/+ \u{e9}key";
    let forms = [secret, "s3cr%22et%2F%2B%20%C3%A9key", "czNjciJldC8rIMOpa2V5"];
    for form in [Form::Json, Form::Text] {
        let said = printed(&[secret], &forms, form);
        assert_eq!(said.matches("[redacted]").count(), 6, "{said}");
        for part in ["s3cr", "czNjciJldC8rIMOpa2V5"] {
            assert!(!said.contains(part), "{said}");
        }
        assert!(said.contains("somebody said"), "the rest is there: {said}");
    }
}

#[test]
fn one_that_holds_another_and_one_that_is_too_short() {
    let said = printed(
        &["abcdef", "abcdefgh", "abc"],
        &["abcdefgh abcdef abc"],
        Form::Text,
    );
    assert!(said.contains("[redacted] [redacted] abc"), "{said}");
    assert!(!said.contains("gh"), "{said}");
}
