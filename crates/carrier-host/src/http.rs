//! The one HTTP client of the process: what carriers ask for goes out here, under the host's limits.
//!
//! Nothing of a request (query, headers, body) is logged, and no error of the client is shown: its text may
//! quote a URL.

mod failure;
mod written;

#[cfg(test)]
mod tests;

use crate::allowed::AllowedHosts;
use crate::session::Dialer;
use aldis_carrier::Transport;
use bytes::{Bytes, BytesMut};
use reqwest::header::HeaderMap;
use reqwest::{Certificate, Method, NoProxy, Proxy, Response, Url};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use written::Written;

/// A carrier answers in well under a second; a machine that is not there should not eat the caller's time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Answers to a submission are a few hundred bytes.
const RESPONSE_LIMIT: usize = 256 * 1024;

/// Servers close idle connections after a minute or so. Letting go first avoids sending into a connection that
/// is being closed, which would look like a lost answer.
const POOL_IDLE: Duration = Duration::from_secs(30);

/// How the process reaches carriers.
pub struct HttpOptions {
    /// `http://`, `https://`, with or without user and password. The environment is never asked.
    pub proxy: Option<String>,
    /// Longest wait for a connection, TLS included.
    pub connect_timeout: Duration,
    /// Longest body of an answer, in bytes.
    pub response_limit: usize,
    /// PEM file of certificates trusted besides those of the system.
    pub ca_certificate: Option<PathBuf>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            proxy: None,
            connect_timeout: CONNECT_TIMEOUT,
            response_limit: RESPONSE_LIMIT,
            ca_certificate: None,
        }
    }
}

/// Why there is no HTTP engine.
#[derive(Debug, thiserror::Error)]
pub enum HttpEngineError {
    /// The file could not be read, or holds no certificate.
    #[error("the CA certificate {}: {reason}", path.display())]
    CaCertificate {
        /// The file named in the options.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The address is not one. It is not shown, because it may hold a password.
    #[error("the proxy address is not a URL that can be used")]
    Proxy,
    /// The TLS library refused, for example because the system has no trusted certificates.
    #[error("the HTTP client cannot start: {0}")]
    Client(String),
}

/// One per process: its connections are shared by all carriers. Clones share them too.
#[derive(Clone)]
pub struct HttpEngine {
    client: reqwest::Client,
    response_limit: usize,
    /// Links of sessions trust whom the client trusts.
    dialer: Dialer,
}

impl HttpEngine {
    /// Prepares the client; opens no connection.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the options may hold a password: nobody keeps them"
    )]
    pub fn new(options: HttpOptions) -> Result<Self, HttpEngineError> {
        let extra = options
            .ca_certificate
            .as_deref()
            .map_or_else(|| Ok(Vec::new()), certificates)?;
        let merged = extra
            .iter()
            .map(|der| Certificate::from_der(der))
            .collect::<Result<Vec<_>, _>>();
        let merged = merged.map_err(|error| HttpEngineError::Client(failure::cause(&error)))?;
        let trusting = builder(&options)?.tls_certs_merge(merged.clone()).build();
        let client = match trusting {
            Ok(client) => client,
            // A bare container has no list of trusted certificates. Loopback and the operator's own CA still work.
            Err(error) => {
                let cause = failure::cause(&error);
                tracing::warn!(
                    cause,
                    "no certificate of the system is trusted; carriers over https will fail"
                );
                let lonely = builder(&options)?.tls_certs_only(merged).build();
                lonely.map_err(|error| HttpEngineError::Client(failure::cause(&error)))?
            }
        };
        let dialer = Dialer::new(&extra, options.connect_timeout)
            .map_err(|error| HttpEngineError::Client(error.to_string()))?;
        Ok(Self {
            client,
            response_limit: options.response_limit,
            dialer,
        })
    }

    /// For connections that stay.
    pub(crate) fn dialer(&self) -> &Dialer {
        &self.dialer
    }

    /// One request and its answer, ended by the host after `limit` at the latest.
    pub(crate) async fn exchange(
        &self,
        request: HttpRequest,
        allowed: &AllowedHosts,
        limit: Duration,
    ) -> HttpAnswer {
        let started = Instant::now();
        if !allowed.allows(&request.url) {
            return HttpAnswer::failed(Transport::Blocked, false, started);
        }
        let (body, flag) = written::watch(request.body);
        let mut outgoing = reqwest::Request::new(request.method, request.url);
        *outgoing.headers_mut() = request.headers;
        *outgoing.body_mut() = Some(body);
        let deadline = started + limit;
        match timeout_at(deadline, self.client.execute(outgoing)).await {
            Ok(Ok(response)) => self.read(response, deadline, started).await,
            Ok(Err(error)) => {
                let transport = failure::classify(&error);
                HttpAnswer::failed(transport, may_have_been_written(transport, &flag), started)
            }
            Err(_) => HttpAnswer::failed(Transport::Timeout, flag.is_set(), started),
        }
    }

    /// The head arrived; from here the carrier certainly has the request.
    async fn read(&self, mut response: Response, deadline: Instant, started: Instant) -> HttpAnswer {
        let mut answer = HttpAnswer::failed(Transport::Ok, true, started);
        answer.status = response.status().as_u16();
        answer.headers = std::mem::take(response.headers_mut());
        let mut body = BytesMut::new();
        answer.transport = loop {
            match timeout_at(deadline, response.chunk()).await {
                Ok(Ok(Some(chunk))) if body.len() + chunk.len() > self.response_limit => {
                    break Transport::TooLarge;
                }
                Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
                Ok(Ok(None)) => break Transport::Ok,
                Ok(Err(error)) => break failure::classify(&error),
                Err(_) => break Transport::Timeout,
            }
        };
        if answer.transport == Transport::Ok {
            answer.body = body.freeze();
        }
        answer.elapsed = started.elapsed();
        answer
    }
}

/// Without a connection nothing can have been written, whatever the body saw.
fn may_have_been_written(transport: Transport, flag: &Written) -> bool {
    match transport {
        Transport::Dns | Transport::Connect | Transport::Tls | Transport::Blocked => false,
        _ => flag.is_set(),
    }
}

fn builder(options: &HttpOptions) -> Result<reqwest::ClientBuilder, HttpEngineError> {
    let mut builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        // A repeated request is a second SMS.
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(options.connect_timeout)
        .pool_idle_timeout(POOL_IDLE)
        .user_agent(concat!("aldis/", env!("CARGO_PKG_VERSION")));
    if let Some(address) = &options.proxy {
        let proxy = Proxy::all(address).map_err(|_| HttpEngineError::Proxy)?;
        // A carrier on this machine is a test or a neighbour; a proxy elsewhere cannot reach it.
        builder = builder.proxy(proxy.no_proxy(NoProxy::from_string("localhost,127.0.0.0/8,::1")));
    }
    Ok(builder)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, HttpEngineError> {
    let read = std::fs::read(path).map_err(|error| error.to_string());
    let parsed = read.and_then(|pem| {
        let found: Vec<_> = CertificateDer::pem_slice_iter(&pem)
            .collect::<Result<_, _>>()
            .map_err(|_| "it is not a PEM file of certificates".to_owned())?;
        if found.is_empty() {
            Err("it holds no certificate".to_owned())
        } else {
            Ok(found)
        }
    });
    parsed.map_err(|reason| HttpEngineError::CaCertificate {
        path: path.to_owned(),
        reason,
    })
}

/// What a carrier asked for, parsed.
pub(crate) struct HttpRequest {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What came back, or why nothing did. `status` and `headers` are given as soon as they arrived, even when the
/// body then failed.
pub(crate) struct HttpAnswer {
    pub(crate) transport: Transport,
    /// 0 when no head arrived.
    pub(crate) status: u16,
    /// False only if no byte of the request can have reached the carrier.
    pub(crate) request_written: bool,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) elapsed: Duration,
}

impl HttpAnswer {
    fn failed(transport: Transport, request_written: bool, started: Instant) -> Self {
        Self {
            transport,
            status: 0,
            request_written,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            elapsed: started.elapsed(),
        }
    }
}
