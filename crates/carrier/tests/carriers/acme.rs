//! A carrier with everything the kit offers, for the tests; scripted by the message's text.

#![allow(clippy::panic, reason = "a carrier that panics is what some tests are about")]

use aldis_carrier::{
    About, Carrier, Class, Event, Instance, Message, Outcome, ReceiptState, Reply, Request, Response, Secret,
    SettingsError, Step, Webhook, WebhookRequest,
};
use std::time::Duration;

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) base_url: Option<String>,
    pub(crate) api_key: Secret,
    #[serde(default)]
    pub(crate) accounts: Vec<Account>,
    #[serde(default)]
    pub(crate) region: Region,
    pub(crate) limit: Option<u8>,
    #[serde(default, deserialize_with = "short")]
    pub(crate) tag: String,
}

/// Complains as an author may who does not think of secrets.
fn short<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text: String = serde::Deserialize::deserialize(from)?;
    match text.len() {
        0..=4 => Ok(text),
        5..=99 => Err(serde::de::Error::custom(format!("{text:?} is too long"))),
        _ => Err(serde::de::Error::custom("has more than 4 letters")),
    }
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) token: Option<Secret>,
}

#[derive(Clone, Copy, Debug, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Region {
    #[default]
    Eu,
    Us,
}

pub(crate) struct Acme {
    settings: Settings,
    name: String,
}

impl Carrier for Acme {
    type Settings = Settings;
    const ABOUT: About = About::new("acme", "1.2.3")
        .hosts(&["api.acme.example"])
        .with_webhook()
        .idempotent()
        .max_segments(10);

    fn new(settings: Settings, instance: &Instance) -> Result<Self, SettingsError> {
        if settings.api_key.expose().len() < 3 {
            return Err(SettingsError::new("api_key", "is too short"));
        }
        assert!(
            settings.api_key.expose() != "explode",
            "exploding with {}",
            settings.api_key.expose()
        );
        let name = instance.name.clone();
        Ok(Self { settings, name })
    }

    fn submit(&self, message: &Message<'_>) -> Step {
        let base = self
            .settings
            .base_url
            .as_deref()
            .unwrap_or("https://api.acme.example");
        let request = Request::post_form(
            format!("{base}/sms"),
            [("to", message.to()), ("text", message.text())],
        )
        .bearer(self.settings.api_key.expose())
        .header("x-instance", &self.name)
        .header("x-region", format!("{:?}", self.settings.region))
        .header("x-limit", self.settings.limit.unwrap_or_default().to_string())
        .header("x-tag", &self.settings.tag)
        .timeout(Duration::from_secs(7))
        .idempotent()
        .state("first");
        let request = self.settings.accounts.iter().fold(request, |request, account| {
            request.secret_header(&account.name, account.token.as_ref().map_or("", Secret::expose))
        });
        match message.text() {
            "wait" if message.attempt() == 1 => Step::Wait(Duration::from_millis(250)),
            "panic" => panic!("cannot send {} to {}", message.text(), message.to()),
            "refuse" => Outcome::refused(Class::Unsupported, "no").into(),
            "long state" => request.state(vec![0; 5000]).into(),
            "fault" => Outcome::refused(Class::PluginFault, "mine").into(),
            _ => request.into(),
        }
    }

    fn on_response(&self, message: &Message<'_>, response: &Response<'_>) -> Step {
        let again = |state: String| Step::Send(Request::get("https://api.acme.example/next").state(state));
        match (message.text(), response.step()) {
            ("panic later", _) => panic!("cannot read {}", response.text().unwrap_or_default()),
            ("for ever", step) => again(step.to_string()),
            ("two steps", 1) => again(format!("after {}", String::from_utf8_lossy(response.state()))),
            ("two steps", _) => Outcome::accepted([String::from_utf8_lossy(response.state())]).into(),
            _ => match response
                .text()
                .filter(|id| response.is_success() && !id.is_empty())
            {
                Some(id) => Outcome::accepted([id]).segments(2).into(),
                None => response.fallback().into(),
            },
        }
    }

    fn webhook(&self, request: &WebhookRequest<'_>) -> Webhook {
        match request.header("X-Acme-Key") {
            None => return Webhook::Unverified,
            Some(key) if key != self.settings.api_key.expose() => return Webhook::Rejected,
            Some(_) => {}
        }
        let form = request.form();
        let field = |name: &str| {
            form.iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
                .unwrap_or_default()
        };
        let event = match field("kind").as_str() {
            "panic" => panic!("cannot read {}", field("text")),
            "inbound" => Event::inbound(field("from"), field("to"), field("text")),
            "stop" => Event::opted_out(field("from"), field("to")),
            _ => Event::receipt(field("id"), ReceiptState::Undelivered)
                .because(Class::InvalidNumber, "30003")
                .at_unix_ms(request.now_unix_ms()),
        };
        Webhook::verified([event]).with_reply(Reply::new(202, "text/plain", "thanks"))
    }
}
