//! The work of a moment goes by its small index, however many finished rows there are.

use super::*;
use crate::store::{accept, claim, keys, leftover, receipt, record, schema};

#[tokio::test]
async fn each_question_has_its_index() {
    let fresh = Fresh::new();
    // The planner has the settings that it has in the service.
    let connection = schema::open_reader(&fresh.path()).unwrap();
    let page = leftover::page_query(None);
    for (query, index) in [
        (claim::DUE, "messages_due"),
        (claim::NEXT_DUE, "messages_due"),
        (claim::NO_MOMENT, "messages_due"),
        (keys::KNOWN, "messages_by_key"),
        (accept::SUPERSEDE, "messages_queued_codes"),
        (page.as_str(), "messages_in_hand"),
    ] {
        let plan = plan(&connection, query);
        let of_messages: Vec<_> = plan.iter().filter(|step| step.contains(" messages")).collect();
        assert!(
            !of_messages.is_empty() && of_messages.iter().all(|step| step.contains(index)),
            "{query}\n{plan:#?}"
        );
    }
}

#[tokio::test]
async fn a_closed_call_is_found_by_an_index() {
    let fresh = Fresh::new();
    let connection = schema::open_reader(&fresh.path()).unwrap();
    for query in [keys::CLOSED, keys::OVER] {
        let plan = plan(&connection, query);
        assert!(
            !plan.iter().any(|step| step.starts_with("SCAN")),
            "{query}\n{plan:#?}"
        );
    }
}

#[tokio::test]
async fn a_receipt_finds_its_way_by_an_index() {
    let fresh = Fresh::new();
    // The planner has the settings that it has in the service.
    let connection = schema::open_reader(&fresh.path()).unwrap();
    let without_end = leftover::without_end(None);
    for query in [
        receipt::matching::ATTEMPT_OF_ID,
        receipt::matching::TRIED,
        receipt::REPEATED,
        receipt::OVERDUE,
        receipt::matching::WAITING_FOR_ID,
        receipt::matching::WAITING_FOR_MESSAGE,
        receipt::matching::WAITING_UNPROVEN,
        receipt::TOLD,
        record::RECEIPTS,
        without_end.as_str(),
    ] {
        let plan = plan(&connection, query);
        assert!(
            !plan.iter().any(|step| step.starts_with("SCAN")),
            "{query}\n{plan:#?}"
        );
    }
}
