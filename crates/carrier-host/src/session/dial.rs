//! TCP and TLS connections to carriers.

use super::plan::Plan;
use super::socket::Socket;
use crate::guard::Guard;
use rustls::ClientConfig;
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
    guard: Guard,
    connect_timeout: Duration,
}

/// A connection, with or without TLS.
pub(super) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Wire for S {}

impl Dialer {
    /// Without `tls` no certificate can be trusted.
    pub(crate) fn new(tls: Option<ClientConfig>, guard: Guard, connect_timeout: Duration) -> Self {
        Self {
            tls: tls.map(|tls| TlsConnector::from(Arc::new(tls))),
            guard,
            connect_timeout,
        }
    }

    /// Connects, TLS included, or tells in words for the operator why not.
    pub(super) async fn dial(&self, plan: &Plan) -> Result<(Box<dyn Wire>, Socket), String> {
        let limit = self.connect_timeout;
        match timeout(limit, self.connect(plan)).await {
            Ok(Ok(dialed)) => Ok(dialed),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no connection within {} ms", limit.as_millis())),
        }
    }

    async fn connect(&self, plan: &Plan) -> io::Result<(Box<dyn Wire>, Socket)> {
        let found = self.guard.addresses(plan.named, &plan.host, plan.port).await;
        let tcp = TcpStream::connect(&found.map_err(io::Error::other)?[..]).await?;
        // A message is one small write; Nagle's delay would hold it back for the last one's answer.
        tcp.set_nodelay(true)?;
        let socket = Socket::of(&tcp)?;
        let Some(name) = plan.tls.clone() else {
            return Ok((Box::new(tcp), socket));
        };
        let tls = self
            .tls
            .as_ref()
            .ok_or_else(|| io::Error::other("no certificate of the system is trusted"))?;
        Ok((Box::new(tls.connect(name, tcp).await?), socket))
    }
}

#[cfg(test)]
mod tests;
