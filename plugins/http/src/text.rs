//! Texts with placeholders: compiled once, filled in for each message. The language is that of the crate `minijinja`.

mod address;
mod filters;
mod lookup;
mod scope;
mod surroundings;

pub(crate) use scope::{Place, Scope};
pub(crate) use surroundings::{Given, of_callback, of_message, of_nobody};

use address::Shape;

use crate::problem::Problem;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value};
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
    key: String,
    form: Form,
    used: BTreeSet<String>,
    /// Its value must not be shown.
    pub(crate) secret: bool,
}

/// How it is filled in; with the names of what is compiled.
enum Form {
    /// The whole text is one placeholder: its value keeps its type.
    Value(String),
    Words(String),
    /// An address, and what is put into it, encoded. Without a beginning it is all in the second.
    Address(Option<String>, String),
}

/// A text's value could not be computed; the operator is told which text it was, never with what in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unfit(pub(crate) String);

impl Text {
    /// Whether it uses this name.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.used.contains(name)
    }

    /// It, or what it became, has no place where it stands.
    pub(crate) fn unfit(&self) -> Unfit {
        Unfit(self.key.clone())
    }
}

/// Where a template's value ends up; a macro would hide it.
const VALUE: &str = "value";

/// An absent value inside a text makes the whole text absent.
const ABSENT: &str = "absent";

impl Texts {
    pub(crate) fn new() -> Self {
        let mut texts = Environment::new();
        texts.set_undefined_behavior(UndefinedBehavior::Strict);
        texts.set_auto_escape_callback(|name| {
            if is_in_address(name) {
                AutoEscape::Custom("percent")
            } else {
                AutoEscape::None
            }
        });
        texts.set_keep_trailing_newline(true);
        texts.set_formatter(|out, state, value| {
            if value.is_none() || value.is_undefined() {
                return Err(minijinja::Error::new(ErrorKind::InvalidOperation, ABSENT));
            }
            let text = value.to_string();
            // What is safe has been encoded on its way here.
            let encode = is_in_address(state.name()) && !value.is_safe();
            let text = if encode { address::encode(&text) } else { text };
            out.write_str(&text).map_err(minijinja::Error::from)
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
        let shape = Shape::of(source, scope.place).map_err(|why| Problem::new(key, why))?;
        let mut used = BTreeSet::new();
        let form = match shape {
            Shape::Value(expression) => Form::Value(self.compile_value(key, expression, &mut used)?),
            Shape::Words => Form::Words(self.compile(key, "", source, &mut used)?),
            Shape::Address { beginning, rest } => {
                let beginning = beginning.map(|expression| self.compile_value(key, expression, &mut used));
                Form::Address(
                    beginning.transpose()?,
                    self.compile(key, IN_ADDRESS, rest, &mut used)?,
                )
            }
        };
        scope.check(key, &used)?;
        address::check(&form, source, &used, scope.place).map_err(|why| Problem::new(key, why))?;
        self.used.extend(used.iter().cloned());
        Ok(Text {
            key: key.to_owned(),
            form,
            secret: used.iter().any(|name| name.starts_with("secrets.")),
            used,
        })
    }

    fn compile_value(
        &mut self,
        key: &str,
        expression: &str,
        used: &mut BTreeSet<String>,
    ) -> Result<String, Problem> {
        self.compile(key, "", &format!("{{% set {VALUE} = {expression} %}}"), used)
    }

    fn compile(
        &mut self,
        key: &str,
        kind: &str,
        source: &str,
        used: &mut BTreeSet<String>,
    ) -> Result<String, Problem> {
        let name = format!("{kind}{}", self.count);
        self.count += 1;
        self.compiled
            .add_template_owned(name.clone(), source.to_owned())
            .map_err(|error| {
                let why = error.detail().unwrap_or("it cannot be read").to_owned();
                Problem::new(key, format!("is no text with placeholders: {why}"))
            })?;
        if let Ok(template) = self.compiled.get_template(&name) {
            used.extend(template.undeclared_variables(true));
        }
        Ok(name)
    }

    /// Whether some text uses this name.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.used.contains(name)
    }

    /// The value with its type; `None` if it is absent.
    pub(crate) fn value(&self, text: &Text, with: &Value) -> Result<Option<Json>, Unfit> {
        let filled = match &text.form {
            Form::Value(name) => self.typed(name, with),
            Form::Words(name) => self.words(name, with),
            Form::Address(beginning, rest) => self.address(beginning.as_deref(), rest, with),
        };
        filled.map_err(|Failed| text.unfit())
    }

    fn typed(&self, name: &str, with: &Value) -> Result<Option<Json>, Failed> {
        let template = self.compiled.get_template(name).map_err(|_| Failed)?;
        let captured = template.render_captured(with).map_err(|_| Failed)?;
        let value = captured.state().lookup(VALUE).unwrap_or(Value::UNDEFINED);
        if value.is_none() || value.is_undefined() {
            return Ok(None);
        }
        serde_json::to_value(value).map(Some).map_err(|_| Failed)
    }

    fn words(&self, name: &str, with: &Value) -> Result<Option<Json>, Failed> {
        let template = self.compiled.get_template(name).map_err(|_| Failed)?;
        match template.render(with) {
            Ok(text) => Ok(Some(Json::String(text))),
            Err(error) if error.detail() == Some(ABSENT) => Ok(None),
            Err(_) => Err(Failed),
        }
    }

    fn address(&self, beginning: Option<&str>, rest: &str, with: &Value) -> Result<Option<Json>, Failed> {
        let beginning = match beginning {
            Some(name) => self.typed(name, with)?.map(plain),
            None => Some(Some(String::new())),
        };
        let Some(beginning) = beginning else {
            return Ok(None);
        };
        let Some(rest) = self.words(rest, with)? else {
            return Ok(None);
        };
        let (beginning, rest) = (beginning.ok_or(Failed)?, plain(rest).ok_or(Failed)?);
        if address::climbs(&rest) {
            return Err(Failed);
        }
        Ok(Some(Json::String(beginning + &rest)))
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

/// In no context a value: it cannot be computed, or has no place where it stands.
struct Failed;

/// Begins the names of what is put into addresses.
const IN_ADDRESS: &str = "address ";

fn is_in_address(name: &str) -> bool {
    name.starts_with(IN_ADDRESS)
}

#[cfg(test)]
mod tests;
