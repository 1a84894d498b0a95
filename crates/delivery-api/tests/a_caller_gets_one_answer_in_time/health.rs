//! Healthy means that delivery says so, under its own name, in time.

use crate::client;
use crate::stand_in::StandIn;
use aldis_delivery_api::HEALTH_SERVICE;
use aldis_delivery_api::wire::message_service_server::MessageServiceServer;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;

#[tokio::test]
async fn it_follows_what_delivery_says() {
    let (reporter, health) = tonic_health::server::health_reporter();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = StandIn::default().router().add_service(health);
    tokio::spawn(router.serve_with_incoming(TcpListenerStream::new(listener)));
    let client = client(&format!("http://{address}"));

    assert!(!client.healthy().await, "nothing is said of the service yet");
    reporter.set_serving::<MessageServiceServer<StandIn>>().await;
    assert!(
        client.healthy().await,
        "the name is that of the generated service"
    );
    reporter.set_not_serving::<MessageServiceServer<StandIn>>().await;
    assert!(!client.healthy().await);
}

#[test]
fn the_name_is_the_service_of_the_contract() {
    use tonic::server::NamedService;
    assert_eq!(
        HEALTH_SERVICE,
        <MessageServiceServer<StandIn> as NamedService>::NAME
    );
}

#[tokio::test]
async fn nobody_there_is_not_healthy() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    // First a peer that accepts and is silent, then nobody at all.
    assert!(!client(&format!("http://{address}")).healthy().await);
    drop(listener);
    assert!(!client(&format!("http://{address}")).healthy().await);
}
