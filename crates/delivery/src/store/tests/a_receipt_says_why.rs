//! A receipt's reason is seen by whoever sent the message, and one that says that the recipient opted out counts as an
//! answer that does.

use super::*;
use aldis_message::ReceiptState;

fn opted_out(carrier_id: &str) -> News {
    News::Receipt(Receipt {
        carrier_id: carrier_id.to_owned(),
        part: 0,
        state: ReceiptState::Undelivered,
        is_final: true,
        class: Some(OutcomeClass::OptedOut),
        code: Some("21610".to_owned()),
        carrier_time: None,
    })
}

async fn tell(store: &Store, news: News) {
    let at = after(seconds(5));
    store.keep(&carrier("a"), vec![news], None, at).await.unwrap();
}

async fn submit(store: &Store) -> Lease {
    accept(store, arrival(1, message(), send())).await.0
}

async fn accepted(store: &Store, lease: &Lease) {
    let ended = Some(ended(1, OutcomeClass::Accepted));
    let recorded = store.record_attempt(lease, ended, Next::Submitted, after(seconds(6)));
    recorded.await.unwrap();
}

async fn sends_nothing_more(store: &Store) {
    let (_, open) = accept(store, arrival(2, message(), send())).await;
    assert_eq!(open, None, "not through the carrier they told to stop");
    let (_, open) = accept(store, arrival(3, message(), First::Send(carrier("b")))).await;
    assert!(open.is_some(), "another carrier knows nothing of it");
    let tomorrow = Arrival {
        now: after(Duration::from_hours(25)),
        ..arrival(4, message(), send())
    };
    let (_, open) = accept(store, tomorrow).await;
    assert!(open.is_some(), "a carrier's word counts for a day");
}

#[tokio::test]
async fn an_opt_out_counts() {
    let fresh = Fresh::new();
    let lease = submit(&fresh).await;
    accepted(&fresh, &lease).await;
    tell(&fresh, opted_out("SM1")).await;
    let view = record(&fresh, 1).await.view;
    assert_eq!(view.status, DeliveryStatus::Undelivered);
    assert_eq!(view.attempts[0].receipts[0].class, Some(OutcomeClass::OptedOut));
    sends_nothing_more(&fresh).await;
}

#[tokio::test]
async fn also_one_that_comes_before_the_answer() {
    let fresh = Fresh::new();
    let lease = submit(&fresh).await;
    tell(&fresh, opted_out("SM1")).await;
    assert_eq!(fresh.ask::<u32>("SELECT count(*) FROM suppressions"), 0);
    accepted(&fresh, &lease).await;
    sends_nothing_more(&fresh).await;
}
