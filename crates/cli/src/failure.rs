//! Why a command failed: one sentence, one exit code, and what a machine wants to know of it.

use aldis_daemon::config::ConfigError;
use aldis_daemon::exit;
use aldis_delivery_api::{DeliveryError, EndpointError, ErrorKind};
use serde_json::{Map, Value, json};

/// A command that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: u8,
    sentence: String,
    /// Delivery's own account of it, where it was delivery that refused.
    refusal: Option<Box<DeliveryError>>,
    beside: Option<Box<Beside>>,
}

/// The facts to be known besides why a command failed: a sentence for eyes, members for machines.
#[derive(Debug)]
struct Beside {
    sentence: Option<String>,
    members: Map<String, Value>,
}

impl Failure {
    fn of(exit: u8, sentence: impl Into<String>) -> Self {
        Self {
            exit,
            sentence: sentence.into(),
            refusal: None,
            beside: None,
        }
    }

    /// Adds what is to be known besides.
    pub(crate) fn beside(mut self, sentence: Option<String>, members: Map<String, Value>) -> Self {
        self.beside = Some(Box::new(Beside { sentence, members }));
        self
    }

    /// It was understood, and did not work out.
    pub(crate) fn failed(sentence: impl Into<String>) -> Self {
        Self::of(exit::FAILURE, sentence)
    }

    /// The command line asks for something that cannot be.
    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self::of(exit::USAGE, sentence)
    }

    /// Settings, secrets or files are not as they must be.
    pub(crate) fn config(sentence: impl Into<String>) -> Self {
        Self::of(exit::CONFIG, sentence)
    }

    /// A service does not answer.
    pub(crate) fn unavailable(sentence: impl Into<String>) -> Self {
        Self::of(exit::UNAVAILABLE, sentence)
    }

    pub(crate) fn exit_code(&self) -> u8 {
        self.exit
    }

    /// The sentence, and under it the one that was added.
    pub(crate) fn text(&self) -> String {
        let beside = self.beside.iter().filter_map(|beside| beside.sentence.as_deref());
        let all: Vec<_> = std::iter::once(self.sentence.as_str()).chain(beside).collect();
        all.join("\n")
    }

    pub(crate) fn json(&self) -> Value {
        let refusal = self.refusal.as_deref();
        let mut json = json!({
            "error": self.sentence,
            "code": refusal.map(DeliveryError::code),
            "retryable": refusal.map(DeliveryError::retryable),
            "field": refusal.and_then(|error| error.field.as_deref()),
            "message_id": refusal.and_then(|error| error.message_id).map(|id| id.to_string()),
            "exit": self.exit,
        });
        if let (Some(json), Some(beside)) = (json.as_object_mut(), &self.beside) {
            json.extend(beside.members.clone());
        }
        json
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::config(error.to_string())
    }
}

impl From<EndpointError> for Failure {
    fn from(error: EndpointError) -> Self {
        Self::config(error.to_string())
    }
}

impl From<DeliveryError> for Failure {
    fn from(error: DeliveryError) -> Self {
        let about = error.message_id.map(|id| format!(" ({id})")).unwrap_or_default();
        let (exit, sentence) = match error.kind {
            ErrorKind::Unavailable => (exit::UNAVAILABLE, error.detail.clone()),
            ErrorKind::Timeout | ErrorKind::ShuttingDown | ErrorKind::Overloaded => (
                exit::UNAVAILABLE,
                format!(
                    "delivery cannot help now, {}{about}: {}",
                    error.code(),
                    error.detail
                ),
            ),
            ErrorKind::InvalidArgument => (
                exit::USAGE,
                format!("delivery cannot use this request: {}", error.detail),
            ),
            ErrorKind::Unauthenticated => (
                exit::CONFIG,
                "delivery does not know this client token".to_owned(),
            ),
            ErrorKind::Forbidden => (exit::CONFIG, "this client may not do that".to_owned()),
            ErrorKind::SettingsRefused => (
                exit::CONFIG,
                format!(
                    "delivery's settings are wrong, everything stays as it was: {}",
                    error.detail
                ),
            ),
            ErrorKind::NotFound => (exit::FAILURE, "this client has no such message".to_owned()),
            ErrorKind::IdempotencyConflict => (
                exit::FAILURE,
                format!("the key belongs to a message with other content{about}"),
            ),
            ErrorKind::Refused(reason) => (
                exit::FAILURE,
                format!("the message was refused, {reason}{about}: {}", error.detail),
            ),
            ErrorKind::Internal => (exit::FAILURE, format!("delivery failed{about}: {}", error.detail)),
        };
        Self {
            exit,
            sentence,
            refusal: Some(Box::new(error)),
            beside: None,
        }
    }
}
