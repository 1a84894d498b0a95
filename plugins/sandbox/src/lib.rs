//! A carrier with no cloud behind it: posts to the loopback inbox that `aldis dev` serves.

#![forbid(unsafe_code)]

mod config;
mod receipt;
mod submit;

use aldis_carrier::{
    About, Carrier, Instance, Message, Response, SettingsError, Step, Webhook, WebhookRequest, export_carrier,
};

/// The sandbox carrier.
pub struct Sandbox(config::Settings);

impl Carrier for Sandbox {
    type Settings = config::Settings;
    const ABOUT: About = About::new("sandbox", env!("CARGO_PKG_VERSION")).with_webhook();

    fn new(settings: Self::Settings, _: &Instance) -> Result<Self, SettingsError> {
        settings.check()?;
        Ok(Self(settings))
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

export_carrier!(Sandbox);
