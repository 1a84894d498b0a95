//! A newer code for the same recipient replaces an older one that still waits, and nothing else.

use super::*;

fn code() -> NewMessage {
    NewMessage {
        class: MessageClass::Otp,
        ..message()
    }
}

/// The place of the older one when the newer one comes.
#[derive(Clone, Copy)]
enum Older {
    InAHand,
    Left,
    OnTheWire,
}

async fn replaced_by(newer: NewMessage, older: NewMessage, lies: Older) -> (DeliveryStatus, Option<Reason>) {
    let fresh = Fresh::new();
    match lies {
        Older::InAHand => drop(accept(&fresh, arrival(1, older, First::Hold)).await),
        Older::Left => accept_and_leave(&fresh, arrival(1, older, First::Hold), after(seconds(5))).await,
        Older::OnTheWire => drop(accept(&fresh, arrival(1, older, send())).await),
    }
    accept(&fresh, arrival(2, newer, send())).await;
    let view = record(&fresh, 1).await.view;
    (view.status, view.reason)
}

#[tokio::test]
async fn a_queued_older_code_is_cancelled() {
    let cancelled = (DeliveryStatus::Cancelled, Some(Reason::Superseded));
    assert_eq!(
        replaced_by(code(), code(), Older::Left).await,
        cancelled,
        "one that waits in the store"
    );
    assert_eq!(
        replaced_by(code(), code(), Older::InAHand).await,
        cancelled,
        "one that waits in a hand"
    );
}

#[tokio::test]
async fn nothing_else_is() {
    let queued = (DeliveryStatus::Queued, None);
    assert_eq!(
        replaced_by(code(), code(), Older::OnTheWire).await,
        (DeliveryStatus::Sending, None),
        "it may be on the wire"
    );
    assert_eq!(
        replaced_by(code(), message(), Older::Left).await,
        queued,
        "an invoice is no code"
    );
    assert_eq!(
        replaced_by(message(), code(), Older::Left).await,
        queued,
        "an invoice replaces no code"
    );
    let elsewhere = NewMessage {
        tenant: None,
        ..code()
    };
    assert_eq!(
        replaced_by(elsewhere, code(), Older::Left).await,
        queued,
        "another tenant's login is another login"
    );
    let other = NewMessage {
        to: PhoneNumber::parse("+12025550101", None).unwrap(),
        ..code()
    };
    assert_eq!(
        replaced_by(other, code(), Older::Left).await,
        queued,
        "another person"
    );
}

/// Whoever held the replaced one learns it at the next step, before anything goes out.
#[tokio::test]
async fn the_hand_that_held_it_is_told() {
    let fresh = Fresh::new();
    let (lease, _) = accept(&fresh, arrival(1, code(), First::Hold)).await;
    accept(&fresh, arrival(2, code(), send())).await;
    let next = Next::Send {
        carrier: carrier("a"),
        if_opted_out: (DeliveryStatus::Failed, Reason::OptedOut),
    };
    assert_eq!(
        fresh.record_attempt(&lease, None, next, NOW).await.unwrap(),
        Recorded::Fenced
    );
    assert_eq!(
        fresh.ask::<u32>("SELECT count(*) FROM attempts WHERE number = 1"),
        1,
        "only the newer one's"
    );
}

/// A copy of it may be out: replaced or not, nobody can say that it was not sent.
#[tokio::test]
async fn one_that_may_have_been_sent_ends_as_unknown() {
    let fresh = Fresh::new();
    let (lease, _) = accept(&fresh, arrival(1, code(), send())).await;
    let wait = Next::Leave {
        next_at: after(seconds(5)),
        backoff: None,
    };
    fresh
        .record_attempt(&lease, Some(ended(1, OutcomeClass::Ambiguous)), wait, NOW)
        .await
        .unwrap();
    accept(&fresh, arrival(2, code(), send())).await;
    let view = record(&fresh, 1).await.view;
    assert_eq!(
        (view.status, view.reason),
        (DeliveryStatus::Unknown, Some(Reason::OutcomeUnknown))
    );
}

/// Who told a carrier to stop is not offered to it again for a day; other carriers are not asked
/// for him by us.
#[tokio::test]
async fn an_opted_out_recipient_is_left_alone_for_a_day() {
    let fresh = Fresh::new();
    let (lease, _) = accept(&fresh, arrival(1, message(), send())).await;
    let end = Next::End {
        status: DeliveryStatus::Failed,
        reason: Reason::OptedOut,
    };
    fresh
        .record_attempt(&lease, Some(ended(1, OutcomeClass::OptedOut)), end, NOW)
        .await
        .unwrap();

    let (_, open) = accept(&fresh, arrival(2, message(), send())).await;
    assert_eq!(open, None, "no attempt is made");
    let view = record(&fresh, 2).await.view;
    assert_eq!(
        (view.status, view.reason),
        (DeliveryStatus::Failed, Some(Reason::OptedOut))
    );
    assert!(view.attempts.is_empty());

    let day = Duration::from_hours(24);
    let later = NewMessage {
        deadline: Deadline::at(after(day * 2)),
        ..message()
    };
    let (_, open) = accept(
        &fresh,
        Arrival {
            now: after(day),
            ..arrival(3, later, send())
        },
    )
    .await;
    assert!(open.is_some(), "after a day the carrier is asked again");
}
