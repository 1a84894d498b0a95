//! The carrier Acme.

#![forbid(unsafe_code)]

use aldis_carrier::{About, Carrier, Class, Instance, Message, Outcome, Request, Response, Secret};
use aldis_carrier::{SettingsError, Step, export_carrier};

/// What the operator sets in `[carriers.settings]`.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Where Acme is; for tests, usually.
    base_url: Option<String>,
    account: String,
    api_key: Secret,
}

struct Acme(Settings);

#[derive(Default, serde::Deserialize)]
struct Answer {
    id: Option<String>,
    error: Option<String>,
}

impl Carrier for Acme {
    type Settings = Settings;
    const ABOUT: About = About::new("acme", env!("CARGO_PKG_VERSION")).hosts(&["api.acme.example"]);

    fn new(settings: Settings, _: &Instance) -> Result<Self, SettingsError> {
        if settings.account.is_empty() {
            return Err(SettingsError::new("account", "must not be empty"));
        }
        Ok(Self(settings))
    }

    fn submit(&self, message: &Message<'_>) -> Step {
        let base = self.0.base_url.as_deref().unwrap_or("https://api.acme.example");
        let mut fields = vec![("to", message.to()), ("text", message.text())];
        fields.extend(message.from().map(|from| ("from", from)));
        fields.extend(message.callback_url().map(|url| ("callback", url)));
        Request::post_form(format!("{base}/v1/messages"), fields)
            .basic_auth(&self.0.account, self.0.api_key.expose())
            .into()
    }

    fn on_response(&self, _: &Message<'_>, response: &Response<'_>) -> Step {
        let answer: Answer = response.json().unwrap_or_default();
        match (answer.id, answer.error.as_deref()) {
            (Some(id), _) if response.is_success() => Outcome::accepted([id]),
            (_, Some(code @ "bad_number")) => Outcome::refused(Class::InvalidNumber, code),
            (_, Some(code @ "opted_out")) => Outcome::refused(Class::OptedOut, code),
            (_, Some(code @ "bad_sender")) => Outcome::refused(Class::SenderNotAllowed, code),
            (_, Some(code @ "spam")) => Outcome::refused(Class::Blocked, code),
            _ => response.fallback(),
        }
        .into()
    }
}

export_carrier!(Acme);

#[cfg(test)]
mod tests {
    use super::*;
    use aldis_carrier::serde_json::json;
    use aldis_carrier::testing::{Answer, Bench, TestMessage};

    #[test]
    fn a_message_is_sent() {
        let acme = Bench::<Acme>::new(&json!({ "account": "me" }), &[("api_key", "k3y")]).unwrap();
        let message = TestMessage::new("+12025550100", "Your code is 173205");

        let answer = Answer::json(201, &json!({ "id": "m-1" }));
        let sent = acme.attempt(&message, [answer]).unwrap();
        assert_eq!(sent.requests[0].url, "https://api.acme.example/v1/messages");
        assert_eq!(sent.outcome.carrier_ids, ["m-1"]);

        let lost = acme.attempt(&message, [Answer::lost()]).unwrap();
        assert_eq!(lost.outcome.class, Class::Ambiguous);
    }
}
