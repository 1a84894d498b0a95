//! The server's side of TLS.

use crate::config::Config;
use aldis_daemon::config::ConfigError;
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::{Error as PemError, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// The protocol identifier of HTTP/2 (RFC 9113 section 3.2); gRPC speaks nothing else.
const ALPN_H2: &[u8] = b"h2";

/// The server's side of TLS from its files, tried out.
pub(crate) fn server_tls(config: &Config) -> Result<Option<TlsAcceptor>, ConfigError> {
    let Some(tls) = &config.tls else { return Ok(None) };
    let read = |key: &str, path: &Path| {
        let read = std::fs::read(path);
        read.map_err(|error| {
            config
                .source
                .fault(key, format!("the file cannot be read: {error}"))
        })
    };
    let certificate = read("tls.certificate", &tls.certificate)?;
    let key = read("tls.key", &tls.key)?;
    let client_ca = tls.client_ca.as_deref().map(|path| read("tls.client_ca", path));
    let client_ca = client_ca.transpose()?;
    // The errors speak of PEM and keys in general, never of their content.
    match acceptor(&certificate, &key, client_ca.as_deref()) {
        Ok(acceptor) => Ok(Some(acceptor)),
        Err(cause) => Err(config.source.fault(
            "tls",
            format!("certificate, key and client_ca do not make TLS: {cause}"),
        )),
    }
}

fn acceptor(certificate: &[u8], key: &[u8], client_ca: Option<&[u8]>) -> Result<TlsAcceptor, String> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(authorities) => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(certificates(authorities, "client_ca")?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider).build();
            builder.with_client_cert_verifier(verifier.map_err(|error| error.to_string())?)
        }
    };
    let chain = certificates(certificate, "certificate")?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| format!("key: {}", words(&error)))?;
    let mut server = builder
        .with_single_cert(chain, key)
        .map_err(|error| error.to_string())?;
    server.alpn_protocols.push(ALPN_H2.to_vec());
    Ok(TlsAcceptor::from(Arc::new(server)))
}

fn certificates(pem: &[u8], key: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err(format!("{key}: no certificate is in the file")),
        Ok(found) => Ok(found),
        Err(error) => Err(format!("{key}: {}", words(&error))),
    }
}

/// Describes the error without its content: some of these errors quote the file.
fn words(error: &PemError) -> &'static str {
    match error {
        PemError::NoItemsFound => "nothing of that kind is in the file",
        PemError::MissingSectionEnd { .. } => "a section has no end",
        PemError::Base64Decode(_) => "the base64 is damaged",
        _ => "this is not PEM",
    }
}
