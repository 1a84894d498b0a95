//! What an answer means, by the template's tables.

use crate::find::{Body, Check, Find, Fit, Said};
use crate::lint::Lint;
use crate::table::{Table, as_code, words};
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
    codes: Table<Class>,
    statuses: BTreeMap<u16, Class>,
    otherwise: Class,
    retry_after: Option<Find>,
    idempotent: bool,
}

impl Meaning {
    /// Reads the tables. `idempotent` says that the API sends once, however often it gets the same key.
    pub(crate) fn new(lint: &mut Lint<'_>, template: &template::Answer, idempotent: bool) -> Self {
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
                    let silenced = !idempotent && is_taken_for_a_no(status, *class);
                    if silenced {
                        lint.advise(
                            &format!("answer.statuses.{status}"),
                            "counts as ambiguous: a gateway before the carrier says so when it gave up, and the carrier \
                             may have taken the message. With an API that sends once, however often it gets the same \
                             key, say request.idempotent = true",
                        );
                    }
                    statuses.insert(status, if silenced { Class::Ambiguous } else { *class });
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
            codes: Table::new(lint, "answer.codes", words(&template.codes, |refusal| refusal.0)),
            statuses,
            otherwise: template.otherwise.map_or(Class::Ambiguous, |refusal| refusal.0),
            retry_after,
            idempotent,
        }
    }

    /// The outcome. Without an answer, and where no table has a word for it, that of [`Response::fallback`].
    pub(crate) fn outcome(&self, texts: &Texts, response: &Response<'_>, with: &Value) -> Outcome {
        if response.status() == 0 {
            return response.fallback();
        }
        let body = Body::new(response.body());
        let said = Said {
            body: &body,
            one: None,
            header: &|name| response.header(name).map(str::to_owned),
            query: &[],
            with,
        };
        let codes = match &self.code {
            Some(code) => code.all(texts, &said),
            None => Vec::new(),
        };
        let known = codes
            .iter()
            .find_map(|code| Some((code.clone(), self.codes.find(code)?)));
        let ids = self.ids(texts, &said);
        let fit = self.when.as_ref().map_or(Fit::All, |when| when.fit(texts, &said));
        if fit == Fit::All && self.is_status_of_success(response) {
            let named = self.id.is_none() || !ids.is_empty();
            // With nothing but an id to tell a success, a code that is listed tells a refusal.
            if named && (self.when.is_some() || known.is_none()) {
                return self.accepted(texts, &said, ids);
            }
            if !named && self.when.is_some() {
                // Receipts will find nothing, but the carrier has it.
                return Outcome::refused(Class::Ambiguous, response.fallback().code)
                    .with_detail("the carrier took it, but names no id");
            }
        }
        let (code, known) = match known {
            Some((code, known)) => (Some(code), Some(known)),
            None => (codes.into_iter().next(), None),
        };
        let class = self.class(
            response,
            known.as_ref().map(|known| known.meaning),
            code.is_some(),
        );
        let code = code.map(|code| as_code(code, known.as_ref()));
        let outcome = Outcome::refused(class, code.unwrap_or_else(|| response.fallback().code));
        if fit == Fit::Some && !FINAL.contains(&class) {
            return partly(outcome, ids);
        }
        self.with_advice(outcome, texts, response, &said)
    }

    fn is_status_of_success(&self, response: &Response<'_>) -> bool {
        match self.statuses_of_success.as_slice() {
            [] => response.is_success(),
            statuses => statuses.contains(&response.status()),
        }
    }

    /// Each once: a carrier may name the same for every part.
    fn ids(&self, texts: &Texts, said: &Said<'_>) -> Vec<String> {
        let found = self.id.as_ref().map(|id| id.all(texts, said)).unwrap_or_default();
        let mut ids: Vec<String> = Vec::new();
        for id in found {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids
    }

    fn class(&self, response: &Response<'_>, known: Option<Class>, has_code: bool) -> Class {
        let status = response.status();
        // A gateway that gave up has words, too, and "*timeout*" may well be one that the table calls temporary.
        let waits = known == Some(Class::Temporary) && is_taken_for_a_no(status, Class::Temporary);
        if waits && !self.idempotent {
            return Class::Ambiguous;
        }
        known
            .or_else(|| self.statuses.get(&status).copied())
            // A code in a 2xx is a refusal, if the template says that all codes are.
            .unwrap_or_else(|| {
                if response.is_success() && has_code {
                    self.otherwise
                } else {
                    response.fallback().class
                }
            })
    }

    fn with_advice(
        &self,
        outcome: Outcome,
        texts: &Texts,
        response: &Response<'_>,
        said: &Said<'_>,
    ) -> Outcome {
        if ![Class::RateLimited, Class::Temporary].contains(&outcome.class) {
            return outcome;
        }
        let after = self.retry_after.as_ref();
        let after = after.and_then(|after| after.first(texts, said)?.parse().ok());
        let after = after.map(Duration::from_secs);
        outcome.retry_after(after.or_else(|| response.retry_after()))
    }

    fn accepted(&self, texts: &Texts, said: &Said<'_>, ids: Vec<String>) -> Outcome {
        let outcome = Outcome::accepted(ids);
        let segments = self.segments.as_ref().and_then(|at| at.first(texts, said));
        match segments.and_then(|count| count.parse().ok()) {
            Some(count) if count > 0 => outcome.segments(count),
            _ => outcome,
        }
    }
}

/// Nobody tries these again, neither here nor elsewhere.
const FINAL: [Class; 3] = [Class::InvalidNumber, Class::OptedOut, Class::TooLong];

/// Some of its parts are on their way: sent again, the recipient would get those twice.
fn partly(refusal: Outcome, ids: Vec<String>) -> Outcome {
    let mut outcome = Outcome::refused(Class::Ambiguous, refusal.code)
        .with_detail("the carrier took some parts and not others");
    outcome.carrier_ids = ids;
    outcome
}

/// Returns whether a gateway before the carrier gave up, and the template would have the message sent again. A manual that
/// lists such statuses as "to be repeated" does not say that nothing was done.
fn is_taken_for_a_no(status: u16, class: Class) -> bool {
    let gave_up = status >= 400 && Class::of_status(status) == Class::Ambiguous;
    gave_up && class.asks_elsewhere()
}

/// Refuses a template that could take a failure for a success, or has no word for one.
fn judge(lint: &mut Lint<'_>, template: &template::Answer) {
    let proves = |id: &Option<template::Selector>| id.as_ref().is_some_and(template::Selector::is_said);
    if template.accepted.when.is_none() && !proves(&template.id) {
        lint.note(
            "answer.accepted.when",
            "is missing, and there is no answer.id that the carrier gives either: many carriers answer 2xx to what \
             they refuse, so say how a success is known from its body",
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
    if template.code.as_ref().is_some_and(|code| !code.is_said()) {
        lint.note(
            "answer.code",
            "is a text of ours: it is the same, whatever the carrier answers",
        );
    }
    let statuses = &template.accepted.status;
    if statuses.iter().any(|status| !(200..400).contains(status)) {
        lint.note("answer.accepted.status", "has one that is no success, 200 to 399");
    }
}
