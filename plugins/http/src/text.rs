//! Texts with placeholders: compiled once, filled in for each message. The language is that of the crate `minijinja`.

mod filters;
mod lookup;
mod scope;
mod surroundings;

pub(crate) use scope::{Place, Scope};
pub(crate) use surroundings::{Given, of_callback, of_message, of_nobody};

use crate::problem::Problem;
use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// Every text of one instance.
pub(crate) struct Texts {
    compiled: Environment<'static>,
    count: usize,
    /// Every name that one of them uses.
    used: BTreeSet<String>,
}

/// One of them.
pub(crate) struct Text {
    name: String,
    /// The whole text is one placeholder: its value keeps its type.
    typed: bool,
    /// Its value must not be shown.
    pub(crate) secret: bool,
}

/// A text's value could not be computed; the operator is told which text it was, never with what in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unfit;

/// Where a template's value ends up; a macro would hide it.
const VALUE: &str = "value";

/// An absent value inside a text makes the whole text absent.
const ABSENT: &str = "absent";

impl Texts {
    pub(crate) fn new() -> Self {
        let mut texts = Environment::new();
        texts.set_undefined_behavior(UndefinedBehavior::Strict);
        texts.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        texts.set_keep_trailing_newline(true);
        texts.set_formatter(|out, state, value| {
            if value.is_none() || value.is_undefined() {
                return Err(minijinja::Error::new(ErrorKind::InvalidOperation, ABSENT));
            }
            minijinja::escape_formatter(out, state, value)
        });
        filters::add(&mut texts);
        Self {
            compiled: texts,
            count: 0,
            used: BTreeSet::new(),
        }
    }

    /// Compiles a text; the problem says where in the template it stands.
    pub(crate) fn add(&mut self, key: &str, source: &str, scope: &Scope<'_>) -> Result<Text, Problem> {
        let name = format!("{}", self.count);
        self.count += 1;
        let only = sole_placeholder(source);
        let compiled = only.map_or_else(
            || source.to_owned(),
            |expression| format!("{{% set {VALUE} = {expression} %}}"),
        );
        self.compiled
            .add_template_owned(name.clone(), compiled)
            .map_err(|error| {
                let why = error.detail().unwrap_or("it cannot be read").to_owned();
                Problem::new(key, format!("is no text with placeholders: {why}"))
            })?;
        let used = self
            .compiled
            .get_template(&name)
            .map(|template| template.undeclared_variables(true))
            .unwrap_or_default();
        scope.check(key, &used)?;
        let secret = used.iter().any(|name| name.starts_with("secrets."));
        self.used.extend(used);
        Ok(Text {
            name,
            typed: only.is_some(),
            secret,
        })
    }

    /// Whether some text uses this name.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.used.contains(name)
    }

    /// The value with its type; `None` if it is absent.
    pub(crate) fn value(&self, text: &Text, with: &Value) -> Result<Option<Json>, Unfit> {
        let template = self.compiled.get_template(&text.name).map_err(|_| Unfit)?;
        if text.typed {
            let captured = template.render_captured(with).map_err(|_| Unfit)?;
            let value = captured.state().lookup(VALUE).unwrap_or(Value::UNDEFINED);
            if value.is_none() || value.is_undefined() {
                return Ok(None);
            }
            return serde_json::to_value(value).map(Some).map_err(|_| Unfit);
        }
        match template.render(with) {
            Ok(text) => Ok(Some(Json::String(text))),
            Err(error) if error.detail() == Some(ABSENT) => Ok(None),
            Err(_) => Err(Unfit),
        }
    }

    /// The value as a text; `None` if it is absent.
    pub(crate) fn text(&self, text: &Text, with: &Value) -> Result<Option<String>, Unfit> {
        Ok(self.value(text, with)?.and_then(plain))
    }
}

/// A value as it stands in a form or a header; lists and objects have no such form.
pub(crate) fn plain(value: Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(truth) => Some(truth.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// The expression of a text that is one placeholder and nothing else.
fn sole_placeholder(source: &str) -> Option<&str> {
    let inside = source.strip_prefix("{{")?.strip_suffix("}}")?;
    let alone = ["{{", "}}", "{%", "{#"].iter().all(|mark| !inside.contains(mark));
    alone.then_some(inside)
}

#[cfg(test)]
mod tests;
