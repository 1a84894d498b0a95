//! What a carrier author depends on: the C ABI ([`abi`]) and the safe kit over it.
//!
//! A carrier is a library with one trait implementation and one line that exports it. The host
//! owns sockets, TLS, time limits, retries and threads; the carrier turns messages into requests
//! and answers into outcomes. `README.md` beside this crate takes an author from nothing to a
//! loaded library.
//!
//! ```
//! use aldis_carrier::{About, Carrier, Class, Instance, Message, Outcome, Request, Response, Secret};
//! use aldis_carrier::{SettingsError, Step, export_carrier};
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Settings {
//!     base_url: Option<String>,
//!     api_key: Secret,
//!     sender: String,
//! }
//!
//! struct Acme(Settings);
//!
//! impl Carrier for Acme {
//!     type Settings = Settings;
//!     const ABOUT: About = About::new("acme", "1.0.0").hosts(&["api.acme.example"]);
//!
//!     fn new(settings: Settings, _: &Instance) -> Result<Self, SettingsError> {
//!         Ok(Self(settings))
//!     }
//!
//!     fn submit(&self, message: &Message<'_>) -> Step {
//!         let base = self.0.base_url.as_deref().unwrap_or("https://api.acme.example");
//!         let from = message.from().unwrap_or(&self.0.sender);
//!         let fields = [("to", message.to()), ("from", from), ("text", message.text())];
//!         Request::post_form(format!("{base}/sms"), fields).bearer(self.0.api_key.expose()).into()
//!     }
//!
//!     fn on_response(&self, _: &Message<'_>, response: &Response<'_>) -> Step {
//!         #[derive(serde::Deserialize)]
//!         struct Answer {
//!             id: Option<String>,
//!             error: Option<String>,
//!         }
//!         match response.json() {
//!             Some(Answer { id: Some(id), .. }) if response.is_success() => Outcome::accepted([id]),
//!             Some(Answer { error: Some(code), .. }) if code == "bad_number" => {
//!                 Outcome::refused(Class::InvalidNumber, code)
//!             }
//!             _ => response.fallback(),
//!         }
//!         .into()
//!     }
//! }
//!
//! export_carrier!(Acme);
//! # fn main() {}
//! ```

#![allow(
    unsafe_code,
    reason = "this is one side of the library border; the other is aldis-carrier-host"
)]
#![deny(
    clippy::undocumented_unsafe_blocks,
    reason = "each unsafe block says why it holds"
)]

pub mod abi;
pub mod calendar;
mod carrier;
pub mod copying;
mod emit;
#[doc(hidden)]
pub mod export;
pub mod gsm;
mod headers;
mod message;
mod outcome;
mod request;
mod response;
mod session;
mod settings;
mod status;
pub mod testing;
mod webhook;
mod words;

pub use carrier::{About, Carrier, Step};
pub use message::Message;
pub use outcome::{Outcome, Price};
pub use request::{HOST_HEADERS, Header, Request};
pub use response::Response;
pub use session::{Act, Link, LinkInfo, Session, SessionCarrier, SessionHost};
pub use settings::{Instance, Secret, SettingsError};
pub use webhook::{Event, Proof, Reply, SenderProof, Webhook, WebhookRequest};
pub use words::{Class, Encoding, EventKind, ReceiptState, Scope, SenderKind, Transport};

pub use schemars;
pub use serde;
pub use serde_json;
