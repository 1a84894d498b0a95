//! What an answer means, by the template's tables.

use crate::find::{Check, Find, Said};
use crate::lint::Lint;
use crate::template;
use crate::text::{Place, Texts};
use crate::words::Refusal;
use aldis_carrier::{Class, Outcome, Response};
use minijinja::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// `template.answer`, ready.
pub(crate) struct Meaning {
    statuses_of_success: Vec<u16>,
    when: Option<Check>,
    id: Option<Find>,
    segments: Option<Find>,
    code: Option<Find>,
    codes: Codes,
    statuses: BTreeMap<u16, Class>,
    otherwise: Class,
    retry_after: Option<Find>,
}

impl Meaning {
    pub(crate) fn new(lint: &mut Lint<'_>, template: &template::Answer) -> Self {
        judge(lint, template);
        let mut find = |name: &str, selector: &Option<template::Selector>| {
            let selector = selector.as_ref()?;
            Find::new(lint, &format!("answer.{name}"), selector, Place::Message)
        };
        let (id, segments) = (find("id", &template.id), find("segments", &template.segments));
        let (code, retry_after) = (
            find("code", &template.code),
            find("retry_after", &template.retry_after),
        );
        let when = template.accepted.when.as_ref();
        let when = when.and_then(|when| Check::new(lint, "answer.accepted.when", when, Place::Message));
        let mut statuses = BTreeMap::new();
        for (status, Refusal(class)) in &template.statuses {
            match status.parse() {
                Ok(status @ 100..=599) => {
                    statuses.insert(status, *class);
                }
                _ => lint.note(
                    &format!("answer.statuses.{status}"),
                    "is no HTTP status, 100 to 599",
                ),
            }
        }
        Self {
            statuses_of_success: template.accepted.status.clone(),
            when,
            id,
            segments,
            code,
            codes: Codes::new(&template.codes),
            statuses,
            otherwise: template.otherwise.map_or(Class::Ambiguous, |refusal| refusal.0),
            retry_after,
        }
    }

    /// The outcome. Without an answer, and where no table has a word for it, that of [`Response::fallback`].
    pub(crate) fn outcome(&self, texts: &Texts, response: &Response<'_>, with: &Value) -> Outcome {
        if response.status() == 0 {
            return response.fallback();
        }
        let json = response.json::<serde_json::Value>();
        let body = String::from_utf8_lossy(response.body());
        let said = Said {
            json: json.as_ref(),
            body: &body,
            header: &|name| response.header(name).map(str::to_owned),
            query: &[],
            form: &[],
            with,
        };
        if let Some(accepted) = self.accepted(texts, response, &said) {
            return accepted;
        }
        let code = self.code.as_ref().and_then(|code| code.first(texts, &said));
        let known = code.as_ref().and_then(|code| self.codes.class_of(code));
        let known = known.or_else(|| self.statuses.get(&response.status()).copied());
        let fallback = response.fallback();
        // A code in a 2xx is a refusal, if the template says that all codes are.
        let class = match known {
            Some(class) => class,
            None if response.is_success() && code.is_some() => self.otherwise,
            None => fallback.class,
        };
        let mut outcome = Outcome::refused(class, code.unwrap_or(fallback.code));
        if [Class::RateLimited, Class::Temporary].contains(&class) {
            let after = self
                .retry_after
                .as_ref()
                .and_then(|after| after.first(texts, &said));
            let after = after
                .and_then(|seconds| seconds.parse().ok())
                .map(Duration::from_secs);
            outcome = outcome.retry_after(after.or_else(|| response.retry_after()));
        }
        outcome
    }

    /// `None` if it is none, or if the id is missing without which receipts find nothing.
    fn accepted(&self, texts: &Texts, response: &Response<'_>, said: &Said<'_>) -> Option<Outcome> {
        let status = if self.statuses_of_success.is_empty() {
            response.is_success()
        } else {
            self.statuses_of_success.contains(&response.status())
        };
        let fits = |when: &Check| when.holds(texts, said);
        if !status || !self.when.as_ref().is_none_or(fits) {
            return None;
        }
        let mut ids = match &self.id {
            Some(id) => id.all(texts, said),
            None => Vec::new(),
        };
        if self.id.is_some() && ids.is_empty() {
            return None;
        }
        ids.dedup();
        let segments = self.segments.as_ref().and_then(|at| at.first(texts, said));
        let outcome = Outcome::accepted(ids);
        Some(match segments.and_then(|count| count.parse().ok()) {
            Some(count) if count > 0 => outcome.segments(count),
            _ => outcome,
        })
    }
}

/// Refuses a template that could take a failure for a success, or has no word for one.
fn judge(lint: &mut Lint<'_>, template: &template::Answer) {
    if template.accepted.when.is_none() && template.id.is_none() {
        lint.note(
            "answer.accepted.when",
            "is missing, and there is no answer.id either: many carriers answer 2xx to what they refuse, so say how a \
             success is known from its body",
        );
    }
    if template.codes.is_empty() && template.statuses.is_empty() {
        lint.note(
            "answer.codes",
            "is missing, and there are no answer.statuses either: without a rule for failures a wrong number looks \
             like a broken carrier",
        );
    }
    if !template.codes.is_empty() && template.code.is_none() {
        lint.note(
            "answer.code",
            "is missing: where are the codes that answer.codes lists?",
        );
    }
}

/// What codes mean.
pub(crate) struct Codes(BTreeMap<String, Class>);

impl Codes {
    pub(crate) fn new(codes: &BTreeMap<String, Refusal>) -> Self {
        let classes = codes.iter().map(|(code, Refusal(class))| (code.clone(), *class));
        Self(classes.collect())
    }

    /// By the code itself, or by the longest beginning that is listed with `*`.
    pub(crate) fn class_of(&self, code: &str) -> Option<Class> {
        if let Some(class) = self.0.get(code) {
            return Some(*class);
        }
        let beginnings = self.0.iter().filter_map(|(pattern, class)| {
            let beginning = pattern.strip_suffix('*')?;
            code.starts_with(beginning).then_some((beginning.len(), *class))
        });
        beginnings
            .max_by_key(|(length, _)| *length)
            .map(|(_, class)| class)
    }
}
