//! A connection that says nothing, or stops before HTTP/2 has begun, takes nobody's place and does not stay.

use super::*;
use aldis_delivery_api::ClientTls;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// The preface of HTTP/2 (RFC 9113 section 3.4), which a SETTINGS frame must follow.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The bound of a wait, longer than connections have to begin.
const IN_TIME: Duration = Duration::from_secs(20);

fn setup(keys: &str) -> Setup {
    Setup {
        keys: format!("max_connections = 8\n{keys}"),
        ..Setup::lanes(vec![answers(&[Class::Accepted]).0])
    }
}

async fn closed(mut stream: impl AsyncRead + Unpin) -> bool {
    let mut rest = Vec::new();
    timeout(IN_TIME, stream.read_to_end(&mut rest)).await.is_ok()
}

/// A way to a service that counts who goes by.
async fn counted(to: String) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            counting.fetch_add(1, Ordering::SeqCst);
            let mut server = TcpStream::connect(&to).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
        }
    });
    (uri, count)
}

#[tokio::test]
async fn they_make_room_and_a_client_keeps_its_connection() {
    let service = setup("").start().await;
    let at = service.uri.trim_start_matches("http://").to_owned();
    let (uri, connections) = counted(at.clone()).await;
    let client = DeliveryClient::connect_lazy(&Endpoint {
        uri,
        token: ClientToken::new(EDGE),
        tls: None,
        allow_plaintext: false,
    })
    .unwrap();
    assert!(client.send(message(), PATIENCE).await.is_ok());
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(TcpStream::connect(&at).await.unwrap());
    }
    assert!(
        client.send(message(), PATIENCE).await.is_ok(),
        "one that was there"
    );
    assert_eq!(connections.load(Ordering::SeqCst), 1, "on the connection it had");
    assert!(
        service.client().send(message(), PATIENCE).await.is_ok(),
        "a new one"
    );
    let page = service.page("/metrics").await;
    let line = "aldis_connections_closed_total{listener=\"grpc\"} ";
    let count = page.lines().find_map(|has| has.strip_prefix(line)).unwrap();
    assert!(count.parse::<usize>().unwrap() > 90, "{count}");
    assert!(service.page("/readyz").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn they_are_closed_in_time() {
    let service = setup("").start().await;
    let at = service.uri.trim_start_matches("http://").to_owned();
    let mut closing = Vec::new();
    for said in [b"", &PREFACE[..3], PREFACE] {
        let mut stream = TcpStream::connect(&at).await.unwrap();
        stream.write_all(said).await.unwrap();
        closing.push(tokio::spawn(closed(stream)));
    }
    let admin = TcpStream::connect(service.admin).await.unwrap();
    closing.push(tokio::spawn(closed(admin)));
    for closing in closing {
        assert!(closing.await.unwrap());
    }
}

#[tokio::test]
async fn so_they_are_on_a_socket_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("delivery.sock");
    let service = Setup {
        listen: Some(format!("unix:{}", path.display())),
        ..setup("")
    }
    .start()
    .await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(UnixStream::connect(&path).await.unwrap());
    }
    assert!(service.client().send(message(), PATIENCE).await.is_ok());
    assert!(closed(silent.pop().unwrap()).await);
}

#[tokio::test]
async fn so_they_are_before_and_behind_tls() {
    let folder = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let (pem, key_pem) = (folder.path().join("tls.pem"), folder.path().join("tls.key"));
    std::fs::write(&pem, certificate.pem()).unwrap();
    std::fs::write(&key_pem, key.serialize_pem()).unwrap();
    let keys = format!("[tls]\ncertificate = {pem:?}\nkey = {key_pem:?}\n");
    let service = setup(&keys).start().await;
    let at = service.uri.trim_start_matches("http://").to_owned();

    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect(&at).await.unwrap());
    }
    let client = DeliveryClient::connect_lazy(&Endpoint {
        uri: service.uri.replace("http://127.0.0.1", "https://localhost"),
        token: ClientToken::new(EDGE),
        tls: Some(ClientTls {
            ca_certificate: Some(pem.clone()),
            ..ClientTls::default()
        }),
        allow_plaintext: false,
    })
    .unwrap();
    assert!(client.send(message(), PATIENCE).await.is_ok());
    let before = tokio::spawn(closed(silent.pop().unwrap()));

    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(certificate.pem().as_bytes()).unwrap())
        .unwrap();
    let mut config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols.push(b"h2".to_vec());
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TcpStream::connect(&at).await.unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    assert!(closed(stream.unwrap()).await, "TLS alone is no beginning");
    assert!(before.await.unwrap());
}
