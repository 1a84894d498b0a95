//! How a carrier is reached: over TCP, through the operator's proxy unless it is on this machine, with TLS, in time.

use http::{HeaderValue, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
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

/// Where names become addresses.
pub(super) type Lookup = fn(String) -> Soon<Vec<SocketAddr>, io::Error>;

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

/// Makes the connections of the client, which has a clone for each request.
#[derive(Clone)]
pub(super) struct Reach {
    connector: Arc<HttpsConnector<Way>>,
    within: Duration,
}

impl Reach {
    pub(super) fn new(tls: &ClientConfig, proxy: Option<Proxy>, within: Duration, lookup: Lookup) -> Self {
        let mut direct = HttpConnector::new_with_resolver(Resolver(lookup));
        direct.enforce_http(false);
        // A message is one small write; Nagle's delay would hold it back for the last one's answer.
        direct.set_nodelay(true);
        let secured = |connector: HttpConnector<Resolver>| {
            HttpsConnectorBuilder::new()
                .with_tls_config(tls.clone())
                .https_or_http()
                .enable_http1()
                .wrap_connector(connector)
        };
        let proxied = proxy.map(|proxy| {
            let tunnel = Tunnel::new(proxy.address, secured(direct.clone()));
            match proxy.login {
                Some(login) => tunnel.with_auth(login),
                None => tunnel,
            }
        });
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls.clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(Way { direct, proxied });
        Self {
            connector: Arc::new(connector),
            within,
        }
    }
}

impl Service<Uri> for Reach {
    type Response = MaybeHttpsStream<Wire>;
    type Error = Fault;
    type Future = Soon<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        // Nothing below has a limit of its own.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let mut connector = HttpsConnector::clone(&self.connector);
        let (connecting, within) = (connector.call(to), self.within);
        Box::pin(async move {
            timeout(within, connecting)
                .await
                .unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))
        })
    }
}

/// Below TLS: straight, or through the proxy.
#[derive(Clone)]
struct Way {
    direct: HttpConnector<Resolver>,
    proxied: Option<Tunnel<HttpsConnector<HttpConnector<Resolver>>>>,
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
                let connecting = self.direct.call(to);
                Box::pin(async move { Ok(MaybeHttpsStream::Http(connecting.await?)) })
            }
        }
    }
}

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

/// As the system says.
pub(super) fn system(name: String) -> Soon<Vec<SocketAddr>, io::Error> {
    Box::pin(async move {
        let name = name
            .parse::<Name>()
            .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(GaiResolver::new().call(name).await?.collect())
    })
}

/// Marks what went wrong there.
#[derive(Clone)]
struct Resolver(Lookup);

/// A name has no address.
#[derive(Debug, thiserror::Error)]
#[error("the name was not found")]
pub(super) struct NotFound(#[source] io::Error);

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = NotFound;
    type Future = Soon<Self::Response, NotFound>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NotFound>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let found = (self.0)(name.as_str().to_owned());
        Box::pin(async move { found.await.map(Vec::into_iter).map_err(NotFound) })
    }
}

#[cfg(test)]
mod tests;
