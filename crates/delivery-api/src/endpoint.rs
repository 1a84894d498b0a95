//! Where delivery is, and how to get in.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{self, Certificate, Channel, ClientTlsConfig, Identity, Uri};

/// Longer than a handshake across a continent, short enough to leave time to ask again.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// A peer that vanished without a word is noticed after these two.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(5);

/// Where delivery is, and how to get in.
#[derive(Clone)]
pub struct Endpoint {
    /// `http://host:port`, `https://host:port` or `unix:/path`.
    pub uri: String,
    /// The client's token.
    pub token: ClientToken,
    /// How to trust delivery and be trusted by it; only with `https`. None: the system's certificates.
    pub tls: Option<ClientTls>,
    /// Permits `http://` to a host that is not this machine: tokens, codes and numbers then cross the network unencrypted.
    pub allow_plaintext: bool,
}

/// The token that tells delivery which client is calling. It has no `Debug` and no `Display`.
#[derive(Clone)]
pub struct ClientToken(String);

impl ClientToken {
    /// The token as the operator wrote it.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    pub(crate) fn authorization(&self) -> Result<MetadataValue<Ascii>, EndpointError> {
        let fits = !self.0.is_empty() && self.0.bytes().all(|byte| byte.is_ascii_graphic());
        let value = fits.then(|| format!("Bearer {}", self.0).parse().ok()).flatten();
        let mut value: MetadataValue<Ascii> = value.ok_or(EndpointError::Token)?;
        // Kept out of header compression's tables and of anybody's Debug.
        value.set_sensitive(true);
        Ok(value)
    }
}

/// TLS towards delivery. The files are PEM and read once.
#[derive(Debug, Clone, Default)]
pub struct ClientTls {
    /// The authority that delivery's certificate must come from. None: the system's.
    pub ca_certificate: Option<PathBuf>,
    /// The certificate that shows who is calling.
    pub identity: Option<ClientIdentity>,
    /// The name in delivery's certificate, where it is not the host of the URI.
    pub server_name: Option<String>,
}

/// A client certificate and its key.
#[derive(Debug, Clone)]
pub struct ClientIdentity {
    /// The certificate, with its chain.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Why an [`Endpoint`] cannot be used.
#[derive(Debug, Error)]
pub enum EndpointError {
    /// Not one of the three forms.
    #[error("delivery's address must be http://host:port, https://host:port or unix:/path")]
    Uri,
    /// TLS settings with an address that does not use TLS.
    #[error("TLS settings need an https:// address")]
    TlsWithoutHttps,
    /// The address is plain HTTP to another machine.
    #[error(
        "plain http is for this machine: client tokens, codes and numbers would cross the network unencrypted; use \
         https:// or unix:, or permit it (allow_plaintext = true in settings, --allow-plaintext on the command line)"
    )]
    Plaintext,
    /// A token that cannot travel in a header.
    #[error("a client token has visible ASCII characters and at least one")]
    Token,
    /// A PEM file that cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Certificates or a key that TLS cannot use.
    #[error("the TLS settings cannot be used: {0}")]
    Tls(String),
}

impl Endpoint {
    /// A channel that connects when it is first needed, and again whenever it is broken.
    pub(crate) fn channel(&self) -> Result<Channel, EndpointError> {
        let tls = self.check_uri()?;
        let mut endpoint = transport::Endpoint::from_shared(self.uri.clone())
            .map_err(|_| EndpointError::Uri)?
            .connect_timeout(CONNECT_TIMEOUT)
            .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
            .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
            .keep_alive_while_idle(true);
        if tls {
            let config = self
                .tls
                .as_ref()
                .map_or_else(|| Ok(system_roots()), ClientTls::config)?;
            endpoint = endpoint
                .tls_config(config.timeout(CONNECT_TIMEOUT))
                .map_err(|error| EndpointError::Tls(sentence(&error)))?;
        }
        Ok(endpoint.connect_lazy())
    }

    /// Whether the address asks for TLS.
    fn check_uri(&self) -> Result<bool, EndpointError> {
        let tls = if let Some(path) = self.uri.strip_prefix("unix:") {
            if !path.starts_with('/') {
                return Err(EndpointError::Uri);
            }
            false
        } else {
            let uri: Uri = self.uri.parse().map_err(|_| EndpointError::Uri)?;
            let bare = uri.path_and_query().is_none_or(|path| path.as_str() == "/");
            match (uri.scheme_str(), uri.host()) {
                (Some("http"), Some(host)) if bare => {
                    if !is_loopback(host) && !self.allow_plaintext {
                        return Err(EndpointError::Plaintext);
                    }
                    false
                }
                (Some("https"), Some(_)) if bare => true,
                _ => return Err(EndpointError::Uri),
            }
        };
        if self.tls.is_some() && !tls {
            Err(EndpointError::TlsWithoutHttps)
        } else {
            Ok(tls)
        }
    }
}

impl ClientTls {
    fn config(&self) -> Result<ClientTlsConfig, EndpointError> {
        let mut config = match &self.ca_certificate {
            Some(path) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(path)?)),
            None => system_roots(),
        };
        if let Some(identity) = &self.identity {
            config = config.identity(Identity::from_pem(
                read(&identity.certificate)?,
                read(&identity.key)?,
            ));
        }
        if let Some(name) = &self.server_name {
            config = config.domain_name(name.clone());
        }
        Ok(config)
    }
}

/// Whether a URI's host is this machine by its name or address (RFC 6761 section 6.3, RFC 1122 section 3.2.1.3, RFC 4291
/// section 2.5.3).
fn is_loopback(host: &str) -> bool {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    let address = bare.parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost")
        || address.is_ok_and(|address| address.to_canonical().is_loopback())
}

fn system_roots() -> ClientTlsConfig {
    ClientTlsConfig::new().with_enabled_roots()
}

fn read(path: &Path) -> Result<Vec<u8>, EndpointError> {
    std::fs::read(path).map_err(|source| EndpointError::File {
        path: path.to_owned(),
        source,
    })
}

fn sentence(error: &(dyn std::error::Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |&error| error.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
