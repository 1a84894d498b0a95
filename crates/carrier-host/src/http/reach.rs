//! How a carrier is reached: over TCP, through the operator's proxy unless it is on this machine, with TLS, in time.

use crate::guard::{Astray, Guard, Lookup, Named};
use http::{HeaderValue, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower_service::Service;

type Fault = Box<dyn Error + Send + Sync>;
type Soon<T, E = Fault> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;
type Wire = MaybeHttpsStream<TokioIo<TcpStream>>;

/// The operator's proxy.
#[derive(Clone)]
pub(super) struct Proxy {
    address: Uri,
    login: Option<HeaderValue>,
}

impl Proxy {
    /// Reads `http://user:password@proxy.internal:3128`. `None`: it is no such address.
    pub(super) fn read(address: &str) -> Option<Self> {
        let url = url::Url::parse(address).ok()?;
        if !matches!(url.scheme(), "http" | "https") || !matches!(url.path(), "" | "/") {
            return None;
        }
        let port = url.port_or_known_default()?;
        let authority = format!("{}:{port}", url.host_str().filter(|host| !host.is_empty())?);
        let builder = Uri::builder().scheme(url.scheme()).authority(authority);
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            (user, password) => Some(login(user, password.unwrap_or_default())?),
        };
        Some(Self {
            address: builder.path_and_query("/").build().ok()?,
            login,
        })
    }
}

/// RFC 7617; user and password stand percent-encoded in a URL.
fn login(user: &str, password: &str) -> Option<HeaderValue> {
    let plain = |text: &str| {
        let pair = format!("x={}", text.replace('+', "%2B"));
        let decoded = url::form_urlencoded::parse(pair.as_bytes()).next();
        decoded.map(|(_, text)| text.into_owned())
    };
    let words = format!("{}:{}", plain(user)?, plain(password)?);
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, words);
    let mut value = HeaderValue::from_str(&format!("Basic {encoded}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Makes the connections of the client. Clones share what they need.
#[derive(Clone)]
pub(super) struct Reach {
    /// The connector to hosts that the operator named.
    free: Arc<HttpsConnector<Way>>,
    /// The connector to hosts that a library named.
    guarded: Arc<HttpsConnector<Way>>,
    within: Duration,
}

impl Reach {
    pub(super) fn new(tls: &ClientConfig, proxy: Option<Proxy>, within: Duration, guard: Guard) -> Self {
        let direct = tcp(Resolver(guard.lookup()));
        let proxied = proxy.map(|proxy| {
            let tunnel = Tunnel::new(proxy.address, secured(tls, direct.clone()));
            match proxy.login {
                Some(login) => tunnel.with_auth(login),
                None => tunnel,
            }
        });
        let way = |guard| Way {
            direct: direct.clone(),
            proxied: proxied.clone(),
            guard,
        };
        Self {
            free: Arc::new(secured(tls, way(None))),
            guarded: Arc::new(secured(tls, way(Some(guard)))),
            within,
        }
    }

    /// A connection to the host of this address, which somebody named.
    pub(super) async fn call(&self, to: Uri, named: Named) -> Result<MaybeHttpsStream<Wire>, Fault> {
        let connector = match named {
            Named::ByOperator => &self.free,
            Named::ByLibrary => &self.guarded,
        };
        let connecting = HttpsConnector::clone(connector).call(to);
        timeout(self.within, connecting)
            .await
            .unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))
    }
}

fn secured<C>(tls: &ClientConfig, connector: C) -> HttpsConnector<C> {
    HttpsConnectorBuilder::new()
        .with_tls_config(tls.clone())
        .https_or_http()
        .enable_http1()
        .wrap_connector(connector)
}

fn tcp<R>(resolver: R) -> HttpConnector<R> {
    let mut connector = HttpConnector::new_with_resolver(resolver);
    connector.enforce_http(false);
    // A message is one small write; Nagle's delay would hold it back for the last one's answer.
    connector.set_nodelay(true);
    connector
}

/// Below TLS: straight, or through the proxy.
#[derive(Clone)]
struct Way {
    direct: HttpConnector<Resolver>,
    proxied: Option<Tunnel<HttpsConnector<HttpConnector<Resolver>>>>,
    /// Looks at where names lead. Through the proxy it is the proxy that looks them up.
    guard: Option<Guard>,
}

impl Service<Uri> for Way {
    type Response = Wire;
    type Error = Fault;
    type Future = Soon<Wire>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        match &mut self.proxied {
            // A carrier on this machine is a test or a neighbour; a proxy elsewhere cannot reach it.
            Some(tunnel) if !is_here(&to) => {
                let connecting = tunnel.call(to);
                Box::pin(async move { connecting.await.map_err(Fault::from) })
            }
            _ => {
                if let Some(guard) = self.guard.clone() {
                    return Box::pin(async move { Ok(MaybeHttpsStream::Http(guarded(&guard, to).await?)) });
                }
                let connecting = self.direct.call(to);
                Box::pin(async move { Ok(MaybeHttpsStream::Http(connecting.await?)) })
            }
        }
    }
}

/// One connection to one of the addresses that the guard let pass.
async fn guarded(guard: &Guard, to: Uri) -> Result<TokioIo<TcpStream>, Fault> {
    let host = to.host().unwrap_or_default();
    let port = to.port_u16().unwrap_or(HTTPS);
    let passed = guard.addresses(Named::ByLibrary, host, port).await?;
    Ok(tcp(Passed(passed)).call(to).await?)
}

/// The default port of https: a library's hosts are reached by nothing else.
const HTTPS: u16 = 443;

fn is_here(to: &Uri) -> bool {
    let host = to.host().unwrap_or_default();
    let address = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>();
    address.map_or(host.eq_ignore_ascii_case("localhost"), |address| {
        address.is_loopback()
    })
}

/// Looks names up, and marks what went wrong there.
#[derive(Clone)]
struct Resolver(Lookup);

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Astray;
    type Future = Soon<Self::Response, Astray>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Astray>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let found = (self.0)(name.as_str().to_owned());
        Box::pin(async move { found.await.map(Vec::into_iter).map_err(Astray::NotFound) })
    }
}

/// Looks nothing up any more.
#[derive(Clone)]
struct Passed(Vec<SocketAddr>);

impl Service<Name> for Passed {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Astray;
    type Future = std::future::Ready<Result<Self::Response, Astray>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Astray>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        std::future::ready(Ok(self.0.clone().into_iter()))
    }
}

#[cfg(test)]
mod tests;
