//! Any carrier with an HTTP API, by a template: what the request looks like, what an answer means, what a receipt says.

#![forbid(unsafe_code)]

mod config;
mod find;
mod lint;
mod moment;
mod preset;
mod problem;
mod receipt;
mod signing;
mod submit;
mod table;
mod template;
mod text;
mod words;

use aldis_carrier::{
    About, Carrier, Class, Instance, Message, Outcome, Response, SettingsError, Step, Webhook,
    WebhookRequest, export_carrier,
};

/// A carrier that a template describes.
pub struct Http(config::Api);

impl Carrier for Http {
    type Settings = config::Settings;
    const ABOUT: About = About::new("http", env!("CARGO_PKG_VERSION"))
        .hosts(preset::HOSTS)
        .with_webhook();

    fn new(settings: Self::Settings, _: &Instance) -> Result<Self, SettingsError> {
        config::Api::new(settings).map(Self)
    }

    fn warnings(&self) -> Vec<String> {
        self.0.advice.clone()
    }

    fn submit(&self, message: &Message<'_>) -> Step {
        let Self(api) = self;
        match api.order.fill(&api.texts, &text::of_message(message, &api.given)) {
            Ok(request) => request.into(),
            Err(text::Unfit(key)) => Outcome::refused(Class::BadRequest, "template")
                .with_detail(format!("template.{key} cannot be filled in for this message"))
                .into(),
        }
    }

    fn on_response(&self, message: &Message<'_>, response: &Response<'_>) -> Step {
        let Self(api) = self;
        let with = text::of_message(message, &api.given);
        api.meaning.outcome(&api.texts, response, &with).into()
    }

    fn webhook(&self, request: &WebhookRequest<'_>) -> Webhook {
        let Self(api) = self;
        match &api.reading {
            Some(reading) => reading.read(&api.texts, &api.given, request),
            None => Webhook::Rejected,
        }
    }
}

export_carrier!(Http);
