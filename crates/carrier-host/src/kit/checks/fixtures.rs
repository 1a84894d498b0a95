//! The author's own examples.

use super::{End, Ground, kept, needs_http, ready};
use crate::kit::Checked;
use crate::kit::ear::{Ended, Told, Wanted};
use crate::kit::fixtures::{OutcomePattern, RequestPattern, class_word, word};
use crate::kit::letter::Lengths;
use crate::kit::report::Fault;
use aldis_carrier::{EventKind, ReceiptState};
use serde_json::Value;

pub(super) fn check(ground: &Ground) -> Checked {
    let greetings = super::greetings(ground)?;
    let (subject, example) = ready(ground)?;
    if subject.session.is_some() {
        return super::streams::check(ground, &subject, (&example, &greetings));
    }
    let count = example.fixtures.messages.len() + example.fixtures.replies.len();
    if count == 0 {
        return Err(End::Skipped(
            "there are none: give a folder with --fixtures; the guide says what it may hold".to_owned(),
        ));
    }
    needs_http(&subject)?;
    let manner = subject.guarded(Lengths::default());
    let made = example.made(ground, &subject, &manner)?;
    let mut faults = Vec::new();
    for case in &example.fixtures.replies {
        ground.report.doing(&case.file);
        match made.attempt(&manner, &case.letter, &case.replies) {
            Ok(attempt) => {
                let mut expected = case.outcome.clone();
                expected.class.get_or_insert_with(|| word(case.class));
                faults.extend(outcome(&case.file, &expected, &attempt.ended));
            }
            Err(broken) => faults.extend(named(&case.file, broken)),
        }
    }
    for case in &example.fixtures.messages {
        ground.report.doing(&case.file);
        let reply = crate::kit::letter::Reply::none(aldis_carrier::Transport::Connect, false);
        match made.attempt(&manner, &case.letter, &[reply]) {
            Ok(attempt) => {
                match (&case.request, attempt.requests.first()) {
                    (Some(pattern), Some(wanted)) => faults.extend(request(&case.file, pattern, wanted)),
                    (Some(_), None) => faults.push(Fault::new(
                        format!(
                            "{}: it makes no request, and ends as {}",
                            case.file,
                            class_word(attempt.ended.class)
                        ),
                        "the file expects one",
                    )),
                    (None, _) => {}
                }
                if let Some(expected) = &case.outcome {
                    faults.extend(outcome(&case.file, expected, &attempt.ended));
                }
            }
            Err(broken) => faults.extend(named(&case.file, broken)),
        }
    }
    faults.extend(made.destroy(&manner).err().unwrap_or_default());
    kept(faults, format!("{count} examples"))
}

pub(super) fn named(file: &str, faults: Vec<Fault>) -> impl Iterator<Item = Fault> {
    faults
        .into_iter()
        .map(move |fault| Fault::new(format!("{file}: {}", fault.what), fault.mend))
}

pub(super) fn outcome(file: &str, expected: &OutcomePattern, ended: &Ended) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut differ = |what: &str, wanted: String, got: String| {
        if wanted != got {
            faults.push(Fault::new(
                format!("{file}: the {what} is {got} instead of {wanted}"),
                "mend the library, or the example if it is wrong",
            ));
        }
    };
    if let Some(class) = &expected.class {
        differ("class", class.clone(), class_word(ended.class));
    }
    if let Some(code) = &expected.code {
        differ("code", format!("{code:?}"), format!("{:?}", ended.code));
    }
    if let Some(ids) = &expected.carrier_ids {
        differ(
            "list of carrier ids",
            format!("{ids:?}"),
            format!("{:?}", ended.carrier_ids),
        );
    }
    if let Some(after) = expected.retry_after_ms {
        differ(
            "retry_after_ms",
            after.to_string(),
            ended.retry_after_ms.to_string(),
        );
    }
    faults
}

/// How an event differs from what is expected of it.
pub(super) fn event(expected: &Value, told: &Told) -> Vec<String> {
    let kind = EventKind::from_number(told.kind).map(word).unwrap_or_default();
    let state = ReceiptState::from_number(told.state)
        .map(word)
        .unwrap_or_default();
    let members = [
        ("kind", &kind),
        ("state", &state),
        ("carrier_id", &told.carrier_id),
        ("from", &told.from),
        ("to", &told.to),
        ("text", &told.text),
        ("code", &told.code),
    ];
    let differs = members.into_iter().filter_map(|(name, got)| {
        let wanted = expected.get(name).and_then(Value::as_str)?;
        (wanted != got).then(|| format!("the event's {name} is {got:?} instead of {wanted:?}"))
    });
    differs.collect()
}

fn request(file: &str, pattern: &RequestPattern, wanted: &Wanted) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut differ = |what: &str, expected: &str, got: &str| {
        if expected != got {
            faults.push(Fault::new(
                format!("{file}: the request's {what} is {got:?} instead of {expected:?}"),
                "mend the library, or the example if it is wrong",
            ));
        }
    };
    if let Some(method) = &pattern.method {
        differ("method", method, &wanted.method);
    }
    if let Some(url) = &pattern.url {
        differ("url", url, &wanted.url);
    }
    for (name, value) in &pattern.headers {
        let mut headers = wanted
            .headers
            .iter()
            .filter(|(key, ..)| key.eq_ignore_ascii_case(name));
        differ(
            &format!("header {name}"),
            value,
            headers.next().map_or("(none)", |(_, value, _)| value),
        );
    }
    let body = String::from_utf8_lossy(&wanted.body);
    match &pattern.body {
        None => {}
        Some(Value::String(text)) => differ("body", text, &body),
        Some(document) => {
            let got: Value = serde_json::from_slice(&wanted.body).unwrap_or(Value::Null);
            differ(
                "body",
                &document.to_string(),
                &if got.is_null() {
                    body.into_owned()
                } else {
                    got.to_string()
                },
            );
        }
    }
    faults
}
