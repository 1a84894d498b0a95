//! What a carrier would ask its API for one message, with the operator's own settings, without asking it.

use super::ear::{Ended, Wanted, Word};
use super::example::split;
use super::fixtures::{ReplyPart, class_word, exchange};
use super::letter::{Configuration, Letter};
use super::made::Made;
use super::report::Fault;
use super::subject::{Manner, Subject};
use super::{End, Ground, Verdict};
use crate::redact::Redactor;
use crate::settings;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;

/// The file among the fixtures that says what to try.
pub const DRY_RUN_FILE: &str = "dry-run.json";

/// What to try.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// The settings, secrets as plain text among them.
    settings: Value,
    #[serde(default)]
    message: Letter,
    /// What the API answers, if that is to be tried too.
    answer: Option<ReplyPart>,
}

/// The child's side: the request, and what the answer means, as JSON without secrets.
pub(super) fn run(ground: &Ground) -> Verdict {
    match tried(ground) {
        Ok(found) => Verdict::Held(found.to_string()),
        Err(End::Broken(faults)) => Verdict::Broken(faults),
        Err(End::Skipped(reason) | End::Untried(reason)) => Verdict::Untried(reason),
    }
}

fn tried(ground: &Ground) -> Result<Value, End> {
    let folder = ground.fixtures.as_deref();
    let wish = folder.ok_or_else(|| End::Untried("there is nothing to try".to_owned()))?;
    let wish = read(wish).map_err(End::Untried)?;
    let subject = Subject::load(ground)?;
    if subject.http.is_none() {
        return Err(End::Untried(
            "it is a session carrier: what it writes depends on what the other side says".to_owned(),
        ));
    }
    let schema = subject
        .descriptor()
        .config_schema
        .clone()
        .unwrap_or_else(|| json!({}));
    let configuration = split(&schema, wish.settings);
    let manner = subject.plain();
    ground.report.doing("instance_create");
    let made = instance(&subject, &manner, &schema, &configuration)?;
    let redactor = Redactor::for_secrets(configuration.secrets.iter().map(|(_, secret)| secret.as_str()));
    ground.report.doing("submit");
    let word = made
        .submit(&manner, &wish.message)
        .one("submit")
        .map_err(End::Broken)?;
    let mut found = json!({});
    let wanted = match word {
        Word::Http(wanted) => wanted,
        Word::Complete(ended) => {
            found["outcome"] = outcome(&ended, &redactor);
            return Ok(found);
        }
        Word::Wait(ms) => {
            found["wait_ms"] = ms.into();
            return Ok(found);
        }
    };
    found["request"] = request(&wanted, &redactor);
    found["allowed"] = is_allowed(&subject, &configuration, &wanted).into();
    if let Some(answer) = wish.answer {
        let reply = exchange(answer).map_err(End::Untried)?;
        ground.report.doing("on_response");
        let heard = made.on_response(&manner, &wish.message, &reply, (1, &wanted.state));
        match heard.one("on_response").map_err(End::Broken)? {
            Word::Complete(ended) => found["outcome"] = outcome(&ended, &redactor),
            Word::Http(next) => found["next_request"] = request(&next, &redactor),
            Word::Wait(ms) => found["wait_ms"] = ms.into(),
        }
    }
    made.destroy(&manner).map_err(End::Broken)?;
    Ok(found)
}

fn read(folder: &Path) -> Result<Wish, String> {
    let text = std::fs::read(folder.join(DRY_RUN_FILE)).map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}

/// An instance with these settings, or which of them is wrong.
fn instance<'s>(
    subject: &'s Subject,
    manner: &Manner<'_>,
    schema: &Value,
    with: &Configuration,
) -> Result<Made<'s>, End> {
    let wrong = |key: &str, reason: &str| {
        let about = if key.is_empty() {
            String::new()
        } else {
            format!("{key}: ")
        };
        End::Broken(vec![Fault::new(format!("{about}{reason}"), "mend the settings")])
    };
    settings::check(schema, &with.settings, &with.secrets)
        .map_err(|error| wrong(error.key.as_deref().unwrap_or_default(), &error.reason))?;
    subject.create(manner, with, 1).map_err(|refused| {
        let reason = if refused.reason.is_empty() {
            format!("instance_create returned {}", refused.returned)
        } else {
            refused.reason
        };
        wrong(&refused.key, &reason)
    })
}

fn request(wanted: &Wanted, redactor: &Redactor<'_>) -> Value {
    let headers = wanted.headers.iter().map(|(name, value, secret)| {
        let value = if *secret {
            "[hidden]".into()
        } else {
            redactor.hidden(value)
        };
        json!([name, value])
    });
    json!({
        "method": wanted.method,
        "url": redactor.hidden(&wanted.url),
        "headers": headers.collect::<Vec<_>>(),
        "body": redactor.hidden(&String::from_utf8_lossy(&wanted.body)),
    })
}

fn outcome(ended: &Ended, redactor: &Redactor<'_>) -> Value {
    json!({
        "class": class_word(ended.class),
        "code": redactor.hidden(&ended.code),
        "detail": redactor.hidden(&ended.detail),
        "carrier_ids": ended.carrier_ids,
        "retry_after_ms": ended.retry_after_ms,
    })
}

/// Whether the host would make the request.
fn is_allowed(subject: &Subject, with: &Configuration, wanted: &Wanted) -> bool {
    let allowed = subject.allowed(&with.settings);
    wanted.url.parse().is_ok_and(|uri| allowed.allows(&uri))
}
