//! Promise 2: the same key is the same SMS, whenever it is repeated.

use super::*;
use aldis_delivery_api::ErrorKind;

#[tokio::test]
async fn at_the_same_moment_everybody_gets_the_one_answer() {
    let (script, gate) = Gate::new(Class::Accepted);
    let service = Setup::lanes(vec![script]).start().await;
    let calls: Vec<_> = (0..5)
        .map(|_| {
            let client = service.client();
            let message = NewMessage {
                deadline: Deadline::at(clock::now().plus(PATIENCE * 9)),
                ..keyed("k")
            };
            tokio::spawn(async move { client.send(message, PATIENCE).await.unwrap() })
        })
        .collect();
    gate.begun().await;
    gate.let_go();
    let mut ids = std::collections::BTreeSet::new();
    let mut replayed = 0;
    for call in calls {
        let sent = call.await.unwrap();
        assert_eq!(sent.message.status, DeliveryStatus::Submitted);
        ids.insert(sent.message.id);
        replayed += usize::from(sent.replayed);
    }
    assert_eq!((ids.len(), replayed), (1, 4));
    assert_eq!(service.ask::<u32>("SELECT count(*) FROM attempts"), 1);
}

#[tokio::test]
async fn later_the_first_answer_comes_again_be_it_yes_or_no() {
    let (script, calls) = answers(&[Class::Accepted, Class::InvalidNumber]);
    let service = Setup::lanes(vec![script]).start().await;
    let client = service.client();
    let first = client.send(keyed("yes"), PATIENCE).await.unwrap();
    let again = client.send(keyed("yes"), PATIENCE).await.unwrap();
    assert_eq!(again.message, first.message);
    assert!(again.replayed);

    let no = client.send(keyed("no"), PATIENCE).await.unwrap_err();
    assert_eq!(no.kind, ErrorKind::Refused(Reason::InvalidNumber));
    assert_eq!(client.send(keyed("no"), PATIENCE).await.unwrap_err(), no);
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

/// An answer does not change because the carriers are in trouble now.
#[tokio::test]
async fn a_repetition_is_answered_while_nothing_can_be_sent() {
    let (script, _) = answers(&[Class::Accepted, Class::Unauthorized]);
    let service = Setup::lanes(vec![script]).start().await;
    let client = service.client();
    let first = client.send(keyed("k"), PATIENCE).await.unwrap();
    let refused = client.send(message(), PATIENCE).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Refused(Reason::CarrierUnauthorized));
    let again = client.send(keyed("k"), PATIENCE).await.unwrap();
    assert_eq!(again.message, first.message);
}

#[tokio::test]
async fn other_content_under_the_same_key_is_a_conflict() {
    let (script, calls) = answers(&[Class::Accepted]);
    let service = Setup::lanes(vec![script]).start().await;
    let client = service.client();
    let first = client.send(keyed("k"), PATIENCE).await.unwrap();
    let body = MessageBody::parse("Your code is 314159".to_owned()).unwrap();
    let error = client
        .send(NewMessage { body, ..keyed("k") }, PATIENCE)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::IdempotencyConflict);
    assert_eq!(error.message_id, Some(first.message.id));
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}
