//! The addresses of this machine, as its kernel has them at the moment.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// The addresses of this machine, or at least those of `some` that are. Asked anew each time: they come and go.
pub(super) fn among(some: &[IpAddr]) -> Vec<IpAddr> {
    // A service may be denied the sockets by which the kernel lists them (`RestrictAddressFamilies=` of systemd); nobody
    // but this machine can bind its addresses.
    addresses().unwrap_or_else(|_| {
        let here = |address: &IpAddr| UdpSocket::bind((*address, 0)).is_ok();
        some.iter().map(IpAddr::to_canonical).filter(here).collect()
    })
}

/// Returns the addresses of all interfaces.
fn addresses() -> io::Result<Vec<IpAddr>> {
    let mut first = std::ptr::null_mut();
    // SAFETY: the kernel's list is written to `first`, and freed below.
    if unsafe { libc::getifaddrs(&raw mut first) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let mut found = Vec::new();
    let mut at = first;
    // SAFETY: an entry of the list, which is alive until it is freed, or null at its end.
    while let Some(entry) = unsafe { at.as_ref() } {
        // SAFETY: the entry's own address, of the family that it says, or null.
        found.extend(unsafe { address(entry.ifa_addr) });
        at = entry.ifa_next;
    }
    // SAFETY: what `getifaddrs` made; nothing of it is kept.
    unsafe { libc::freeifaddrs(first) };
    Ok(found)
}

/// # Safety
/// `socket` is null, or an address as long as its family says.
unsafe fn address(socket: *const libc::sockaddr) -> Option<IpAddr> {
    // SAFETY: every address begins with its family.
    let family = unsafe { socket.as_ref() }?.sa_family;
    match i32::from(family) {
        libc::AF_INET => {
            // SAFETY: of that family; nothing is assumed about alignment.
            let v4 = unsafe { socket.cast::<libc::sockaddr_in>().read_unaligned() };
            Some(Ipv4Addr::from(v4.sin_addr.s_addr.to_ne_bytes()).into())
        }
        libc::AF_INET6 => {
            // SAFETY: as above.
            let v6 = unsafe { socket.cast::<libc::sockaddr_in6>().read_unaligned() };
            Some(Ipv6Addr::from(v6.sin6_addr.s6_addr).into())
        }
        _ => None,
    }
}
