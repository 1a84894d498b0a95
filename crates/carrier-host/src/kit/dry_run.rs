//! What a carrier would ask its API for one message, with the operator's own settings, without asking it.

use super::ear::{Ended, Wanted, Word};
use super::example::split;
use super::fixtures::{ReplyPart, class_word, exchange};
use super::letter::{Configuration, Letter};
use super::made::Made;
use super::report::Fault;
use super::subject::{Manner, Subject};
use super::{Checked, End, Ground};
use crate::redact::Redactor;
use crate::settings;
use serde::Deserialize;
use serde_json::{Value, json};
use std::borrow::Cow;

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
pub(super) fn run(ground: &Ground) -> Checked {
    let wish: Wish = serde_json::from_slice(&ground.wish).map_err(|error| End::Untried(error.to_string()))?;
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
    let configuration = split(&schema, wish.settings.clone());
    let secrets = configuration.secrets.iter().map(|(_, secret)| secret.as_str());
    let redactor = Redactor::for_secrets(secrets);
    match tried(ground, &subject, &configuration, wish) {
        Ok(mut found) => {
            clean(&mut found, &redactor);
            Ok(found.to_string())
        }
        Err(end) => Err(end.without(&redactor)),
    }
}

impl End {
    /// Hides secrets in it, whoever quoted them.
    fn without(self, redactor: &Redactor<'_>) -> Self {
        let hidden = |text: &str| redactor.hidden(text).into_owned();
        match self {
            Self::Broken(faults) => {
                let faults = faults.into_iter();
                let faults = faults.map(|fault| Fault::new(hidden(&fault.what), hidden(&fault.mend)));
                Self::Broken(faults.collect())
            }
            Self::Skipped(reason) => Self::Skipped(hidden(&reason)),
            Self::Untried(reason) => Self::Untried(hidden(&reason)),
        }
    }
}

/// Hides secrets in each text, name and number of a document, whatever it says there.
pub(super) fn clean(document: &mut Value, redactor: &Redactor<'_>) {
    match document {
        Value::String(text) => {
            if let Cow::Owned(hidden) = redactor.hidden(text) {
                *text = hidden;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| clean(item, redactor)),
        Value::Object(members) => {
            // The library can write the whole document, its names too.
            let cleaned = std::mem::take(members).into_iter().map(|(name, mut member)| {
                clean(&mut member, redactor);
                (redactor.hidden(&name).into_owned(), member)
            });
            *members = cleaned.collect();
        }
        Value::Number(number) => {
            if let Cow::Owned(hidden) = redactor.hidden(&number.to_string()) {
                *document = hidden.into();
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

fn tried(
    ground: &Ground,
    subject: &Subject,
    configuration: &Configuration,
    wish: Wish,
) -> Result<Value, End> {
    let manner = subject.plain();
    ground.report.doing("instance_create");
    let made = instance(subject, &manner, configuration)?;
    ground.report.doing("submit");
    let word = made
        .submit(&manner, &wish.message)
        .one("submit")
        .map_err(End::Broken)?;
    let mut found = json!({});
    let wanted = match word {
        Word::Http(wanted) => wanted,
        Word::Complete(ended) => {
            found["outcome"] = outcome(&ended);
            return Ok(found);
        }
        Word::Wait(ms) => {
            found["wait_ms"] = ms.into();
            return Ok(found);
        }
    };
    found["request"] = request(&wanted);
    found["allowed"] = is_allowed(subject, configuration, &wanted).into();
    if let Some(answer) = wish.answer {
        let reply = exchange(answer).map_err(End::Untried)?;
        ground.report.doing("on_response");
        let heard = made.on_response(&manner, &wish.message, &reply, (1, &wanted.state));
        match heard.one("on_response").map_err(End::Broken)? {
            Word::Complete(ended) => found["outcome"] = outcome(&ended),
            Word::Http(next) => found["next_request"] = request(&next),
            Word::Wait(ms) => found["wait_ms"] = ms.into(),
        }
    }
    made.destroy(&manner).map_err(End::Broken)?;
    Ok(found)
}

/// An instance with these settings, or which of them is wrong.
fn instance<'s>(subject: &'s Subject, manner: &Manner<'_>, with: &Configuration) -> Result<Made<'s>, End> {
    let wrong = |key: &str, reason: &str| {
        let about = if key.is_empty() {
            String::new()
        } else {
            format!("{key}: ")
        };
        End::Broken(vec![Fault::new(format!("{about}{reason}"), "mend the settings")])
    };
    let schema = subject.descriptor().config_schema.clone();
    let schema = schema.unwrap_or_else(|| json!({}));
    settings::check(&schema, &with.settings, &with.secrets)
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

fn request(wanted: &Wanted) -> Value {
    let headers = wanted.headers.iter().map(|(name, value, secret)| {
        let value = if *secret { "[hidden]" } else { value };
        json!([name, value])
    });
    json!({
        "method": wanted.method,
        "url": wanted.url,
        "headers": headers.collect::<Vec<_>>(),
        "body": String::from_utf8_lossy(&wanted.body),
    })
}

fn outcome(ended: &Ended) -> Value {
    json!({
        "class": class_word(ended.class),
        "code": ended.code,
        "detail": ended.detail,
        "carrier_ids": ended.carrier_ids,
        "retry_after_ms": ended.retry_after_ms,
    })
}

/// Whether the host would make the request.
fn is_allowed(subject: &Subject, with: &Configuration, wanted: &Wanted) -> bool {
    let allowed = subject.allowed(&with.settings);
    wanted.url.parse().is_ok_and(|uri| allowed.allows(&uri))
}

#[cfg(test)]
mod tests {
    use super::{Redactor, clean};
    use serde_json::json;

    #[test]
    fn no_secret_is_left_in_a_name_or_a_number() {
        let redactor = Redactor::for_secrets(["s3cr3t-key", "48213"].into_iter());
        let mut said = json!({
            "s3cr3t-key": {"in s3cr3t%2dkey": ["s3cr3t-key", 48213, 1.5, 7]},
            "wait_ms": 48213,
            "allowed": true,
        });
        clean(&mut said, &redactor);
        let shown = json!({
            "[hidden]": {"in [hidden]": ["[hidden]", "[hidden]", 1.5, 7]},
            "wait_ms": "[hidden]",
            "allowed": true,
        });
        assert_eq!(said, shown);
    }
}
