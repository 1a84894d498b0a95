//! Every answer of the edge, and the one table from a delivery error to an HTTP status (docs/http.md).
//!
//! Auth0 looks at the status only: 200 and nothing else is success, 401 and nothing else is a failed
//! authentication. The body is for people and for the shipped Action: RFC 9457, with `code` and `retryable`.

use crate::auth0::body::BodyFault;
use crate::limits::Unread;
use aldis_delivery_api::{CallbackAnswer, DeliveryError, ErrorKind, Sent};
use aldis_message::{AcceptMode, DeliveryStatus, MessageId, Reason, TenantName};
use axum::http::header::{
    ALLOW, CONNECTION, CONTENT_LENGTH, HeaderName, RETRY_AFTER, TRANSFER_ENCODING, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use std::time::Duration;
use written::Content;
pub(crate) use written::Problem;

mod written;

/// How long a caller waits who is told to come back and not when.
const COME_BACK_AFTER: Duration = Duration::from_secs(1);

/// An answer. The only `IntoResponse` of this crate.
pub(crate) struct Reply(Box<Parts>);

struct Parts {
    status: StatusCode,
    content: Content,
    headers: HeaderMap,
    account: Account,
}

/// What the log and the metrics say of an answer. Travels with the response.
#[derive(Clone, Default)]
pub(crate) struct Account {
    pub(crate) tenant: Option<TenantName>,
    pub(crate) code: String,
    pub(crate) message_id: Option<MessageId>,
    pub(crate) detail: String,
}

impl Reply {
    /// Delivery took the message, as far as the tenant asked for.
    pub(crate) fn sent(sent: &Sent, accept: AcceptMode) -> Self {
        let message = &sent.message;
        let state = match (accept, message.status) {
            // What became of it afterwards does not change that a carrier took it.
            (
                AcceptMode::Carrier,
                DeliveryStatus::Submitted | DeliveryStatus::Delivered | DeliveryStatus::Undelivered,
            ) => DeliveryStatus::Submitted.as_str(),
            // Delivery answers OK in this mode only once a carrier took it; were it otherwise, 200 would be a lie.
            (AcceptMode::Carrier, _) => {
                return Self::problem(StatusCode::INTERNAL_SERVER_ERROR, "internal", false, "")
                    .about(Some(message.id), None);
            }
            (AcceptMode::Stored, status) => status.as_str(),
        };
        Self(Box::new(Parts {
            status: StatusCode::OK,
            content: Content::Taken {
                message_id: message.id.to_string(),
                state,
            },
            headers: HeaderMap::new(),
            account: Account {
                code: state.to_owned(),
                message_id: Some(message.id),
                ..Account::default()
            },
        }))
    }

    /// What a carrier's plugin answers to its call-back.
    pub(crate) fn called_back(answer: CallbackAnswer) -> Self {
        let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut headers = HeaderMap::new();
        for (name, value) in answer.headers {
            let (name, value) = (HeaderName::try_from(name), HeaderValue::from_bytes(&value));
            // How the answer travels is ours to say.
            if let (Ok(name), Ok(value)) = (name, value)
                && ![CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(&name)
            {
                headers.append(name, value);
            }
        }
        Self(Box::new(Parts {
            status,
            content: Content::Foreign(answer.body),
            headers,
            account: Account {
                code: "call_back".to_owned(),
                ..Account::default()
            },
        }))
    }

    /// A call-back that delivery did not take: the carrier shall call again, unless there is no such carrier.
    pub(crate) fn not_called_back(error: DeliveryError) -> Self {
        let mut reply = if error.kind == ErrorKind::NotFound {
            Self::not_found("no such carrier")
        } else {
            Self::unavailable("delivery_unavailable", "")
        };
        error.code().clone_into(&mut reply.0.account.code);
        reply.0.account.detail = error.detail;
        reply
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Every failed authentication, word for word the same.
    pub(crate) fn unauthorized() -> Self {
        Self::problem(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            false,
            "a valid bearer token is required",
        )
        .with(WWW_AUTHENTICATE, "Bearer")
    }

    pub(crate) fn not_found(what: &'static str) -> Self {
        Self::problem(StatusCode::NOT_FOUND, "not_found", false, what)
    }

    pub(crate) fn only_post() -> Self {
        Self::other_method("POST it", "POST")
    }

    pub(crate) fn only_get_and_post() -> Self {
        Self::other_method("GET or POST it", "GET, POST")
    }

    fn other_method(detail: &'static str, allowed: &'static str) -> Self {
        Self::problem(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            false,
            detail,
        )
        .with(ALLOW, allowed)
    }

    pub(crate) fn head_too_large(what: &'static str) -> Self {
        Self::problem(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "header_too_large",
            false,
            what,
        )
        .with(CONNECTION, "close")
    }

    pub(crate) fn unread(fault: Unread) -> Self {
        let (status, code, detail) = match fault {
            Unread::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                "the body is longer than 64 KiB",
            ),
            Unread::TooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                "too_slow",
                "the body did not arrive within 10 s",
            ),
            Unread::Broken => (StatusCode::BAD_REQUEST, "invalid_request", "the body broke off"),
        };
        Self::problem(status, code, fault == Unread::TooSlow, detail).with(CONNECTION, "close")
    }

    pub(crate) fn bad_body(fault: BodyFault) -> Self {
        Self::problem(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            false,
            fault.to_string(),
        )
        .about(None, fault.field().map(str::to_owned))
    }

    pub(crate) fn bad_key() -> Self {
        let detail = "Idempotency-Key is one header of 1 to 128 visible ASCII characters";
        Self::problem(StatusCode::BAD_REQUEST, "invalid_request", false, detail)
            .about(None, Some("idempotency-key".to_owned()))
    }

    /// The tenant's time was used up before delivery was asked.
    pub(crate) fn out_of_time() -> Self {
        Self::problem(
            StatusCode::GATEWAY_TIMEOUT,
            Reason::DeadlineExceeded.as_str(),
            true,
            "no time was left to send",
        )
    }

    pub(crate) fn shutting_down() -> Self {
        Self::unavailable("shutting_down", "the service is stopping").with(CONNECTION, "close")
    }

    pub(crate) fn overloaded() -> Self {
        Self::unavailable("overloaded", "too many connections").with(CONNECTION, "close")
    }

    /// The places for such requests are taken; others may have theirs.
    pub(crate) fn crowded() -> Self {
        Self::unavailable("overloaded", "too many such requests at once")
    }

    /// Something of ours broke. Nothing is said of it outside.
    pub(crate) fn internal() -> Self {
        Self::problem(StatusCode::INTERNAL_SERVER_ERROR, "internal", false, "")
    }

    fn unavailable(code: &'static str, detail: &'static str) -> Self {
        Self::problem(StatusCode::SERVICE_UNAVAILABLE, code, true, detail).come_back(None)
    }

    fn problem(status: StatusCode, code: &str, retryable: bool, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let account = Account {
            code: code.to_owned(),
            detail: detail.clone(),
            ..Account::default()
        };
        let problem = Problem {
            r#type: format!("urn:aldis:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Problem"),
            status: status.as_u16(),
            detail,
            code: code.to_owned(),
            retryable,
            field: None,
            message_id: None,
            request_id: None,
        };
        Self(Box::new(Parts {
            status,
            content: Content::Problem(problem),
            headers: HeaderMap::new(),
            account,
        }))
    }

    fn about(mut self, message: Option<MessageId>, field: Option<String>) -> Self {
        if let Content::Problem(problem) = &mut self.0.content {
            problem.message_id = message.map(|id| id.to_string());
            problem.field = field;
        }
        self.0.account.message_id = message;
        self
    }

    fn with(mut self, name: HeaderName, value: &'static str) -> Self {
        self.0.headers.insert(name, HeaderValue::from_static(value));
        self
    }

    fn come_back(mut self, after: Option<Duration>) -> Self {
        let after = after.unwrap_or(COME_BACK_AFTER);
        // Whole seconds (RFC 9110 section 10.2.3), and never "at once".
        let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
        self.0
            .headers
            .insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        self
    }

    /// Says in log and metrics whose request this was.
    pub(crate) fn for_tenant(mut self, tenant: &TenantName) -> Self {
        self.0.account.tenant = Some(tenant.clone());
        self
    }
}

/// The table.
fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::InvalidArgument | ErrorKind::Refused(Reason::TooLong) => StatusCode::BAD_REQUEST,
        ErrorKind::Refused(Reason::Blocked | Reason::NoRoute) => StatusCode::FORBIDDEN,
        ErrorKind::IdempotencyConflict
        | ErrorKind::Refused(Reason::Superseded | Reason::CancelledByCaller) => StatusCode::CONFLICT,
        ErrorKind::Refused(Reason::InvalidNumber | Reason::OptedOut) => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::Refused(
            Reason::CarrierFailed
            | Reason::CarrierUnauthorized
            | Reason::CarrierNoFunds
            | Reason::SenderNotAllowed
            | Reason::CarrierRejected,
        ) => StatusCode::BAD_GATEWAY,
        ErrorKind::Overloaded
        | ErrorKind::ShuttingDown
        | ErrorKind::Unavailable
        | ErrorKind::Unauthenticated
        | ErrorKind::Forbidden
        | ErrorKind::Refused(Reason::CarrierThrottled) => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Timeout
        | ErrorKind::Refused(Reason::DeadlineExceeded | Reason::OutcomeUnknown | Reason::Fenced) => {
            StatusCode::GATEWAY_TIMEOUT
        }
        ErrorKind::NotFound | ErrorKind::SettingsRefused | ErrorKind::Internal => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

/// What a caller outside is told of a kind. That delivery does not know the edge is the operator's affair; to the
/// caller delivery is simply not there, and a 401 would tell Auth0 that its own token is wrong.
fn shown(kind: ErrorKind) -> ErrorKind {
    match kind {
        ErrorKind::Unauthenticated | ErrorKind::Forbidden => ErrorKind::Unavailable,
        ErrorKind::NotFound | ErrorKind::SettingsRefused => ErrorKind::Internal,
        other => other,
    }
}

/// Whether delivery chose the words. Other errors may name addresses of the inside.
fn speaks_for_itself(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::InvalidArgument | ErrorKind::IdempotencyConflict | ErrorKind::Refused(_)
    )
}

impl From<DeliveryError> for Reply {
    fn from(error: DeliveryError) -> Self {
        let kind = shown(error.kind);
        let detail = if speaks_for_itself(kind) {
            error.detail.as_str()
        } else {
            ""
        };
        let status = status_of(kind);
        let mut reply = Self::problem(status, kind.code(), kind.retryable(), detail)
            .about(error.message_id, error.field.clone());
        error.code().clone_into(&mut reply.0.account.code);
        reply.0.account.detail = error.detail;
        let comes_back = status == StatusCode::SERVICE_UNAVAILABLE || error.retry_after.is_some();
        if comes_back {
            reply.come_back(error.retry_after)
        } else {
            reply
        }
    }
}
