//! The listener: TLS that shows a certificate and may ask for the client's, or a socket in a folder.

use super::*;
use aldis_delivery_api::{ClientIdentity, ClientTls, ErrorKind};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Writes `<name>.pem` and `<name>.key`, signed by `authority`.
fn sign(authority: &CertifiedIssuer<'static, KeyPair>, folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let (pem, key_pem) = (
        folder.join(format!("{name}.pem")),
        folder.join(format!("{name}.key")),
    );
    std::fs::write(&pem, certificate.pem()).unwrap();
    std::fs::write(&key_pem, key.serialize_pem()).unwrap();
    (pem, key_pem)
}

fn authority(folder: &Path) -> (CertifiedIssuer<'static, KeyPair>, PathBuf) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let file = folder.join("ca.pem");
    std::fs::write(&file, issuer.pem()).unwrap();
    (issuer, file)
}

#[tokio::test]
async fn only_a_client_with_a_certificate_of_ours_gets_in() {
    let folder = tempfile::tempdir().unwrap();
    let (issuer, ca) = authority(folder.path());
    let (certificate, key) = sign(&issuer, folder.path(), "server");
    let identity = sign(&issuer, folder.path(), "client");
    let (script, calls) = answers(&[Class::Accepted]);
    let keys = format!("[tls]\ncertificate = {certificate:?}\nkey = {key:?}\nclient_ca = {ca:?}\n");
    let service = Setup {
        keys,
        ..Setup::lanes(vec![script])
    }
    .start()
    .await;

    let send = async |identity: Option<ClientIdentity>| {
        let tls = ClientTls {
            ca_certificate: Some(ca.clone()),
            identity,
            server_name: None,
        };
        let uri = service.uri.replace("http://127.0.0.1", "https://localhost");
        let endpoint = Endpoint {
            uri,
            token: ClientToken::new(EDGE),
            tls: Some(tls),
            allow_plaintext: false,
        };
        DeliveryClient::connect_lazy(&endpoint)
            .unwrap()
            .send(message(), PATIENCE)
            .await
    };
    let stranger = send(None).await.unwrap_err();
    // A handshake is over on the client's side before the server looks at its certificate (RFC 8446 section 4.4.2.4), so
    // that the request may have been written; the client does not count on its not having been read.
    let unknown = ErrorKind::Refused(Reason::OutcomeUnknown);
    assert_eq!(stranger.kind, unknown, "{stranger:?}");
    let (certificate, key) = identity;
    let known = send(Some(ClientIdentity { certificate, key })).await.unwrap();
    assert_eq!(known.message.status, DeliveryStatus::Submitted);
    let plain = service.client().send(message(), PATIENCE).await.unwrap_err();
    assert_eq!(plain.kind, unknown, "{plain:?}");
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

/// The file of a process that was killed is in nobody's way; that of a living one is.
#[tokio::test]
async fn a_socket_is_taken_over_from_the_dead_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("delivery.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap()); // leaves its file behind
    let listen = Some(format!("unix:{}", path.display()));
    let (script, _) = answers(&[Class::Accepted]);
    let service = Setup {
        listen,
        ..Setup::lanes(vec![script])
    }
    .start()
    .await;
    assert!(service.client().send(message(), PATIENCE).await.is_ok());
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o660
    );

    let setup = Setup {
        listen: Some(service.uri.clone()),
        ..Setup::default()
    };
    let lanes = Setup::lanes(vec![answers(&[Class::Accepted]).0]);
    let config = Setup {
        listen: setup.listen,
        ..lanes
    }
    .config(folder.path());
    assert!(Listeners::bind(&config).await.is_err(), "somebody listens there");

    service.stop.cancel();
    assert!(service.running.await.unwrap().is_ok());
    assert!(!path.exists(), "a stop takes its file along");
}

#[test]
fn files_that_do_not_make_tls_are_a_fault_of_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    let (issuer, ca) = authority(folder.path());
    let (certificate, _) = sign(&issuer, folder.path(), "server");
    for key in [Path::new("/nowhere/at/all.key"), ca.as_path()] {
        let keys = format!("[tls]\ncertificate = {certificate:?}\nkey = {key:?}\n");
        let config = Setup {
            keys,
            ..Setup::lanes(vec![answers(&[Class::Accepted]).0])
        }
        .config(folder.path());
        let said = crate::listen::server_tls(&config)
            .map(drop)
            .unwrap_err()
            .to_string();
        assert!(said.contains("delivery.toml:") && said.contains("tls"), "{said}");
    }
}
