//! The sockets, bound before any work begins.

mod incoming;
mod link;
mod tls;

pub(crate) use incoming::incoming;
pub(crate) use link::Link;
pub(crate) use tls::server_tls;

use crate::config::{Config, Listen};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use tokio::net::{TcpListener, UnixListener, UnixSocket};

/// The mode of the socket's file: this user and its group may connect, and whoever may connect may try tokens.
const MODE: u32 = 0o660;
/// The number of connections that may wait to be accepted: Linux's default (`net.core.somaxconn`).
const BACKLOG: u32 = 4096;

/// Both listening sockets.
pub struct Listeners {
    /// gRPC.
    pub grpc: GrpcListener,
    /// Health and metrics.
    pub admin: TcpListener,
}

/// The socket gRPC is served on.
pub enum GrpcListener {
    /// TCP.
    Tcp(TcpListener),
    /// A Unix domain socket, whose file goes with the listener.
    Unix(UnixListener, SocketFile),
}

/// Removes the socket's file when it is dropped.
pub struct SocketFile(PathBuf);

impl SocketFile {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Listeners {
    /// Binds what the settings say. Port 0 takes any free port; ask [`Listeners::address`] which.
    pub async fn bind(config: &Config) -> io::Result<Self> {
        let grpc = match &config.listen {
            Listen::Tcp(address) => GrpcListener::Tcp(named(address, TcpListener::bind(address).await)?),
            Listen::Unix(path) => bind_unix(path).await?,
        };
        let admin = named(&config.admin_listen, TcpListener::bind(config.admin_listen).await)?;
        Ok(Self { grpc, admin })
    }

    /// Where gRPC is served, if that is TCP.
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.grpc {
            GrpcListener::Tcp(listener) => listener.local_addr().ok(),
            GrpcListener::Unix(..) => None,
        }
    }
}

fn named<T>(address: &SocketAddr, result: io::Result<T>) -> io::Result<T> {
    result.map_err(|error| io::Error::new(error.kind(), format!("{address}: {error}")))
}

/// A socket file that nobody listens on is a dead process's.
async fn bind_unix(path: &Path) -> io::Result<GrpcListener> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let socket = std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    if socket && tokio::net::UnixStream::connect(path).await.is_err() {
        std::fs::remove_file(path).map_err(named)?;
    }
    let socket = narrow(path).map_err(named)?;
    let file = SocketFile(path.to_path_buf());
    // As wide as configured, where the umask took something away.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(MODE)).map_err(named)?;
    let listener = socket.listen(BACKLOG).map_err(named)?;
    Ok(GrpcListener::Unix(listener, file))
}

/// Binds a socket whose file is at no moment wider than [`MODE`]: Linux gives the file the mode that the socket has when
/// it is bound, less the umask.
fn narrow(path: &Path) -> io::Result<UnixSocket> {
    let socket = UnixSocket::new_stream()?;
    rustix::fs::fchmod(&socket, rustix::fs::Mode::from_raw_mode(MODE))?;
    socket.bind(path)?;
    Ok(socket)
}

#[cfg(test)]
mod tests;
