//! The kernel's side of a link: what it has not got rid of, and how to have it drop that.

use rustix::net::sockopt::set_socket_linger;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::Duration;
use tokio::net::TcpStream;

/// A second handle of a link's socket, which may be below TLS.
pub(super) struct Socket(OwnedFd);

impl Socket {
    pub(super) fn of(tcp: &TcpStream) -> io::Result<Self> {
        tcp.as_fd().try_clone_to_owned().map(Self)
    }

    /// Returns how many bytes the other side's TCP has not acknowledged; 0 where the kernel does not say.
    pub(super) fn unacknowledged(&self) -> u64 {
        let mut bytes: libc::c_int = 0;
        // SAFETY: it writes one int (tcp(7), SIOCOUTQ, which is TIOCOUTQ).
        let told = unsafe { libc::ioctl(self.0.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
        if told == 0 {
            u64::try_from(bytes).unwrap_or(0)
        } else {
            0
        }
    }

    /// Once every handle is closed, the kernel drops what it has, and resets the connection (socket(7), `SO_LINGER` of 0):
    /// otherwise it would deliver that whenever the other side reads again.
    pub(super) fn forget(&self) {
        let _ = set_socket_linger(&self.0, Some(Duration::ZERO));
    }
}
