//! What a call-back is answered.

use crate::lint::Lint;
use crate::template;
use crate::text::{Place, Text, Texts, plain};
use aldis_carrier::Reply;
use minijinja::Value;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// What to answer.
pub(super) struct Answer {
    status: u16,
    body: Body,
}

enum Body {
    Text(Option<Text>),
    Json(Map<String, Json>, BTreeMap<String, Text>),
}

impl Answer {
    pub(super) fn new(lint: &mut Lint<'_>, key: &str, template: &template::Reply) -> Option<Self> {
        let body = match (&template.text, &template.json) {
            (Some(_), Some(_)) => {
                lint.note(key, "has a text or json, not both");
                return None;
            }
            (Some(source), None) => Body::Text(Some(lint.text(
                &format!("{key}.text"),
                source,
                Place::Callback,
            )?)),
            (None, None) => Body::Text(None),
            (None, Some(Json::Object(members))) => {
                let texts = members.iter().filter_map(|(name, value)| {
                    let text = lint.text(&format!("{key}.json.{name}"), value.as_str()?, Place::Callback)?;
                    Some((name.clone(), text))
                });
                let texts = texts.collect();
                Body::Json(members.clone(), texts)
            }
            (None, Some(_)) => {
                lint.note(&format!("{key}.json"), "is an object");
                return None;
            }
        };
        let status = template.status.unwrap_or(200);
        if !(200..300).contains(&status) {
            lint.note(
                &format!("{key}.status"),
                "is 200 to 299: anything else asks the carrier to call again",
            );
        }
        Some(Self { status, body })
    }

    pub(super) fn write(&self, texts: &Texts, with: &Value) -> Reply {
        match &self.body {
            Body::Text(text) => {
                let text = text
                    .as_ref()
                    .and_then(|text| texts.text(text, with).ok().flatten());
                Reply::new(self.status, "text/plain", text.unwrap_or_default())
            }
            Body::Json(members, filled) => {
                let mut members = members.clone();
                for (name, text) in filled {
                    let value = texts.value(text, with).ok().flatten().unwrap_or_default();
                    members.insert(name.clone(), plain(value).map_or(Json::Null, Json::String));
                }
                Reply::new(self.status, "application/json", Json::Object(members).to_string())
            }
        }
    }
}
