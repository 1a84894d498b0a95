//! What the operator sets.

use aldis_carrier::{Secret, SettingsError};
use schemars::JsonSchema;
use serde::Deserialize;

/// `[carriers.settings]` of a sandbox. No `Debug`: it would show the sender's number.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the inbox listens, as `http://127.0.0.1:8026`.
    pub(crate) base_url: String,
    /// The sender of messages that name none.
    pub(crate) sender: Option<String>,
    /// What receipts are signed with; without it none is believed.
    pub(crate) receipt_secret: Option<Secret>,
}

impl Settings {
    /// A sandbox that posts off the machine is a mistake.
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        // What follows the host may only be a port or a path: `127.0.0.1.example.com` is elsewhere,
        // and so is `127.0.0.1:80@example.com`, where the number is a user's name.
        let ends = |rest: &str| !rest.contains('@') && (rest.is_empty() || rest.starts_with([':', '/']));
        let local = ["http://127.0.0.1", "http://[::1]", "http://localhost"];
        if local
            .iter()
            .any(|start| self.base_url.strip_prefix(start).is_some_and(ends))
        {
            return Ok(());
        }
        Err(SettingsError::new(
            "base_url",
            "the sandbox talks to loopback only, as in http://127.0.0.1:8026",
        ))
    }
}

#[cfg(test)]
mod tests;
