//! Who calls is known by its token, and sees its own messages only. Health and reflection are open.

use super::*;
use aldis_delivery_api::ErrorKind;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

async fn service(keys: &'static str) -> (Service, Arc<AtomicUsize>) {
    let (script, calls) = answers(&[Class::Accepted]);
    (
        Setup {
            keys: keys.to_owned(),
            ..Setup::lanes(vec![script])
        }
        .start()
        .await,
        calls,
    )
}

#[tokio::test]
async fn a_wrong_token_reaches_nothing() {
    let (service, calls) = service("").await;
    let stranger = service.client_with("planted-wrong-token");
    let refused = stranger.send(message(), PATIENCE).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Unauthenticated);
    let id = MessageId::from_parts(clock::now(), [1; 10]);
    assert_eq!(
        stranger.message(&id).await.unwrap_err().kind,
        ErrorKind::Unauthenticated
    );
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn another_clients_message_is_not_there() {
    let (service, _) = service("").await;
    let sent = service.client().send(message(), PATIENCE).await.unwrap();
    let other = service
        .client_with(OTHER)
        .message(&sent.message.id)
        .await
        .unwrap_err();
    let absent = service
        .client()
        .message(&MessageId::from_parts(clock::now(), [1; 10]))
        .await
        .unwrap_err();
    assert_eq!(other, absent, "nothing tells them apart");
    assert_eq!(other.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_message_no_route_takes_is_refused_unstored() {
    let (service, _) = service("").await;
    let abroad = NewMessage {
        to: PhoneNumber::parse("+447400123456", None).unwrap(),
        ..message()
    };
    let refused = service.client().send(abroad, PATIENCE).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Refused(Reason::NoRoute));
    assert_eq!(refused.message_id, None);
    assert_eq!(service.ask::<u32>("SELECT count(*) FROM messages"), 0);
}

async fn listed(service: &Service) -> Result<Vec<String>, tonic::Status> {
    let channel = tonic::transport::Endpoint::from_shared(service.uri.clone()).unwrap();
    let mut client = ServerReflectionClient::new(channel.connect().await.unwrap());
    let ask = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut answers = client
        .server_reflection_info(tokio_stream::once(ask))
        .await?
        .into_inner();
    let answer = answers.message().await?.unwrap().message_response.unwrap();
    let MessageResponse::ListServicesResponse(list) = answer else {
        panic!("{answer:?}")
    };
    Ok(list.service.into_iter().map(|service| service.name).collect())
}

#[tokio::test]
async fn health_and_reflection_need_no_token() {
    let (service, _) = service("").await;
    assert!(service.client_with("planted-wrong-token").healthy().await);
    let services = listed(&service).await.unwrap();
    for name in ["aldis.delivery.v1.MessageService", "grpc.health.v1.Health"] {
        assert!(services.iter().any(|listed| listed == name), "{services:?}");
    }
}

#[tokio::test]
async fn reflection_can_be_switched_off() {
    let (service, _) = service("reflection = false").await;
    assert_eq!(
        listed(&service).await.unwrap_err().code(),
        tonic::Code::Unimplemented
    );
    assert!(service.client().healthy().await);
}
