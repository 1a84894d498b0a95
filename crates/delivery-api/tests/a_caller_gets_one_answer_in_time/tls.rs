//! With `https`, delivery must show a certificate that is trusted, and may ask for the client's.

use crate::stand_in::StandIn;
use crate::{PLENTY, endpoint, message};
use aldis_delivery_api::{
    ClientIdentity, ClientTls, DeliveryClient, DeliveryError, Endpoint, ErrorKind, Sent,
};
use aldis_message::Reason;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};

/// An authority, and what it signed.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("an authority");
        Self {
            issuer,
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    fn sign(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }

    fn certificate(&self) -> PathBuf {
        self.file("ca.pem", &self.issuer.pem())
    }

    fn client(&self) -> ClientIdentity {
        let (certificate, key) = self.sign("edge");
        ClientIdentity {
            certificate: self.file("client.pem", &certificate),
            key: self.file("client.key", &key),
        }
    }
}

/// Serves with a certificate for that name, and asks clients for one of `clients` if given.
async fn serve(authority: &Authority, name: &str, clients: Option<&Authority>) -> String {
    let (certificate, key) = authority.sign(name);
    let mut tls = ServerTlsConfig::new().identity(Identity::from_pem(certificate, key));
    if let Some(clients) = clients {
        tls = tls.client_ca_root(Certificate::from_pem(clients.issuer.pem()));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let service =
        aldis_delivery_api::wire::message_service_server::MessageServiceServer::new(StandIn::default());
    let router = Server::builder()
        .tls_config(tls)
        .expect("TLS")
        .add_service(service);
    tokio::spawn(router.serve_with_incoming(TcpListenerStream::new(listener)));
    format!("https://localhost:{port}")
}

async fn send(uri: &str, tls: ClientTls) -> Result<Sent, DeliveryError> {
    send_within(uri, tls, PLENTY).await
}

async fn send_within(uri: &str, tls: ClientTls, within: Duration) -> Result<Sent, DeliveryError> {
    let endpoint = Endpoint {
        tls: Some(tls),
        ..endpoint(uri)
    };
    DeliveryClient::connect_lazy(&endpoint)
        .expect("a usable endpoint")
        .send(message(None), within)
        .await
}

fn trusting(ca: &Path) -> ClientTls {
    ClientTls {
        ca_certificate: Some(ca.to_owned()),
        ..ClientTls::default()
    }
}

#[tokio::test]
async fn a_certificate_of_the_named_authority_is_trusted() {
    let authority = Authority::new();
    let uri = serve(&authority, "localhost", None).await;
    send(&uri, trusting(&authority.certificate()))
        .await
        .expect("an answer");
}

#[tokio::test]
async fn no_other_certificate_is() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let uri = serve(&stranger, "localhost", None).await;
    let error = send(&uri, trusting(&authority.certificate()))
        .await
        .expect_err("a stranger");
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
}

#[tokio::test]
async fn the_name_in_it_counts() {
    let authority = Authority::new();
    let uri = serve(&authority, "delivery.internal", None).await;
    let error = send(&uri, trusting(&authority.certificate()))
        .await
        .expect_err("another name");
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
    let named = ClientTls {
        server_name: Some("delivery.internal".to_owned()),
        ..trusting(&authority.certificate())
    };
    send(&uri, named).await.expect("an answer");
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_asked_for() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let uri = serve(&authority, "localhost", Some(&clients)).await;
    let error = send(&uri, trusting(&authority.certificate()))
        .await
        .expect_err("no certificate shown");
    // TLS 1.3 refuses it after the client's side of the handshake is over (RFC 8446 section 4.4.2.4), when the request may
    // have been written.
    let unknown = ErrorKind::Refused(Reason::OutcomeUnknown);
    assert_eq!(error.kind, unknown, "{error}");
    let known = ClientTls {
        identity: Some(clients.client()),
        ..trusting(&authority.certificate())
    };
    send(&uri, known).await.expect("an answer");
}

/// Connecting is part of the caller's time, though no library's call timeout counts it.
#[tokio::test]
async fn a_handshake_that_never_ends_ends_with_the_callers_time() {
    let authority = Authority::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let uri = format!(
        "https://localhost:{}",
        listener.local_addr().expect("an address").port()
    );
    let within = Duration::from_millis(250);
    let error = send_within(&uri, trusting(&authority.certificate()), within)
        .await
        .expect_err("silence");
    assert_eq!(error.kind, ErrorKind::Refused(Reason::OutcomeUnknown), "{error}");
}
