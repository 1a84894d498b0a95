//! A message goes to a carrier whose certificate somebody trusted vouches for, and to nobody else.

use crate::stage::{CLOCK, library, submission};
use crate::wire;
use aldis_carrier_host::{Class, Events, HttpEngine, HttpOptions, Instance, InstanceOptions, Report};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

/// A server whose certificate has that name, and its CA in PEM.
fn server(name: &str) -> (Arc<ServerConfig>, String) {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a CA");
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
    let certificate = params.signed_by(&key, &ca).expect("a certificate");
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .expect("a server");
    (Arc::new(config), ca.pem())
}

/// On loopback; answers each request with 201.
fn carrier(name: &str) -> (String, String) {
    let (config, ca) = server(name);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
    let base_url = format!("https://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
            let mut stream = StreamOwned::new(connection, stream);
            // A client that does not trust us hangs up here.
            let mut request = [0; 4096];
            if stream.read(&mut request).is_ok_and(|count| count > 0) {
                let answer = b"HTTP/1.1 201 Created\r\nconnection: close\r\ncontent-length: 3\r\n\r\nSM1";
                drop(stream.write_all(answer).and_then(|()| stream.flush()));
            }
        }
    });
    (base_url, ca)
}

fn engine(ca_certificate: Option<PathBuf>) -> HttpEngine {
    let options = HttpOptions {
        ca_certificate,
        ..HttpOptions::default()
    };
    HttpEngine::new(options).expect("an engine")
}

async fn send(base_url: &str, ca_certificate: Option<PathBuf>) -> Report {
    let options = InstanceOptions {
        name: "acme".into(),
        settings: json!({ "base_url": base_url }),
        secrets: Vec::new(),
        callback_base_url: None,
        clock: || CLOCK,
        worker_threads: aldis_carrier_host::worker::THREADS,
    };
    let instance = Instance::create(&library("plain"), options, engine(ca_certificate)).expect("an instance");
    instance.submit(submission("Hello")).await
}

#[tokio::test]
async fn the_operators_own_ca_is_trusted_besides_the_systems() {
    let (base_url, ca) = carrier("127.0.0.1");
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), ca).expect("written");
    let report = send(&base_url, Some(file.path().to_owned())).await;
    assert_eq!(
        (report.class, report.carrier_ids.as_slice()),
        (Class::Accepted, &["SM1".to_owned()][..])
    );
}

#[tokio::test]
async fn a_stranger_hears_nothing() {
    let (base_url, _) = carrier("127.0.0.1");
    let report = send(&base_url, None).await;
    assert_eq!(
        (report.class, report.code.as_deref()),
        (Class::Temporary, Some("1003"))
    );
    assert!(!report.request_written);
}

#[tokio::test]
async fn a_certificate_for_another_name_is_a_strangers() {
    let (base_url, ca) = carrier("sms.example.com");
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), ca).expect("written");
    let report = send(&base_url, Some(file.path().to_owned())).await;
    assert_eq!(
        (report.code.as_deref(), report.request_written),
        (Some("1003"), false)
    );
}

/// What the carrier gets to hear on a link that expects `wanted` in its certificate; `None`: they hung up.
async fn heard_on_a_link(certified: &str, wanted: &str, trusted: bool) -> Option<String> {
    let (config, ca) = server(certified);
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), ca).expect("written");
    let (listener, mut settings) = wire::carrier().await;
    settings["tls"] = json!(wanted);
    let options = InstanceOptions {
        name: "acme".into(),
        settings,
        secrets: Vec::new(),
        callback_base_url: None,
        clock: || CLOCK,
        worker_threads: aldis_carrier_host::worker::THREADS,
    };
    let engine = engine(trusted.then(|| file.path().to_owned()));
    let instance = Instance::create(&library("wire"), options, engine).expect("an instance");
    let events: Arc<dyn Events> = Arc::new(wire::Desk::default());
    instance.start(&events);
    let (stream, _) = listener.accept().await.expect("a connection");
    let tls = tokio_rustls::TlsAcceptor::from(config)
        .accept(stream)
        .await
        .ok()?;
    wire::Peer::new(tls).heard().await
}

#[tokio::test]
async fn a_link_is_held_to_the_same() {
    let name = "smpp.example.com";
    assert_eq!(
        heard_on_a_link(name, name, true).await.as_deref(),
        Some("HI main")
    );
    assert_eq!(heard_on_a_link(name, name, false).await, None);
    assert_eq!(heard_on_a_link(name, "other.example.com", true).await, None);
}
