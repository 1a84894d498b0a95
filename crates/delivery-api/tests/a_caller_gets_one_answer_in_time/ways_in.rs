//! The addresses and tokens that lead to delivery, and those that cannot.

use crate::stand_in::StandIn;
use crate::{PLENTY, client, endpoint, message};
use aldis_delivery_api::{ClientIdentity, ClientTls, ClientToken, DeliveryClient, Endpoint, EndpointError};
use tokio::net::UnixListener;
use tokio_stream::wrappers::UnixListenerStream;

#[tokio::test]
async fn the_token_travels_as_a_bearer() {
    let delivery = StandIn::default();
    client(&delivery.serve().await)
        .send(message(None), PLENTY)
        .await
        .expect("an answer");
    let (metadata, _) = delivery.asked().remove(0);
    assert_eq!(metadata.get("authorization").expect("a token"), "Bearer a-token");
}

#[tokio::test]
async fn a_unix_socket() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("delivery.sock");
    let listener = UnixListener::bind(&path).expect("a socket");
    let delivery = StandIn::default();
    tokio::spawn(
        delivery
            .router()
            .serve_with_incoming(UnixListenerStream::new(listener)),
    );
    client(&format!("unix:{}", path.display()))
        .send(message(None), PLENTY)
        .await
        .expect("an answer");
    assert_eq!(delivery.asked().len(), 1);
}

fn refused(endpoint: &Endpoint) -> EndpointError {
    DeliveryClient::connect_lazy(endpoint).expect_err("refused")
}

#[tokio::test]
async fn an_address_of_another_form_is_refused_at_once() {
    for uri in [
        "",
        "127.0.0.1:50051",
        "localhost",
        "ftp://127.0.0.1",
        "http://",
        "http:///path",
        "http://127.0.0.1:50051/path",
        "http://127.0.0.1:50051/?query",
        "unix:",
        "unix:relative",
        "http://a b",
    ] {
        assert!(matches!(refused(&endpoint(uri)), EndpointError::Uri), "{uri:?}");
    }
}

#[tokio::test]
async fn nothing_crosses_a_network_unencrypted_unless_that_is_permitted() {
    for uri in [
        "http://10.1.2.3:50051",
        "http://delivery:50051",
        "http://localhost.example.com:50051",
        "http://0.0.0.0:50051",
        "http://[2001:db8::1]:50051",
        "http://[::ffff:10.1.2.3]:50051",
        "http://127.0.0.1@192.0.2.1:50051",
    ] {
        let error = refused(&endpoint(uri));
        assert!(matches!(error, EndpointError::Plaintext), "{uri}: {error}");
        let permitted = Endpoint {
            allow_plaintext: true,
            ..endpoint(uri)
        };
        assert!(DeliveryClient::connect_lazy(&permitted).is_ok(), "{uri}");
    }
    for uri in [
        "http://127.0.0.1:50051",
        "http://127.9.9.9:50051",
        "http://LocalHost:50051",
        "http://[::1]:50051",
        "http://[::ffff:127.0.0.1]:50051",
        "https://delivery.example.com",
        "unix:/run/aldis/delivery.sock",
    ] {
        assert!(DeliveryClient::connect_lazy(&endpoint(uri)).is_ok(), "{uri}");
    }
}

#[tokio::test]
async fn a_token_no_header_can_carry_is_refused_and_not_shown() {
    for token in ["", "two words", "line\nbreak", "schlüssel"] {
        let endpoint = Endpoint {
            token: ClientToken::new(token),
            ..endpoint("http://127.0.0.1:1")
        };
        let error = refused(&endpoint);
        assert!(matches!(error, EndpointError::Token), "{error}");
        assert!(token.is_empty() || !error.to_string().contains(token));
    }
}

#[tokio::test]
async fn tls_settings_are_checked_at_once() {
    let with = |uri, tls| Endpoint {
        tls: Some(tls),
        ..endpoint(uri)
    };
    let plain = with("http://127.0.0.1:1", ClientTls::default());
    assert!(matches!(refused(&plain), EndpointError::TlsWithoutHttps));
    let socket = with("unix:/run/x", ClientTls::default());
    assert!(matches!(refused(&socket), EndpointError::TlsWithoutHttps));

    let missing = "/nonexistent/ca.pem";
    let authority = ClientTls {
        ca_certificate: Some(missing.into()),
        ..ClientTls::default()
    };
    let error = refused(&with("https://127.0.0.1:1", authority));
    assert!(error.to_string().starts_with(missing), "{error}");

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("not.pem");
    std::fs::write(&file, "not a certificate").expect("a file");
    let identity = ClientIdentity {
        certificate: file.clone(),
        key: file,
    };
    let error = refused(&with(
        "https://127.0.0.1:1",
        ClientTls {
            identity: Some(identity),
            ..ClientTls::default()
        },
    ));
    assert!(matches!(error, EndpointError::Tls(_)), "{error}");
    assert!(!error.to_string().contains("not a certificate"));
}
