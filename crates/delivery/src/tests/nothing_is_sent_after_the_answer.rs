//! A caller that has an answer, or has gone, gets no SMS afterwards; nor does a late message.

use super::*;
use aldis_delivery_api::ErrorKind;

/// The caller hangs up while the first carrier works: the second is never asked.
#[tokio::test]
async fn a_caller_that_left_fences_its_message() {
    let (first, gate) = Gate::new(Class::Temporary);
    let (second, calls) = answers(&[Class::Accepted]);
    let service = Setup::lanes(vec![first, second]).start().await;
    let client = service.client();
    let calling = client.clone();
    let call = tokio::spawn(async move { calling.send(message(), PATIENCE).await });
    gate.begun().await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    let id = service.ask::<String>("SELECT id FROM messages").parse().unwrap();
    // On the same connection: these come after the hang-up.
    for _ in 0..3 {
        assert_eq!(client.message(&id).await.unwrap().status, DeliveryStatus::Sending);
    }
    gate.let_go();
    let life = service.until(id, &[DeliveryStatus::Cancelled]).await;
    assert_eq!(life.reason, Some(Reason::Fenced));
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

/// What was on the wire when the time ran out may have arrived: the answer says so, and it stays so.
#[tokio::test]
async fn a_lost_answer_is_unknown_and_goes_nowhere_else() {
    let (first, _gate) = Gate::new(Class::Accepted); // never let go
    let (second, calls) = answers(&[Class::Accepted]);
    let service = Setup::lanes(vec![first, second]).start().await;
    let error = service
        .client()
        .send(message(), Duration::from_millis(1_200))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused(Reason::OutcomeUnknown));
    let life = service
        .client()
        .message(&error.message_id.unwrap())
        .await
        .unwrap();
    assert_eq!(life.status, DeliveryStatus::Unknown);
    assert_eq!(outcomes(&life), [("c0", Some(OutcomeClass::Ambiguous))]);
    assert_eq!(calls.load(Ordering::SeqCst), 0);
    assert_eq!(
        service.ask::<u32>("SELECT count(*) FROM messages WHERE body IS NOT NULL"),
        0
    );
}

#[tokio::test]
async fn where_the_route_says_so_a_lost_answer_goes_to_one_more() {
    let (first, _) = answers(&[Class::Ambiguous]);
    let (second, _) = answers(&[Class::Ambiguous]);
    let (third, calls) = answers(&[Class::Accepted]);
    let setup = Setup {
        route: "lost_answer = \"next_carrier\"",
        ..Setup::lanes(vec![first, second, third])
    };
    let service = setup.start().await;
    let error = service.client().send(message(), PATIENCE).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused(Reason::OutcomeUnknown));
    assert_eq!(calls.load(Ordering::SeqCst), 0, "at most one copy more");
}

#[tokio::test]
async fn a_message_without_time_is_refused_before_anything() {
    let (script, calls) = answers(&[Class::Accepted]);
    let service = Setup::lanes(vec![script]).start().await;
    let late = NewMessage {
        deadline: Deadline::at(clock::now().plus(Duration::from_millis(500))),
        ..message()
    };
    let error = service.client().send(late, PATIENCE).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused(Reason::DeadlineExceeded));
    let hurried = service
        .client()
        .send(message(), Duration::from_millis(500))
        .await
        .unwrap_err();
    assert_eq!(hurried.kind, ErrorKind::Timeout);
    assert_eq!(calls.load(Ordering::SeqCst), 0);
    assert_eq!(service.ask::<u32>("SELECT count(*) FROM messages"), 0);
}

/// The last look is directly before the wire: a place at the carrier may come too late.
#[tokio::test]
async fn waiting_for_a_place_does_not_make_it_late() {
    use crate::carriers::Handover;
    use crate::deliver::Caller;
    use crate::store::{Held, Open};
    let (script, calls) = answers(&[Class::Accepted]);
    let folder = tempfile::tempdir().unwrap();
    let mut setup = Setup::lanes(vec![script]);
    let config = setup.config(folder.path());
    let metrics = Metrics::new(&mut Registry::default());
    let lanes = config
        .carriers
        .iter()
        .cloned()
        .zip(std::mem::take(&mut setup.lanes))
        .collect();
    let carriers = Carriers::scripted(lanes, metrics);
    let open = Open {
        number: 1,
        carrier: CarrierName::parse("c0").unwrap(),
    };
    let id = MessageId::from_parts(clock::now(), [1; 10]);
    let client = aldis_message::ClientName::parse("edge").unwrap();
    let held = Held {
        id,
        client,
        message: NewMessage {
            deadline: Deadline::at(clock::now()),
            ..message()
        },
    };
    let handover = Handover {
        held: &held,
        open: &open,
        caller: &Caller::Nobody,
        callback_urls: &crate::receipts::CallbackUrls::for_tests(),
    };
    let pinned = carriers.pin(&open.carrier).unwrap();
    let late = carriers.submit(pinned, handover).await;
    assert_eq!(late.class, OutcomeClass::Expired);
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}
