//! Whose certificates are believed: the system's, and the operator's own. One list for requests and for links.

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, Error, RootCertStore};
use rustls_platform_verifier::Verifier;
use std::sync::Arc;

/// Of a client that believes `extra` besides the system. `None`: a bare container has no list, and the operator gave none.
pub(crate) fn client(extra: &[CertificateDer<'static>]) -> Result<Option<ClientConfig>, Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let Some(verifier) = verifier(extra, &provider)? else {
        return Ok(None);
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    Ok(Some(builder.with_no_client_auth()))
}

/// Of a client that believes nobody.
pub(crate) fn nobody() -> Result<ClientConfig, Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(RootCertStore::empty());
    Ok(builder.with_no_client_auth())
}

fn verifier(
    extra: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ServerCertVerifier>>, Error> {
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
    let verifier = verifier.map_err(|error| Error::General(error.to_string()))?;
    Ok(Some(verifier))
}
