//! Promise 7: overload is answered with advice, before anything is stored.

use super::*;
use aldis_delivery_api::ErrorKind;

#[tokio::test]
async fn one_too_many_is_told_when_to_come_back() {
    let (script, gate) = Gate::new(Class::Accepted);
    let service = Setup {
        keys: "max_in_flight = 1".to_owned(),
        ..Setup::lanes(vec![script])
    }
    .start()
    .await;
    let client = service.client();
    let first = tokio::spawn(async move { client.send(message(), PATIENCE).await });
    gate.begun().await;
    let error = service.client().send(message(), PATIENCE).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Overloaded);
    assert!(error.retryable() && error.retry_after.is_some(), "{error:?}");
    assert_eq!(
        service.ask::<u32>("SELECT count(*) FROM messages"),
        1,
        "only the first"
    );
    gate.let_go();
    assert!(first.await.unwrap().is_ok());
    gate.let_go();
    assert!(
        service.client().send(message(), PATIENCE).await.is_ok(),
        "the place is free again"
    );
}

/// A carrier that hangs holds its own places only.
#[tokio::test]
async fn a_carrier_that_hangs_does_not_hold_up_the_others() {
    let (hanging, gate) = Gate::new(Class::Accepted);
    let (other, _) = answers(&[Class::Accepted]);
    let service = Setup::lanes(vec![hanging, other]).start().await;
    let mut held = Vec::new();
    for _ in 0..8 {
        held.push(
            service
                .client()
                .send(stored(), PATIENCE)
                .await
                .unwrap()
                .message
                .id,
        );
        gate.begun().await;
    }
    let sent = service.client().send(message(), PATIENCE).await.unwrap();
    assert_eq!(sent.message.status, DeliveryStatus::Submitted);
    let expected = [
        ("c0", Some(OutcomeClass::RateLimited)),
        ("c1", Some(OutcomeClass::Accepted)),
    ];
    assert_eq!(outcomes(&sent.message), expected);
}

#[tokio::test]
async fn a_request_larger_than_any_message_is_not_read() {
    let (script, calls) = answers(&[Class::Accepted]);
    let service = Setup::lanes(vec![script]).start().await;
    let large = std::iter::repeat_n("x".repeat(500), 32).enumerate();
    let attributes = Attributes::parse(large.map(|(index, value)| (format!("key-{index}"), value))).unwrap();
    let fits = service
        .client()
        .send(
            NewMessage {
                attributes,
                ..message()
            },
            PATIENCE,
        )
        .await;
    assert!(
        fits.is_ok(),
        "the largest message that can be said is taken: {fits:?}"
    );
    let mut raw =
        aldis_delivery_api::wire::message_service_client::MessageServiceClient::connect(service.uri.clone())
            .await
            .unwrap();
    let request = aldis_delivery_api::wire::SendMessageRequest {
        text: "x".repeat(70_000),
        ..Default::default()
    };
    let mut request = tonic::Request::new(request);
    request
        .metadata_mut()
        .insert("authorization", format!("Bearer {EDGE}").parse().unwrap());
    let status = raw.send_message(request).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::OutOfRange, "{status:?}");
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}
