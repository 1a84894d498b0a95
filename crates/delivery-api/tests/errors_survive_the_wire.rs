//! An error arrives as it left, and every status a client can meet means something.
#![allow(clippy::expect_used, reason = "a test fails loudly")]

use aldis_delivery_api::{DeliveryError, ErrorKind};
use aldis_message::{MessageId, Reason, UnixMillis};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::time::Duration;
use tonic::codegen::http::HeaderMap;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

fn kinds() -> Vec<ErrorKind> {
    ErrorKind::all().collect()
}

/// The status as the other side gets it.
fn sent(status: &Status) -> Status {
    let mut headers = HeaderMap::new();
    status.add_header(&mut headers).expect("headers");
    Status::from_header_map(&headers).expect("a status")
}

fn error() -> impl Strategy<Value = DeliveryError> {
    let id = (0u64..1 << 47, any::<[u8; 10]>())
        .prop_map(|(at, random)| MessageId::from_parts(UnixMillis::from_millis(at), random));
    (
        proptest::sample::select(kinds()),
        proptest::option::of(id),
        proptest::option::of((0u64..1 << 32, 0u32..1_000_000_000)),
        ".{0,200}",
        proptest::option::of("[a-z_.]{1,30}"),
    )
        .prop_map(|(kind, message_id, retry, detail, field)| DeliveryError {
            kind,
            message_id,
            retry_after: retry.map(|(seconds, nanos)| Duration::new(seconds, nanos)),
            detail,
            field,
        })
}

proptest! {
    #[test]
    fn an_error_arrives_as_it_left(error in error()) {
        let status = Status::from(error.clone());
        prop_assert_eq!(status.code(), error.kind.grpc_code());
        prop_assert_eq!(DeliveryError::from(&status), error.clone());
        prop_assert_eq!(DeliveryError::from(sent(&status)), error);
    }
}

#[test]
fn each_kind_has_a_code_of_its_own() {
    let codes: BTreeSet<_> = kinds().iter().map(|kind| kind.code()).collect();
    assert_eq!(codes.len(), kinds().len());
    assert_eq!(kinds().len(), 11 + Reason::ALL.len());
}

#[test]
fn no_kind_travels_as_success() {
    assert!(kinds().iter().all(|kind| kind.grpc_code() != Code::Ok));
}

#[test]
fn a_status_of_somebody_else_is_read_by_its_code() {
    let expected = [
        (Code::Ok, ErrorKind::Internal),
        (Code::Cancelled, ErrorKind::Timeout),
        (Code::Unknown, ErrorKind::Internal),
        (Code::InvalidArgument, ErrorKind::InvalidArgument),
        (Code::DeadlineExceeded, ErrorKind::Timeout),
        (Code::NotFound, ErrorKind::NotFound),
        (Code::AlreadyExists, ErrorKind::IdempotencyConflict),
        (Code::PermissionDenied, ErrorKind::Unauthenticated),
        (Code::ResourceExhausted, ErrorKind::Overloaded),
        (Code::FailedPrecondition, ErrorKind::Internal),
        (Code::Aborted, ErrorKind::Internal),
        (Code::OutOfRange, ErrorKind::InvalidArgument),
        (Code::Unimplemented, ErrorKind::Internal),
        (Code::Internal, ErrorKind::Internal),
        (Code::Unavailable, ErrorKind::Unavailable),
        (Code::DataLoss, ErrorKind::Internal),
        (Code::Unauthenticated, ErrorKind::Unauthenticated),
    ];
    for (number, (code, kind)) in (0..17).zip(expected) {
        assert_eq!(Code::from_i32(number), code);
        let error = DeliveryError::from(sent(&Status::new(code, "+12025550100 said 835170")));
        assert_eq!(error.kind, kind, "{code:?}");
        assert!(
            !error.to_string().contains("835170"),
            "a stranger's message is passed on: {error}"
        );
    }
}

#[test]
fn another_domain_does_not_speak_for_delivery() {
    for (reason, domain) in [("blocked", "example.com"), ("a_word_of_next_year", "aldis")] {
        let details =
            ErrorDetails::with_error_info(reason, domain, [("message_id".to_owned(), "x".to_owned())]);
        let status = Status::with_error_details(Code::ResourceExhausted, "no", details);
        assert_eq!(
            DeliveryError::from(status).kind,
            ErrorKind::Overloaded,
            "{reason} {domain}"
        );
    }
}

#[test]
fn broken_details_are_not_fatal() {
    let status = Status::with_details(Code::Unavailable, "no", vec![0xff, 0xff, 0x01].into());
    assert_eq!(DeliveryError::from(status).kind, ErrorKind::Unavailable);
}

#[test]
fn the_field_at_fault_is_named_to_any_client() {
    let status = Status::from(DeliveryError::invalid("to", "the phone number is empty"));
    let details = status.get_error_details();
    let violation = &details.bad_request().expect("BadRequest").field_violations[0];
    assert_eq!(violation.field, "to");
    assert_eq!(violation.description, "to: the phone number is empty");
}

/// `proto/README.md` is what callers in other languages read.
#[test]
fn the_published_table_is_the_table() {
    let text = include_str!("../../../proto/README.md");
    let rows: Vec<[&str; 3]> = text
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let mut cells = line.trim_matches('|').split('|').map(str::trim);
            [0; 3].map(|_| cells.next().expect("a cell"))
        })
        .collect();
    let table: Vec<[String; 3]> = kinds()
        .iter()
        .map(|kind| {
            let again = if kind.retryable() { "yes" } else { "no" };
            [
                format!("`{}`", kind.code()),
                screaming(kind.grpc_code()),
                again.to_owned(),
            ]
        })
        .collect();
    assert_eq!(rows, table);
}

fn screaming(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_uppercase());
    }
    name
}
