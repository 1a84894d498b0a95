//! Twilio Programmable Messaging: the Messages API, its error codes, its signed receipts.

#![forbid(unsafe_code)]

mod codes;
mod config;
mod receipt;
mod submit;

use aldis_carrier::{
    About, Carrier, Instance, Message, Response, SettingsError, Step, Webhook, WebhookRequest, export_carrier,
};

/// The Twilio carrier.
pub struct Twilio(config::Account);

impl Carrier for Twilio {
    type Settings = config::Settings;
    const ABOUT: About = About::new("twilio", env!("CARGO_PKG_VERSION"))
        .hosts(&["api.twilio.com"])
        .with_webhook();

    fn new(settings: Self::Settings, _: &Instance) -> Result<Self, SettingsError> {
        config::Account::new(settings).map(Self)
    }

    fn submit(&self, message: &Message<'_>) -> Step {
        submit::request(&self.0, message).into()
    }

    fn on_response(&self, _: &Message<'_>, response: &Response<'_>) -> Step {
        submit::outcome(response).into()
    }

    fn webhook(&self, request: &WebhookRequest<'_>) -> Webhook {
        receipt::read(&self.0, request)
    }
}

export_carrier!(Twilio);
