//! The one table between [`DeliveryError`] and [`tonic::Status`], read in both directions.
//!
//! A status carries `google.rpc.ErrorInfo` with our code as its reason, so that a reader need not
//! guess from the gRPC code. Statuses without it come from something else on the way (tonic, a
//! proxy, a dead socket) and are read by their gRPC code alone. `proto/README.md` shows the table.

use aldis_message::{MessageId, Reason};
use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;
use thiserror::Error;
use tonic::{Code, Status, TimeoutExpired};
use tonic_types::{ErrorDetails, StatusExt};

/// `ErrorInfo.domain` of every error of ours.
const DOMAIN: &str = "aldis";
const MESSAGE_ID: &str = "message_id";

/// Why delivery did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}: {detail}", self.code())]
pub struct DeliveryError {
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// The message it is about, if one exists.
    pub message_id: Option<MessageId>,
    /// When asking again makes sense.
    pub retry_after: Option<Duration>,
    /// One sentence for people. Safe for logs and callers: no number, text, token or secret.
    pub detail: String,
    /// The request's field at fault.
    pub field: Option<String>,
}

/// The kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request cannot be understood; `field` says where.
    InvalidArgument,
    /// The idempotency key belongs to a request with other content.
    IdempotencyConflict,
    /// The message was refused or has ended, for this reason.
    Refused(Reason),
    /// No client has this token.
    Unauthenticated,
    /// The client may not make this call.
    Forbidden,
    /// The calling client has no such message, or there is no such carrier.
    NotFound,
    /// Delivery's settings are wrong; the detail says where. Everything stays as it was.
    SettingsRefused,
    /// Delivery has more work than it may queue.
    Overloaded,
    /// Delivery is draining and takes nothing new.
    ShuttingDown,
    /// Delivery cannot be reached, or the connection broke before its answer.
    Unavailable,
    /// Delivery did not answer in time.
    Timeout,
    /// A fault of ours.
    Internal,
}

impl ErrorKind {
    /// Every kind, with every reason of a refusal.
    pub fn all() -> impl Iterator<Item = Self> {
        [
            Self::InvalidArgument,
            Self::IdempotencyConflict,
            Self::Unauthenticated,
            Self::Forbidden,
            Self::NotFound,
            Self::SettingsRefused,
            Self::Overloaded,
            Self::ShuttingDown,
            Self::Unavailable,
            Self::Timeout,
            Self::Internal,
        ]
        .into_iter()
        .chain(Reason::ALL.iter().copied().map(Self::Refused))
    }

    /// The row of the table: stable code, gRPC code, and whether asking again makes sense.
    const fn row(self) -> (&'static str, Code, bool) {
        match self {
            Self::InvalidArgument => ("invalid_argument", Code::InvalidArgument, false),
            Self::IdempotencyConflict => ("idempotency_conflict", Code::AlreadyExists, false),
            Self::Unauthenticated => ("unauthenticated", Code::Unauthenticated, false),
            Self::Forbidden => ("permission_denied", Code::PermissionDenied, false),
            Self::NotFound => ("not_found", Code::NotFound, false),
            Self::SettingsRefused => ("settings_refused", Code::FailedPrecondition, false),
            Self::Overloaded => ("overloaded", Code::ResourceExhausted, true),
            Self::ShuttingDown => ("shutting_down", Code::Unavailable, true),
            Self::Unavailable => ("delivery_unavailable", Code::Unavailable, true),
            // The message may have gone out: only the same idempotency key makes asking again safe.
            Self::Timeout => ("delivery_timeout", Code::DeadlineExceeded, false),
            Self::Internal => ("internal", Code::Internal, false),
            Self::Refused(reason) => (reason.as_str(), refusal(reason), reason.retryable()),
        }
    }

    /// The stable code that callers match on.
    pub const fn code(self) -> &'static str {
        self.row().0
    }

    /// The gRPC code it travels as.
    pub const fn grpc_code(self) -> Code {
        self.row().1
    }

    /// Whether the same request may fare better later.
    pub const fn retryable(self) -> bool {
        self.row().2
    }
}

/// The gRPC code of a refusal (google.rpc.Code says when each is meant).
const fn refusal(reason: Reason) -> Code {
    match reason {
        Reason::Blocked | Reason::NoRoute => Code::PermissionDenied,
        // Not UNAVAILABLE, which gRPC clients retry at once.
        Reason::CarrierThrottled => Code::ResourceExhausted,
        Reason::CarrierFailed => Code::Unavailable,
        Reason::InvalidNumber
        | Reason::OptedOut
        | Reason::TooLong
        | Reason::SenderNotAllowed
        | Reason::CarrierRejected
        | Reason::CarrierUnauthorized
        | Reason::CarrierNoFunds => Code::FailedPrecondition,
        // "May be returned even if the operation has completed successfully."
        Reason::DeadlineExceeded | Reason::OutcomeUnknown => Code::DeadlineExceeded,
        Reason::Superseded | Reason::Fenced | Reason::CancelledByCaller => Code::Aborted,
    }
}

impl DeliveryError {
    /// An error of that kind. The detail must be safe for logs and callers.
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            message_id: None,
            retry_after: None,
            detail: detail.into(),
            field: None,
        }
    }

    /// A request that cannot be understood, and the field that is why.
    pub fn invalid(field: impl Into<String>, reason: impl std::fmt::Display) -> Self {
        let field = field.into();
        Self {
            detail: format!("{field}: {reason}"),
            field: Some(field),
            ..Self::new(ErrorKind::InvalidArgument, "")
        }
    }

    /// The same, about that message.
    #[must_use]
    pub fn about(self, message: MessageId) -> Self {
        Self {
            message_id: Some(message),
            ..self
        }
    }

    /// The same, with advice when to ask again.
    #[must_use]
    pub fn retry_after(self, time: Duration) -> Self {
        Self {
            retry_after: Some(time),
            ..self
        }
    }

    /// The stable code that callers match on.
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// Whether the same request may fare better later.
    pub const fn retryable(&self) -> bool {
        self.kind.retryable()
    }
}

impl From<DeliveryError> for Status {
    fn from(error: DeliveryError) -> Self {
        let id = error.message_id.map(|id| (MESSAGE_ID.to_owned(), id.to_string()));
        let mut details =
            ErrorDetails::with_error_info(error.code(), DOMAIN, id.into_iter().collect::<HashMap<_, _>>());
        if let Some(field) = &error.field {
            details.add_bad_request_violation(field, &error.detail);
        }
        if error.retry_after.is_some() {
            details.set_retry_info(error.retry_after);
        }
        Status::with_error_details(error.kind.grpc_code(), error.detail, details)
    }
}

impl From<Status> for DeliveryError {
    fn from(status: Status) -> Self {
        Self::from(&status)
    }
}

impl From<&Status> for DeliveryError {
    fn from(status: &Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info().filter(|info| info.domain == DOMAIN);
        let known = info.and_then(|info| ErrorKind::all().find(|kind| kind.code() == info.reason));
        let Some(kind) = known else {
            return from_elsewhere(status);
        };
        let id = info
            .and_then(|info| info.metadata.get(MESSAGE_ID))
            .and_then(|id| id.parse().ok());
        let violation = details.bad_request().and_then(|bad| bad.field_violations.first());
        Self {
            kind,
            message_id: id,
            retry_after: details.retry_info().and_then(|retry| retry.retry_delay),
            detail: status.message().to_owned(),
            field: violation.map(|violation| violation.field.clone()),
        }
    }
}

/// Whether delivery wrote this status, in words of this version or of a later one.
pub(crate) fn own_word(status: &Status) -> bool {
    let details = status.get_error_details();
    details.error_info().is_some_and(|info| info.domain == DOMAIN)
}

/// Reads a status that delivery did not write. Its message is not passed on: nobody here vouches for it.
fn from_elsewhere(status: &Status) -> DeliveryError {
    if let Some(cause) = status.source() {
        return broken(cause);
    }
    let kind = match status.code() {
        Code::InvalidArgument | Code::OutOfRange => ErrorKind::InvalidArgument,
        Code::AlreadyExists => ErrorKind::IdempotencyConflict,
        Code::Unauthenticated | Code::PermissionDenied => ErrorKind::Unauthenticated,
        Code::NotFound => ErrorKind::NotFound,
        Code::ResourceExhausted => ErrorKind::Overloaded,
        Code::Unavailable => ErrorKind::Unavailable,
        // tonic's own time limits answer CANCELLED.
        Code::DeadlineExceeded | Code::Cancelled => ErrorKind::Timeout,
        Code::Ok
        | Code::Unknown
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::Unimplemented
        | Code::Internal
        | Code::DataLoss => ErrorKind::Internal,
    };
    let retry_after = status
        .get_error_details()
        .retry_info()
        .and_then(|retry| retry.retry_delay);
    let detail = format!(
        "the call ended with {:?}, and not by delivery's own word",
        status.code()
    );
    DeliveryError {
        retry_after,
        ..DeliveryError::new(kind, detail)
    }
}

/// A status that this side made itself, because the connection failed it.
fn broken(cause: &(dyn Error + 'static)) -> DeliveryError {
    let chain = || std::iter::successors(Some(cause), |&error| error.source());
    if chain().any(<dyn Error>::is::<TimeoutExpired>) {
        return DeliveryError::new(ErrorKind::Timeout, "delivery did not answer in time");
    }
    // Connection errors speak of sockets and frames, never of what was sent.
    let causes: Vec<_> = chain().map(ToString::to_string).collect();
    DeliveryError::new(
        ErrorKind::Unavailable,
        format!("delivery cannot be reached: {}", causes.join(": ")),
    )
}
