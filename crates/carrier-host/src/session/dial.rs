//! TCP and TLS connections to carriers.

use super::plan::Plan;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Connects links, trusting the same certificates as the HTTP client. Clones share the list.
#[derive(Clone)]
pub(crate) struct Dialer {
    /// `None`: no certificate can be trusted.
    tls: Option<TlsConnector>,
    connect_timeout: Duration,
}

/// A connection, with or without TLS.
pub(super) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Wire for S {}

impl Dialer {
    /// `extra` is trusted besides the system's certificates.
    pub(crate) fn new(
        extra: &[CertificateDer<'static>],
        connect_timeout: Duration,
    ) -> Result<Self, rustls::Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let tls = verifier(extra, &provider)?.map(|verifier| {
            let builder = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()?
                .dangerous()
                .with_custom_certificate_verifier(verifier);
            Ok::<_, rustls::Error>(TlsConnector::from(Arc::new(builder.with_no_client_auth())))
        });
        Ok(Self {
            tls: tls.transpose()?,
            connect_timeout,
        })
    }

    /// Connects, TLS included, or tells in words for the operator why not.
    pub(super) async fn dial(&self, plan: &Plan) -> Result<Box<dyn Wire>, String> {
        let limit = self.connect_timeout;
        match timeout(limit, self.connect(plan)).await {
            Ok(Ok(wire)) => Ok(wire),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no connection within {} ms", limit.as_millis())),
        }
    }

    async fn connect(&self, plan: &Plan) -> io::Result<Box<dyn Wire>> {
        let tcp = TcpStream::connect((plan.host.as_str(), plan.port)).await?;
        // A message is one small write; Nagle's delay would hold it back for the last one's answer.
        tcp.set_nodelay(true)?;
        let Some(name) = plan.tls.clone() else {
            return Ok(Box::new(tcp));
        };
        let tls = self
            .tls
            .as_ref()
            .ok_or_else(|| io::Error::other("no certificate of the system is trusted"))?;
        Ok(Box::new(tls.connect(name, tcp).await?))
    }
}

/// The system's certificates and the operator's; a bare container has only the latter, or none.
fn verifier(
    extra: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ServerCertVerifier>>, rustls::Error> {
    if let Ok(verifier) = Verifier::new_with_extra_roots(extra.iter().cloned(), Arc::clone(provider)) {
        return Ok(Some(Arc::new(verifier)));
    }
    if extra.is_empty() {
        return Ok(None);
    }
    let mut roots = RootCertStore::empty();
    for certificate in extra {
        roots.add(certificate.clone())?;
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
    let verifier = verifier.map_err(|error| rustls::Error::General(error.to_string()))?;
    Ok(Some(verifier))
}
