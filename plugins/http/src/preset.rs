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

/// Lays one over the other: what is said twice is said as in `over` (RFC 7396, without its `null`).
pub(crate) fn lay(over: Value, under: &mut Value) {
    match (over, under) {
        (Value::Object(over), Value::Object(under)) => {
            for (name, value) in over {
                lay(value, under.entry(name).or_insert(Value::Null));
            }
        }
        (over, under) => *under = over,
    }
}

#[cfg(test)]
mod tests;
