//! Finds a value in what a carrier says: in its answers and in its call-backs. Pure.

mod body;

pub(crate) use body::Body;

use crate::lint::Lint;
use crate::template::{Condition, Selector};
use crate::text::{Place, Text, Texts, plain};
use minijinja::Value;
use regex::Regex;
use serde_json::Value as Json;
use serde_json_path::JsonPath;

/// A selector, ready.
pub(crate) enum Find {
    Json(JsonPath),
    Header(String),
    Regex(Regex),
    Query(String),
    Form(String),
    Text(Text),
    Part(Box<Find>, Regex),
    FirstOf(Vec<Find>),
}

/// What a carrier said, in whichever way.
pub(crate) struct Said<'a> {
    pub(crate) body: &'a Body<'a>,
    /// The receipt at which `json` selectors begin, where the body has several.
    pub(crate) one: Option<&'a Json>,
    pub(crate) header: &'a dyn Fn(&str) -> Option<String>,
    pub(crate) query: &'a [(String, String)],
    /// What the texts may name.
    pub(crate) with: &'a Value,
}

impl Find {
    pub(crate) fn new(lint: &mut Lint<'_>, key: &str, selector: &Selector, place: Place) -> Option<Self> {
        let of_answer = place == Place::Message;
        match selector {
            Selector::Json(path) => json_path(lint, key, path).map(Self::Json),
            Selector::Header(name) => Some(Self::Header(name.to_ascii_lowercase())),
            Selector::Regex(pattern) => regex(lint, key, pattern).map(Self::Regex),
            Selector::Query(_) | Selector::Form(_) if of_answer => {
                lint.note(key, "query and form are fields of call-backs; an answer has none");
                None
            }
            Selector::Query(name) => Some(Self::Query(name.clone())),
            Selector::Form(name) => Some(Self::Form(name.clone())),
            Selector::Text(source) => lint.text(key, source, place).map(Self::Text),
            Selector::Part(part) => {
                let of = Self::new(lint, &format!("{key}.part.of"), &part.of, place);
                let pattern = regex(lint, &format!("{key}.part.regex"), &part.regex);
                Some(Self::Part(Box::new(of?), pattern?))
            }
            Selector::FirstOf(selectors) => {
                if selectors.is_empty() {
                    lint.note(key, "names nothing: first of what?");
                }
                let finds = selectors.iter().enumerate();
                let finds = finds
                    .filter_map(|(at, selector)| Self::new(lint, &format!("{key}.{at}"), selector, place));
                Some(Self::FirstOf(finds.collect()))
            }
        }
    }

    /// Returns whether it looks into the body.
    pub(crate) fn reads_body(&self) -> bool {
        match self {
            Self::Json(_) | Self::Regex(_) | Self::Form(_) => true,
            Self::Header(_) | Self::Query(_) | Self::Text(_) => false,
            Self::Part(of, _) => of.reads_body(),
            Self::FirstOf(finds) => finds.iter().any(Self::reads_body),
        }
    }

    /// Every value that is there, in order, without blanks around it.
    pub(crate) fn all(&self, texts: &Texts, said: &Said<'_>) -> Vec<String> {
        match self {
            Self::Json(path) => {
                let json = said.one.or_else(|| said.body.json());
                let nodes = json.map(|json| path.query(json).all()).unwrap_or_default();
                nodes.into_iter().cloned().filter_map(plain).collect()
            }
            Self::Header(name) => (said.header)(name).into_iter().collect(),
            Self::Regex(pattern) => groups(pattern, said.body.text()),
            Self::Query(name) => fields(said.query, name),
            Self::Form(name) => fields(said.body.form(), name),
            Self::Text(text) => texts.text(text, said.with).ok().flatten().into_iter().collect(),
            Self::Part(of, pattern) => {
                let whole = of.all(texts, said).into_iter();
                whole.flat_map(|whole| groups(pattern, &whole)).collect()
            }
            Self::FirstOf(finds) => {
                let found = finds.iter().map(|find| find.all(texts, said));
                found
                    .into_iter()
                    .find(|found| !found.is_empty())
                    .unwrap_or_default()
            }
        }
        .into_iter()
        .map(|value: String| value.trim().to_owned())
        .filter(|value| !value.is_empty())
        .collect()
    }

    pub(crate) fn first(&self, texts: &Texts, said: &Said<'_>) -> Option<String> {
        self.all(texts, said).into_iter().next()
    }
}

/// The first group of each match, or all of it.
fn groups(pattern: &Regex, text: &str) -> Vec<String> {
    let found = pattern.captures_iter(text);
    let found = found.filter_map(|found| found.get(1).or_else(|| found.get(0)));
    found.map(|found| found.as_str().to_owned()).collect()
}

fn fields(fields: &[(String, String)], name: &str) -> Vec<String> {
    let named = fields.iter().filter(|(key, _)| key == name);
    named.map(|(_, value)| value.clone()).collect()
}

pub(crate) fn json_path(lint: &mut Lint<'_>, key: &str, path: &str) -> Option<JsonPath> {
    JsonPath::parse(path)
        .map_err(|error| lint.note(key, format!("is no JSONPath (RFC 9535): {}", error.message())))
        .ok()
}

fn regex(lint: &mut Lint<'_>, key: &str, pattern: &str) -> Option<Regex> {
    Regex::new(pattern)
        .map_err(|error| {
            let error = error.to_string();
            let why = error
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ");
            lint.note(key, format!("is no regular expression: {why}"));
        })
        .ok()
}

/// A condition, ready.
pub(crate) struct Check {
    at: Find,
    is: Vec<String>,
    matches: Option<Regex>,
}

/// How many of the values are as they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// All of them, and there is one.
    All,
    /// Some are and some are not.
    Some,
    /// None, or there is nothing.
    None,
}

impl Check {
    pub(crate) fn new(lint: &mut Lint<'_>, key: &str, condition: &Condition, place: Place) -> Option<Self> {
        if condition.is.is_empty() == condition.matches.is_none() {
            lint.note(key, "has exactly one of is and matches");
        }
        if !condition.at.is_said() {
            lint.note(
                &format!("{key}.at"),
                "is a text of ours: it says nothing about the carrier",
            );
        }
        let matches = condition.matches.as_ref();
        let matches = matches.and_then(|pattern| regex(lint, &format!("{key}.matches"), pattern));
        let is = condition.is.iter().cloned();
        let is = is.filter_map(|value| {
            let value = plain(value).filter(|value| !value.is_empty() && value.trim() == value);
            if value.is_none() {
                lint.note(
                    &format!("{key}.is"),
                    "has an entry that can never match: it is empty, has blanks around it, or is no single value",
                );
            }
            value
        });
        let is = is.collect();
        Some(Self {
            at: Find::new(lint, &format!("{key}.at"), &condition.at, place)?,
            is,
            matches,
        })
    }

    pub(crate) fn fit(&self, texts: &Texts, said: &Said<'_>) -> Fit {
        let found = self.at.all(texts, said);
        let fits = |value: &&String| {
            let matches = self.matches.as_ref();
            self.is.contains(value) || matches.is_some_and(|pattern| pattern.is_match(value))
        };
        match found.iter().filter(fits).count() {
            0 => Fit::None,
            some if some < found.len() => Fit::Some,
            _ => Fit::All,
        }
    }

    /// True if there is something and all of it is as it should be: one part of several that failed is a failure.
    pub(crate) fn holds(&self, texts: &Texts, said: &Said<'_>) -> bool {
        self.fit(texts, said) == Fit::All
    }
}
