//! Reads a template's parts and gathers everything that is wrong with them, so that one look mends all.

use crate::problem::Problem;
use crate::text::{Given, Place, Scope, Text, Texts};
use std::collections::BTreeMap;

/// Under way through a template.
pub(crate) struct Lint<'a> {
    pub(crate) given: &'a Given,
    /// What the preset says about the values and secrets it needs, by `values.NAME` and `secrets.NAME`.
    pub(crate) wanted: &'a BTreeMap<String, String>,
    pub(crate) texts: Texts,
    pub(crate) problems: Vec<Problem>,
    /// The settings that are allowed and unwise.
    pub(crate) advice: Vec<String>,
}

impl<'a> Lint<'a> {
    pub(crate) fn new(given: &'a Given, wanted: &'a BTreeMap<String, String>) -> Self {
        Self {
            given,
            wanted,
            texts: Texts::new(),
            problems: Vec::new(),
            advice: Vec::new(),
        }
    }

    /// `None` is a problem that is noted.
    pub(crate) fn text(&mut self, key: &str, source: &str, place: Place) -> Option<Text> {
        let scope = Scope {
            place,
            given: self.given,
            wanted: self.wanted,
        };
        let added = self.texts.add(key, source, &scope);
        self.take(added)
    }

    /// A text that must have a secret in it.
    pub(crate) fn secret(&mut self, key: &str, source: &str, place: Place) -> Option<Text> {
        let text = self.text(key, source, place)?;
        if !text.secret {
            self.note(
                key,
                "is in the clear: put what nobody may know into secrets, and write {{ secrets.NAME }}",
            );
        }
        Some(text)
    }

    /// Keeps what is right, notes what is wrong.
    pub(crate) fn take<T>(&mut self, result: Result<T, Problem>) -> Option<T> {
        result.map_err(|problem| self.problems.push(problem)).ok()
    }

    /// Notes what is allowed and unwise.
    pub(crate) fn advise(&mut self, key: &str, reason: &str) {
        self.advice.push(format!("template.{key}: {reason}"));
    }

    pub(crate) fn note(&mut self, key: &str, reason: impl Into<String>) {
        self.problems.push(Problem::new(key, reason));
    }
}
