//! The one HTTP client of the process: what carriers ask for goes out here, under the host's limits.
//!
//! Nothing of a request (query, headers, body) is logged, and no error of the client is shown: its text may
//! quote a URL.

mod connections;
mod failure;
mod reach;

#[cfg(test)]
mod tests;

use crate::allowed::AllowedHosts;
use crate::guard::{Guard, Lookup, system};
use crate::session::Dialer;
use crate::trust;
use aldis_carrier::Transport;
use bytes::{Bytes, BytesMut};
use connections::Connections;
use failure::Failure;
use http::header::{ACCEPT, ACCEPT_ENCODING, HOST, USER_AGENT};
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use http_body::Body as _;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use reach::{Proxy, Reach};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

/// A carrier answers in well under a second; a machine that is not there should not eat the caller's time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Answers to a submission are a few hundred bytes.
const RESPONSE_LIMIT: usize = 256 * 1024;

/// Servers close idle connections after a minute or so. Letting go first avoids sending into a connection that is being
/// closed, which would look like a lost answer.
const IDLE: Duration = Duration::from_secs(30);

const OURSELVES: &str = concat!("aldis/", env!("CARGO_PKG_VERSION"));

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
    /// The lookup of names: the system's, unless a test says otherwise.
    pub lookup: Lookup,
    /// The sockets that this process listens on: no link and no library's host leads there.
    pub listeners: Vec<SocketAddr>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            proxy: None,
            connect_timeout: CONNECT_TIMEOUT,
            response_limit: RESPONSE_LIMIT,
            ca_certificate: None,
            lookup: Arc::new(system),
            listeners: Vec::new(),
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
    connections: Connections,
    response_limit: usize,
    /// Links of sessions trust whom the client trusts.
    dialer: Dialer,
}

impl HttpEngine {
    /// Prepares the client; opens no connection.
    pub fn new(options: HttpOptions) -> Result<Self, HttpEngineError> {
        let extra = options
            .ca_certificate
            .as_deref()
            .map_or_else(|| Ok(Vec::new()), certificates)?;
        let proxy = options
            .proxy
            .as_deref()
            .map(|address| Proxy::read(address).ok_or(HttpEngineError::Proxy));
        let refused = |error: rustls::Error| HttpEngineError::Client(error.to_string());
        let trusting = trust::client(&extra).map_err(refused)?;
        let tls = if let Some(tls) = &trusting {
            tls.clone()
        } else {
            tracing::warn!("no certificate of the system is trusted; carriers over https will fail");
            // Loopback still works.
            trust::nobody().map_err(refused)?
        };
        let guard = Guard::new(options.lookup, options.listeners);
        let reach = Reach::new(&tls, proxy.transpose()?, options.connect_timeout, guard.clone());
        Ok(Self {
            connections: Connections::new(reach, IDLE),
            response_limit: options.response_limit,
            dialer: Dialer::new(trusting, guard, options.connect_timeout),
        })
    }

    /// For connections that stay.
    pub(crate) fn dialer(&self) -> &Dialer {
        &self.dialer
    }

    /// One request and its answer, ended by the host after `limit` at the latest. Nothing is written once `gone` is
    /// cancelled.
    pub(crate) async fn exchange(
        &self,
        request: HttpRequest,
        allowed: &AllowedHosts,
        limit: Duration,
        gone: &CancellationToken,
    ) -> HttpAnswer {
        let started = Instant::now();
        let deadline = started + limit;
        let (Some(named), Some(host)) = (allowed.named(&request.uri), host(&request.uri)) else {
            return HttpAnswer::failed(
                Failure::blocked("it is none of its allowed hosts"),
                false,
                started,
            );
        };
        let mut outgoing = Request::new(Full::new(request.body));
        *outgoing.method_mut() = request.method;
        *outgoing.uri_mut() = target(&request.uri);
        *outgoing.headers_mut() = request.headers;
        let headers = outgoing.headers_mut();
        headers.insert(HOST, host);
        headers
            .entry(USER_AGENT)
            .or_insert(HeaderValue::from_static(OURSELVES));
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        // Without the header any coding is acceptable (RFC 9110 section 12.5.3), and nobody here decodes one.
        headers
            .entry(ACCEPT_ENCODING)
            .or_insert(HeaderValue::from_static("identity"));
        let written = AtomicBool::new(false);
        // The last look before the wire: to connect takes time, and a process may be stopped meanwhile.
        let open = || !gone.is_cancelled() && Instant::now() < deadline;
        let sending = self
            .connections
            .send(&request.uri, named, outgoing, &written, open);
        match timeout_at(deadline, sending).await {
            Ok(Ok((response, line))) => {
                let answer = self.read(response, deadline, started).await;
                if answer.transport == Transport::Ok {
                    self.connections.keep(line, started + answer.elapsed);
                }
                answer
            }
            Ok(Err(failure)) => HttpAnswer::failed(failure, written.into_inner(), started),
            Err(_) => HttpAnswer::failed(Transport::Timeout.into(), written.into_inner(), started),
        }
    }

    /// The head arrived; from here the carrier certainly has the request.
    async fn read(&self, response: Response<Incoming>, deadline: Instant, started: Instant) -> HttpAnswer {
        let (head, body) = response.into_parts();
        let whole = timeout_at(deadline, whole(body, self.response_limit)).await;
        let (transport, body) = match whole.unwrap_or(Err(Transport::Timeout)) {
            Ok(body) => (Transport::Ok, body),
            Err(transport) => (transport, Bytes::new()),
        };
        HttpAnswer {
            transport,
            status: head.status.as_u16(),
            request_written: true,
            headers: head.headers,
            body,
            elapsed: started.elapsed(),
            blocked: None,
        }
    }
}

/// The body, if it is not longer than this.
async fn whole(mut body: Incoming, limit: usize) -> Result<Bytes, Transport> {
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Transport::Reset)?.into_data() else {
            continue;
        };
        if first.len() + all.len() + data.len() > limit {
            return Err(Transport::TooLarge);
        }
        // Mostly there is one piece, which need not be copied.
        if first.is_empty() && all.is_empty() {
            first = data;
            if body.is_end_stream() {
                break;
            }
        } else {
            all.extend_from_slice(&std::mem::take(&mut first));
            all.extend_from_slice(&data);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

/// The `Host` of a request (RFC 9110 section 7.2): without a port that is the scheme's own.
fn host(uri: &Uri) -> Option<HeaderValue> {
    let authority = uri.authority()?.as_str();
    let usual = if uri.scheme() == Some(&Scheme::HTTPS) {
        ":443"
    } else {
        ":80"
    };
    let host = authority.strip_suffix(usual).unwrap_or(authority);
    HeaderValue::from_str(host).ok()
}

/// What stands in the first line of a request (RFC 9112 section 3.2.1).
fn target(uri: &Uri) -> Uri {
    uri.path_and_query().cloned().map(Uri::from).unwrap_or_default()
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
#[derive(Clone)]
pub(crate) struct HttpRequest {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
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
    /// The reason, for the operator, with [`Transport::Blocked`].
    pub(crate) blocked: Option<String>,
}

impl HttpAnswer {
    fn failed(failure: Failure, request_written: bool, started: Instant) -> Self {
        Self {
            transport: failure.transport,
            blocked: failure.blocked,
            status: 0,
            request_written,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            elapsed: started.elapsed(),
        }
    }
}
