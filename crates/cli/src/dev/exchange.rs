//! The one request of the demo, signed as Auth0 signs it, and the edge's answer.

use super::stage::{SENDER, Stage, TENANT};
use crate::failure::Failure;
use crate::inbox::ReceivedSms;
use aldis_message::{MessageId, UnixMillis};
use serde::Serialize;
use serde_json::{Value, json};
use std::time::Duration;

/// Accepted by the sandbox at once, and delivered.
pub(super) const RECIPIENT: &str = "+12025550130";
const TEXT: &str = "Your code is 123456";
/// What public gateways have seen Auth0 use.
const TOKEN_LIFETIME: Duration = Duration::from_mins(5);
/// Auth0 gives up after this.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// A request as Auth0 makes it.
pub(super) struct Asked {
    url: String,
    token: String,
    /// `host`, `user-agent` and so on, all but `authorization`.
    pub(super) headers: [(&'static str, String); 3],
    pub(super) body: Body,
}

/// In the order of Auth0's documentation.
#[derive(Serialize)]
pub(super) struct Body {
    pub(super) recipient: &'static str,
    #[serde(rename = "body")]
    pub(super) text: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sender: Option<&'static str>,
}

/// What the edge said.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) reason: &'static str,
    pub(super) content_type: String,
    pub(super) body: String,
}

/// Where the edge takes the demo tenant's requests.
pub(super) fn path() -> String {
    format!("/auth0/{TENANT}/sms")
}

impl Asked {
    pub(super) fn new(stage: &Stage, now: UnixMillis) -> Result<Self, Failure> {
        let edge = stage.addresses.edge;
        Ok(Self {
            url: format!("http://{edge}{}", path()),
            token: token(stage, now, TOKEN_LIFETIME)?,
            headers: [
                ("host", edge.to_string()),
                ("user-agent", "Auth0".to_owned()),
                ("content-type", "application/json".to_owned()),
            ],
            body: Body {
                recipient: RECIPIENT,
                text: TEXT,
                sender: Some(SENDER),
            },
        })
    }

    pub(super) async fn send(&self) -> Result<Answer, Failure> {
        let failed = |error: reqwest::Error| {
            Failure::unavailable(format!("the edge does not answer: {}", error.without_url()))
        };
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(ANSWER_WITHIN)
            .build()
            .map_err(failed)?;
        let mut request = client
            .post(&self.url)
            .bearer_auth(&self.token)
            .body(json!(self.body).to_string());
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let answer = request.send().await.map_err(failed)?;
        let content_type = answer
            .headers()
            .get("content-type")
            .and_then(|value| value.to_str().ok());
        Ok(Answer {
            status: answer.status().as_u16(),
            reason: answer.status().canonical_reason().unwrap_or_default(),
            content_type: content_type.unwrap_or_default().to_owned(),
            body: answer.text().await.map_err(failed)?,
        })
    }

    /// The token as it may be shown: what kind it is, not what it is.
    pub(super) fn short_token(&self) -> String {
        let shown: String = self.token.chars().take(12).collect();
        format!("{shown}... (HS256, {} characters)", self.token.len())
    }

    pub(super) fn record(&self) -> Value {
        json!({ "method": "POST", "url": self.url, "body": self.body })
    }
}

impl Answer {
    pub(super) fn is_ok(&self) -> bool {
        self.status == 200
    }

    pub(super) fn message_id(&self) -> Option<MessageId> {
        let body: Value = serde_json::from_str(&self.body).ok()?;
        body.get("message_id")?.as_str()?.parse().ok()
    }

    pub(super) fn record(&self) -> Value {
        let body = serde_json::from_str(&self.body).unwrap_or_else(|_| json!(self.body));
        json!({ "status": self.status, "body": body })
    }
}

/// Whether this is the SMS that was asked for.
pub(super) fn is_the_one(sms: &ReceivedSms) -> bool {
    sms.to == RECIPIENT && sms.text == TEXT
}

/// A token of the demo's tenant.
pub(super) fn token(stage: &Stage, now: UnixMillis, lifetime: Duration) -> Result<String, Failure> {
    let signer = stage.signer();
    signer
        .sign(&signer.claims(now, Some(lifetime)))
        .map_err(|_| Failure::failed("the token cannot be signed"))
}
