//! What the operator sets, and the API it makes.

use crate::lint::Lint;
use crate::preset::{self, Preset};
use crate::problem::{Problem, as_error};
use crate::receipt::Reading;
use crate::submit::{Meaning, Order};
use crate::template::Template;
use crate::text::{Given, Texts};
use aldis_carrier::{Secret, SettingsError};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use url::Url;

/// `[carriers.settings]`. No `Debug`: it would show values.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A template that is made already.
    preset: Option<preset::Name>,
    /// A template, or what differs from that of the preset.
    #[serde(default)]
    template: Patch,
    /// Keys of the preset's template that shall not be there: `request.form.validity`.
    #[serde(default)]
    remove: Vec<String>,
    /// Where the API is; plain http on loopback only. The request's URL begins with it.
    base_url: Option<String>,
    /// The sender of messages that name none.
    sender: Option<String>,
    /// What the template calls `{{ values.NAME }}`.
    #[serde(default)]
    values: BTreeMap<String, Value>,
    /// What the template calls `{{ secrets.NAME }}`.
    #[serde(default)]
    secrets: BTreeMap<String, Secret>,
    /// Asks for receipts, and believes those that come; true if not said.
    receipts: Option<bool>,
}

/// A [`Template`], whole or in parts.
#[derive(Default, Deserialize)]
#[serde(transparent)]
struct Patch(Value);

impl JsonSchema for Patch {
    fn schema_name() -> Cow<'static, str> {
        Template::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Template::json_schema(generator)
    }
}

/// A carrier's API, as far as a template tells it.
pub(crate) struct Api {
    pub(crate) given: Given,
    pub(crate) texts: Texts,
    pub(crate) order: Order,
    pub(crate) meaning: Meaning,
    pub(crate) reading: Option<Reading>,
    /// The warnings about settings that are allowed and unwise.
    pub(crate) advice: Vec<String>,
}

impl Api {
    pub(crate) fn new(settings: Settings) -> Result<Self, SettingsError> {
        let preset = match settings.preset {
            Some(name) => name.read()?,
            None => Preset {
                base_url: None,
                wanted: BTreeMap::new(),
                template: json!({}),
            },
        };
        let template = laid(preset.template, settings.template, &settings.remove)?;
        let base_url = base_url(settings.base_url.or(preset.base_url))?;
        let given = Given {
            base_url,
            sender: settings.sender,
            values: settings.values,
            secrets: settings.secrets,
            receipts: settings.receipts.unwrap_or(true),
        };
        let template = read(template)?;
        let mut lint = Lint::new(&given, &preset.wanted);
        let order = template.request.as_ref();
        let order = order.and_then(|request| Order::new(&mut lint, request));
        let meaning = template.answer.as_ref();
        let idempotent = template
            .request
            .as_ref()
            .is_some_and(|request| request.idempotent);
        let meaning = meaning.map(|answer| Meaning::new(&mut lint, answer, idempotent));
        let receipt = template.receipt.as_ref().filter(|_| given.receipts);
        let reading = receipt.and_then(|receipt| Reading::new(&mut lint, receipt));
        for (part, whole) in [
            ("request", template.request.is_some()),
            ("answer", template.answer.is_some()),
        ] {
            if !whole {
                lint.note(part, "is missing, and there is no preset either");
            }
        }
        if template.receipt.is_none() && given.receipts && lint.texts.names("callback_url") {
            lint.note(
                "receipt",
                "is missing, though the request asks for receipts; say how they are read, or set receipts = false",
            );
        }
        // What only receipts would need may stay while they are off.
        if given.receipts || template.receipt.is_none() {
            unused(&mut lint);
        }
        let Lint {
            texts,
            problems,
            advice,
            ..
        } = lint;
        as_error(problems)?;
        match (order, meaning) {
            (Some(order), Some(meaning)) => Ok(Self {
                given,
                texts,
                order,
                meaning,
                reading,
                advice,
            }),
            _ => Err(SettingsError::new("template", "is not whole")),
        }
    }
}

/// The preset's template without some keys, and the operator's over it.
fn laid(mut template: Value, patch: Patch, remove: &[String]) -> Result<Value, SettingsError> {
    for key in remove {
        if !preset::remove(key, &mut template) {
            return Err(SettingsError::new(
                "remove",
                format!("{key} is no key of the preset"),
            ));
        }
    }
    let Patch(patch) = patch;
    if !patch.is_null() {
        preset::lay(patch, &mut template);
    }
    Ok(template)
}

fn base_url(given: Option<String>) -> Result<String, SettingsError> {
    let wrong = |reason: &str| SettingsError::new("base_url", reason);
    let given = given.ok_or_else(|| wrong("is missing: where is the API?"))?;
    let plain = |url: Url| {
        let more = url.query().is_some() || url.fragment().is_some();
        url.has_host() && !more && url.username().is_empty() && url.password().is_none()
    };
    if !Url::parse(&given).is_ok_and(plain) {
        return Err(wrong(
            "is no address to go on from: https://, a host, and perhaps a path",
        ));
    }
    Ok(given.trim_end_matches('/').to_owned())
}

fn read(template: Value) -> Result<Template, SettingsError> {
    serde_path_to_error::deserialize(template).map_err(|error| {
        let path = error.path().to_string();
        SettingsError::new(format!("template.{path}"), error.inner().to_string())
    })
}

/// What is given and not used is a typing mistake, or a secret that lies about.
fn unused(lint: &mut Lint<'_>) {
    let values = lint.given.values.keys().map(|name| format!("values.{name}"));
    let secrets = lint.given.secrets.keys().map(|name| format!("secrets.{name}"));
    let unused: BTreeSet<_> = values
        .chain(secrets)
        .filter(|name| !lint.texts.names(name))
        .collect();
    // What is wrong already may be why it looks unused.
    if lint.problems.is_empty() {
        for name in unused {
            let problem = Problem::setting(&name, "is set, but the template does not use it");
            lint.problems.push(problem);
        }
    }
}

#[cfg(test)]
mod tests;
