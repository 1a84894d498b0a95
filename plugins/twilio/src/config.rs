//! What the operator sets, and the account it makes.

use aldis_carrier::{Secret, SettingsError};
use schemars::JsonSchema;
use serde::Deserialize;

/// `[carriers.settings]` of a Twilio account. No `Debug`: it would show the sender's number.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `AC` and 32 hexadecimal digits.
    account_sid: String,
    /// The account's auth token; also what Twilio signs receipts with.
    auth_token: Option<Secret>,
    /// An API key (`SK...`) to send with instead of the auth token.
    api_key_sid: Option<String>,
    /// The API key's secret.
    api_key_secret: Option<Secret>,
    /// The sender of messages that name none: a number, short code or alphanumeric id.
    from: Option<String>,
    /// The messaging service (`MG...`) that chooses the sender of messages that name none.
    messaging_service_sid: Option<String>,
    /// Let Twilio replace characters that would need UCS-2.
    smart_encoded: Option<bool>,
    /// Another address of the API; plain http on loopback only.
    base_url: Option<String>,
}

/// An account that cannot be wrong in shape.
pub(crate) struct Account {
    pub(crate) sid: String,
    /// User and password of Basic authentication.
    pub(crate) login: (String, Secret),
    /// What receipts are signed with; without it none is believed.
    pub(crate) auth_token: Option<Secret>,
    pub(crate) sender: Sender,
    pub(crate) smart_encoded: Option<bool>,
    pub(crate) base_url: String,
}

/// Whom messages are from that name no sender.
pub(crate) enum Sender {
    From(String),
    MessagingService(String),
}

impl Account {
    pub(crate) fn new(settings: Settings) -> Result<Self, SettingsError> {
        sid("account_sid", &settings.account_sid, "AC")?;
        let login = match (
            settings.api_key_sid,
            settings.api_key_secret,
            &settings.auth_token,
        ) {
            (Some(key), Some(secret), _) => {
                sid("api_key_sid", &key, "SK")?;
                (key, secret)
            }
            (Some(_), None, _) => {
                return Err(SettingsError::new(
                    "api_key_secret",
                    "is missing beside api_key_sid",
                ));
            }
            (None, Some(_), _) => {
                return Err(SettingsError::new(
                    "api_key_sid",
                    "is missing beside api_key_secret",
                ));
            }
            (None, None, Some(token)) => (settings.account_sid.clone(), token.clone()),
            (None, None, None) => {
                return Err(SettingsError::new(
                    "auth_token",
                    "is missing, and there is no api_key_sid either",
                ));
            }
        };
        let sender = match (settings.from, settings.messaging_service_sid) {
            (Some(from), None) if !from.trim().is_empty() => Sender::From(from),
            (None, Some(service)) => {
                sid("messaging_service_sid", &service, "MG")?;
                Sender::MessagingService(service)
            }
            _ => {
                return Err(SettingsError::new(
                    "from",
                    "exactly one of from and messaging_service_sid is needed",
                ));
            }
        };
        Ok(Self {
            sid: settings.account_sid,
            login,
            auth_token: settings.auth_token,
            sender,
            smart_encoded: settings.smart_encoded,
            base_url: settings
                .base_url
                .unwrap_or_else(|| "https://api.twilio.com".to_owned())
                .trim_end_matches('/')
                .to_owned(),
        })
    }
}

/// The form of Twilio's ids: two letters and 32 hexadecimal digits.
fn sid(key: &str, value: &str, letters: &str) -> Result<(), SettingsError> {
    let digits = value.strip_prefix(letters).unwrap_or_default();
    if digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Ok(());
    }
    Err(SettingsError::new(
        key,
        format!("is {letters} and 32 hexadecimal digits"),
    ))
}
