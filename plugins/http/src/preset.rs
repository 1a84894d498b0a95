//! Templates that are made already: the files of `presets/`.

use aldis_carrier::SettingsError;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The carriers that need no template of the operator's own.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(crate) enum Name {
    /// Azure Communication Services.
    #[serde(rename = "azure")]
    Azure,
    /// `ClickSend`.
    #[serde(rename = "clicksend")]
    ClickSend,
    /// 46elks.
    #[serde(rename = "46elks")]
    FortySixElks,
    /// A Kannel gateway's `sendsms`.
    #[serde(rename = "kannel")]
    Kannel,
    /// A Jasmin gateway's `/send`.
    #[serde(rename = "jasmin")]
    Jasmin,
}

/// One file of `presets/`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Preset {
    /// If all customers have the same.
    pub(crate) base_url: Option<String>,
    /// What the operator must give, and why: `values.NAME`, `secrets.NAME`.
    pub(crate) wanted: BTreeMap<String, String>,
    /// A [`crate::template::Template`].
    pub(crate) template: Value,
}

/// The hosts of those presets that have one.
pub(crate) const HOSTS: &[&str] = &["rest.clicksend.com", "api.46elks.com"];

impl Name {
    fn text(self) -> &'static str {
        match self {
            Self::Azure => include_str!("../presets/azure.toml"),
            Self::ClickSend => include_str!("../presets/clicksend.toml"),
            Self::FortySixElks => include_str!("../presets/46elks.toml"),
            Self::Kannel => include_str!("../presets/kannel.toml"),
            Self::Jasmin => include_str!("../presets/jasmin.toml"),
        }
    }

    pub(crate) fn read(self) -> Result<Preset, SettingsError> {
        toml::from_str(self.text()).map_err(|error| SettingsError::new("preset", error.message().to_owned()))
    }
}

/// The tables of a template that are laid over each other. Any other is one thing (a way to sign, a place to look, a
/// condition), and half of one with half of another would be none.
const LAID: &[&str] = &[
    "",
    "request",
    "request.query",
    "request.headers",
    "request.form",
    "request.json",
    "answer",
    "answer.accepted",
    "answer.codes",
    "answer.statuses",
    "receipt",
    "receipt.codes",
    "receipt.states",
];

/// Lays a template over another: what is said twice is said as in `over`.
pub(crate) fn lay(over: Value, under: &mut Value) {
    // A body is one of the two.
    for (new, old) in [("form", "json"), ("json", "form")] {
        if over.pointer(&format!("/request/{new}")).is_some()
            && let Some(request) = under.get_mut("request").and_then(Value::as_object_mut)
        {
            request.remove(old);
        }
    }
    lay_at("", over, under);
}

fn lay_at(key: &str, over: Value, under: &mut Value) {
    let is_laid = LAID.contains(&key) || key.starts_with("request.json.");
    match (over, under) {
        (Value::Object(over), Value::Object(under)) if is_laid => {
            for (name, value) in over {
                let below = format!("{key}.{name}");
                let below = below.trim_start_matches('.').to_owned();
                lay_at(&below, value, under.entry(name).or_insert(Value::Null));
            }
        }
        (over, under) => *under = over,
    }
}

/// Takes out what a dotted key names; false if there is nothing.
pub(crate) fn remove(key: &str, from: &mut Value) -> bool {
    let Some(table) = from.as_object_mut() else {
        return false;
    };
    if table.remove(key).is_some() {
        return true;
    }
    // A name may have dots itself.
    table.iter_mut().any(|(name, below)| {
        let rest = key
            .strip_prefix(name.as_str())
            .and_then(|rest| rest.strip_prefix('.'));
        rest.is_some_and(|rest| remove(rest, below))
    })
}

#[cfg(test)]
mod tests;
