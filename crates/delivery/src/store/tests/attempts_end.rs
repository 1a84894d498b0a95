//! An attempt does not stay open once its message is out of everybody's hands: it ends with its own outcome where
//! somebody hears it, and with the next start where nobody does.

use super::*;
use aldis_message::ReceiptState;

/// Sets the stage: attempt 1 was lost and attempt 2 is on the wire when a receipt says that attempt 1 arrived.
async fn settled_meanwhile(store: &Store) -> Lease {
    let (lease, _) = accept(store, arrival(1, message(), send())).await;
    let lost = Ended {
        carrier_ids: Vec::new(),
        code: None,
        ..ended(1, OutcomeClass::Ambiguous)
    };
    let next = Next::Send {
        carrier: carrier("b"),
        if_opted_out: (DeliveryStatus::Failed, Reason::OptedOut),
    };
    let second = store.record_attempt(&lease, Some(lost), next, NOW).await.unwrap();
    assert!(
        matches!(second, Recorded::Opened(Open { number: 2, .. })),
        "{second:?}"
    );
    let news = News::Receipt(Receipt {
        carrier_id: "SM1".to_owned(),
        part: 0,
        state: ReceiptState::Delivered,
        is_final: true,
        class: None,
        code: None,
        carrier_time: None,
    });
    store
        .keep(
            &carrier("a"),
            vec![news],
            Some(Hint::Proved(id(1))),
            after(seconds(1)),
        )
        .await
        .unwrap();
    lease
}

fn second(class: OutcomeClass) -> Ended {
    Ended {
        attempt: Open {
            number: 2,
            carrier: carrier("b"),
        },
        code: Some("b-7".to_owned()),
        carrier_ids: vec!["B1".to_owned()],
        ..ended(2, class)
    }
}

#[tokio::test]
async fn with_what_its_carrier_says() {
    for class in [
        OutcomeClass::Accepted,
        OutcomeClass::Temporary,
        OutcomeClass::Ambiguous,
    ] {
        let fresh = Fresh::new();
        let lease = settled_meanwhile(&fresh).await;
        let view = record(&fresh, 1).await.view;
        assert_eq!(view.status, DeliveryStatus::Delivered);
        assert_eq!(view.attempts[1].outcome, None, "it is on the wire");

        let ended_at = after(seconds(2));
        let told = fresh
            .record_attempt(&lease, Some(second(class)), Next::Submitted, ended_at)
            .await
            .unwrap();
        assert_eq!(told, Recorded::Fenced);
        let view = record(&fresh, 1).await.view;
        assert_eq!(view.status, DeliveryStatus::Delivered);
        let attempt = &view.attempts[1];
        assert_eq!(
            (attempt.outcome, attempt.finished_at),
            (Some(class), Some(ended_at))
        );
        assert_eq!(
            (attempt.code.as_deref(), attempt.carrier_message_ids.as_slice()),
            (Some("b-7"), &["B1".to_owned()][..])
        );
        assert_eq!(
            fresh.ask::<Option<String>>("SELECT late FROM attempts WHERE number = 2"),
            None
        );
    }
}

#[tokio::test]
async fn with_the_next_start_where_nobody_hears() {
    let mut fresh = Fresh::new();
    settled_meanwhile(&fresh).await;
    // Of a message in a living hand, and one that is over.
    accept(&fresh, arrival(2, message(), send())).await;
    fresh.crash("run-1").await;
    let left = fresh.leftovers(None, 10).await.unwrap();
    assert_eq!(left.len(), 1, "the settled one is in nobody's hand");
    let now = after(seconds(9));
    let ended = fresh.end_attempts(None, 10, now).await.unwrap();
    assert_eq!(ended, [Key::from(id(1).to_string().as_str())]);
    let view = record(&fresh, 1).await.view;
    assert_eq!(view.status, DeliveryStatus::Delivered);
    let attempt = &view.attempts[1];
    assert_eq!(
        (attempt.outcome, attempt.finished_at),
        (Some(OutcomeClass::Ambiguous), Some(now))
    );
    assert_eq!(
        record(&fresh, 2).await.view.attempts[0].outcome,
        None,
        "that is recovery's"
    );
    assert!(fresh.end_attempts(None, 10, now).await.unwrap().is_empty());

    // An answer that comes later still is kept, once.
    fresh
        .keep_late(id(1), second(OutcomeClass::Accepted), now)
        .await
        .unwrap();
    let late = "SELECT late FROM attempts WHERE number = 2";
    assert_eq!(fresh.ask::<Option<String>>(late).as_deref(), Some("accepted"));
}

/// The attempts are more than one page of them.
#[tokio::test]
async fn page_after_page() {
    let mut fresh = Fresh::new();
    for number in 1..=5 {
        accept(&fresh, arrival(number, message(), send())).await;
    }
    let settle = "UPDATE messages SET state = 'delivered', owner = NULL, body = NULL, attributes = NULL";
    rusqlite::Connection::open(fresh.path())
        .unwrap()
        .execute(settle, [])
        .unwrap();
    fresh.crash("run-1").await;
    let mut after = None;
    let mut pages = Vec::new();
    loop {
        let ended = fresh.end_attempts(after, 2, NOW).await.unwrap();
        pages.push(ended.len());
        let Some(last) = ended.last() else { break };
        after = Some(last.clone());
    }
    assert_eq!(pages, [2, 2, 1, 0]);
    assert_eq!(
        fresh.ask::<u32>("SELECT count(*) FROM attempts WHERE outcome IS NULL"),
        0
    );
}
