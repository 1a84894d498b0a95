//! A carrier as somebody outside the workspace writes it, from `crates/carrier/README.md` alone.

#![forbid(unsafe_code)]

use aldis_carrier::{About, Carrier, Class, Instance, Message, Outcome, Request, Response, SettingsError, Step};

/// What the operator sets.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    base_url: String,
}

/// The carrier.
pub struct Stranger(Settings);

impl Carrier for Stranger {
    type Settings = Settings;
    const ABOUT: About = About::new("stranger", env!("CARGO_PKG_VERSION"));

    fn new(settings: Settings, _: &Instance) -> Result<Self, SettingsError> {
        Ok(Self(settings))
    }

    fn submit(&self, message: &Message<'_>) -> Step {
        let body = serde_json::json!({
            "id": message.id(),
            "to": message.to(),
            "from": message.from(),
            "text": message.text(),
            "segments": message.segments(),
            "encoding": "gsm7",
            "attempt": message.attempt(),
        });
        Request::post_json(format!("{}/messages", self.0.base_url), &body).into()
    }

    fn on_response(&self, _: &Message<'_>, response: &Response<'_>) -> Step {
        #[derive(serde::Deserialize)]
        struct Answer {
            id: Option<String>,
            error: Option<String>,
        }
        match response.json() {
            Some(Answer { id: Some(id), .. }) if response.is_success() => Outcome::accepted([id]),
            Some(Answer { error: Some(code), .. }) if code == "invalid_number" => {
                Outcome::refused(Class::InvalidNumber, code)
            }
            _ => response.fallback(),
        }
        .into()
    }
}

aldis_carrier::export_carrier!(Stranger);
