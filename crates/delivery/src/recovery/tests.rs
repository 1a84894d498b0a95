//! The table of recovery, line by line.

use super::*;
use aldis_message::{ClientName, MessageClass, PhoneNumber};
use std::time::Duration;

const NOW: UnixMillis = UnixMillis::from_millis(1_800_000_000_000);
const UNKNOWN: Verdict = Verdict::End(DeliveryStatus::Unknown, Reason::OutcomeUnknown);

fn of(status: DeliveryStatus, accept: AcceptMode, left: u64, ambiguous: u32, lost_answer: Onward) -> Verdict {
    let facts = LeftoverFacts {
        id: MessageId::from_parts(NOW, [1; 10]),
        status,
        accept,
        deadline: NOW.plus(Duration::from_secs(left)),
        to: PhoneNumber::parse("+12025550100", None).unwrap(),
        tenant: None,
        client: ClientName::parse("edge").unwrap(),
        class: MessageClass::Otp,
        ambiguous,
    };
    verdict(
        &facts,
        Policy {
            on_blocked: Onward::Stop,
            lost_answer,
        },
        NOW,
    )
}

#[test]
fn what_was_on_the_wire_is_unknown() {
    use AcceptMode::{Carrier, Stored};
    use Onward::{NextCarrier, Stop};
    let sending = DeliveryStatus::Sending;
    assert_eq!(of(sending, Carrier, 60, 0, Stop), UNKNOWN);
    assert_eq!(
        of(sending, Carrier, 60, 0, NextCarrier),
        UNKNOWN,
        "its caller is gone, so nobody wants a copy"
    );
    assert_eq!(of(sending, Stored, 60, 0, Stop), UNKNOWN);
    assert_eq!(of(sending, Stored, 60, 0, NextCarrier), Verdict::Requeue);
    assert_eq!(
        of(sending, Stored, 60, 1, NextCarrier),
        UNKNOWN,
        "at most one copy more"
    );
    assert_eq!(
        of(sending, Stored, 0, 0, NextCarrier),
        UNKNOWN,
        "too late to send, not known to be unsent"
    );
}

#[test]
fn what_was_waiting_is_not() {
    use AcceptMode::{Carrier, Stored};
    let queued = DeliveryStatus::Queued;
    let fenced = Verdict::End(DeliveryStatus::Cancelled, Reason::Fenced);
    let expired = Verdict::End(DeliveryStatus::Expired, Reason::DeadlineExceeded);
    assert_eq!(of(queued, Carrier, 60, 0, Onward::Stop), fenced);
    assert_eq!(of(queued, Stored, 60, 0, Onward::Stop), Verdict::Requeue);
    assert_eq!(of(queued, Stored, 0, 0, Onward::Stop), expired);
    assert_eq!(of(queued, Carrier, 60, 1, Onward::NextCarrier), UNKNOWN);
    assert_eq!(of(queued, Stored, 0, 1, Onward::NextCarrier), UNKNOWN);
}
