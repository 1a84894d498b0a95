//! An answer as it is written: its body, and the headers that every answer has.

use super::{Parts, Reply};
use aldis_daemon::request_id::RequestId;
use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Content {
    Taken {
        message_id: String,
        state: &'static str,
    },
    Problem(Problem),
    /// A plugin's words to its carrier.
    #[serde(skip)]
    Foreign(Vec<u8>),
}

/// The members of RFC 9457 section 3.1, then our own.
#[derive(Clone, Serialize)]
pub(crate) struct Problem {
    pub(super) r#type: String,
    pub(super) title: &'static str,
    pub(super) status: u16,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) detail: String,
    pub(super) code: String,
    pub(super) retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request_id: Option<String>,
}

impl Problem {
    /// Writes the request's name into an answer that is a problem.
    pub(crate) fn name(response: &mut Response, request_id: &RequestId) {
        let Some(mut problem) = response.extensions_mut().remove::<Self>() else {
            return;
        };
        problem.request_id = Some(request_id.as_str().to_owned());
        // The length is that of the body before.
        response.headers_mut().remove(CONTENT_LENGTH);
        *response.body_mut() = Body::from(serde_json::to_vec(&problem).unwrap_or_default());
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let Parts {
            status,
            content,
            headers,
            account,
        } = *self.0;
        // Strings and numbers only: this cannot fail, and an empty body would be no lie.
        let written = |content| serde_json::to_vec(&content).unwrap_or_default();
        let problem = match &content {
            Content::Problem(problem) => Some(problem.clone()),
            Content::Taken { .. } | Content::Foreign(_) => None,
        };
        let (media, body) = match content {
            Content::Taken { .. } => (Some("application/json"), written(content)),
            Content::Problem(_) => (Some("application/problem+json"), written(content)),
            Content::Foreign(body) => (None, body),
        };
        let mut response = (status, headers, Body::from(body)).into_response();
        if let Some(media) = media {
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static(media));
        }
        response
            .headers_mut()
            .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.extensions_mut().insert(account);
        if let Some(problem) = problem {
            response.extensions_mut().insert(problem);
        }
        response
    }
}
