//! Addresses that are not the internet's: of this machine, of a network behind the same wall, or of nobody. Pure.
//!
//! The tables follow the registries of special-purpose addresses (RFC 6890:
//! <https://www.iana.org/assignments/iana-ipv4-special-registry>,
//! <https://www.iana.org/assignments/iana-ipv6-special-registry>).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[cfg(test)]
mod tests;

type Block<A> = (A, u32, &'static str);

const fn v4(a: u8, b: u8, c: u8, d: u8, length: u32, word: &'static str) -> Block<Ipv4Addr> {
    (Ipv4Addr::new(a, b, c, d), length, word)
}

const V4: [Block<Ipv4Addr>; 17] = [
    v4(127, 0, 0, 0, 8, "loopback"),
    v4(0, 0, 0, 0, 8, "this machine's (RFC 1122)"),
    v4(10, 0, 0, 0, 8, "private (RFC 1918)"),
    v4(172, 16, 0, 0, 12, "private (RFC 1918)"),
    v4(192, 168, 0, 0, 16, "private (RFC 1918)"),
    // Clouds answer there with the credentials of the machine: 169.254.169.254.
    v4(169, 254, 0, 0, 16, "link-local (RFC 3927)"),
    // Also the metadata of Alibaba Cloud, 100.100.100.200.
    v4(100, 64, 0, 0, 10, "shared by a provider's customers (RFC 6598)"),
    // Also the metadata of Oracle Cloud, 192.0.0.192.
    v4(192, 0, 0, 0, 24, "for protocols (RFC 6890)"),
    // <https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16>
    v4(168, 63, 129, 16, 32, "of Azure's own services"),
    v4(192, 0, 2, 0, 24, "for documentation (RFC 5737)"),
    v4(198, 51, 100, 0, 24, "for documentation (RFC 5737)"),
    v4(203, 0, 113, 0, 24, "for documentation (RFC 5737)"),
    v4(192, 88, 99, 0, 24, "of 6to4 relays (RFC 7526)"),
    v4(198, 18, 0, 0, 15, "for benchmarks (RFC 2544)"),
    v4(224, 0, 0, 0, 4, "multicast (RFC 5771)"),
    v4(255, 255, 255, 255, 32, "broadcast (RFC 8190)"),
    v4(240, 0, 0, 0, 4, "reserved (RFC 1112)"),
];

const fn v6(start: [u16; 3], length: u32, word: &'static str) -> Block<Ipv6Addr> {
    let [a, b, c] = start;
    (Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), length, word)
}

const V6: [Block<Ipv6Addr>; 9] = [
    (Ipv6Addr::LOCALHOST, 128, "loopback"),
    (Ipv6Addr::UNSPECIFIED, 128, "this machine's (RFC 4291)"),
    // Also the metadata of Amazon, fd00:ec2::254, and Google, fd20:ce::254.
    v6([0xfc00, 0, 0], 7, "private (RFC 4193)"),
    v6([0xfe80, 0, 0], 10, "link-local (RFC 4291)"),
    v6([0xff00, 0, 0], 8, "multicast (RFC 4291)"),
    v6([0x64, 0xff9b, 1], 48, "of a local translator (RFC 8215)"),
    v6([0x2001, 0xdb8, 0], 32, "for documentation (RFC 3849)"),
    v6([0x3fff, 0, 0], 20, "for documentation (RFC 9637)"),
    // Teredo (RFC 4380), benchmarks (RFC 5180), ORCHID (RFC 7343).
    v6([0x2001, 0, 0], 23, "for protocols (RFC 2928)"),
];

/// Says why an address is no carrier's; `None`: it is one of the internet's.
pub(crate) fn near(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => near_v4(address),
        IpAddr::V6(address) => near_v6(address),
    }
}

fn near_v4(address: Ipv4Addr) -> Option<&'static str> {
    let within = |block: Ipv4Addr, length| (address.to_bits() ^ block.to_bits()) >> (32 - length) == 0;
    let found = V4.iter().find(|(block, length, _)| within(*block, *length));
    found.map(|(_, _, word)| *word)
}

fn near_v6(address: Ipv6Addr) -> Option<&'static str> {
    // A shift by 128 would be none.
    let within = |block: Ipv6Addr, length: u32| {
        (address.to_bits() ^ block.to_bits())
            .checked_shr(128 - length)
            .unwrap_or(0)
            == 0
    };
    let found = V6.iter().find(|(block, length, _)| within(*block, *length));
    if let Some((_, _, word)) = found {
        return Some(word);
    }
    if let Some(inside) = inside(address) {
        return near_v4(inside);
    }
    // RFC 4291 section 2.4: what IANA gives out so far.
    let global = within(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
    (!global).then_some("not one that is given out (RFC 4291)")
}

/// The IPv4 address that one of IPv6 leads to: mapped and compatible (RFC 4291 section 2.5.5), translated (RFC 6052
/// section 2.1) and 6to4 (RFC 3056 section 2).
fn inside(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [first, second, third, ..] = address.segments();
    if first == 0x2002 {
        return Some(Ipv4Addr::from_bits(u32::from(second) << 16 | u32::from(third)));
    }
    let low = || {
        let [.., a, b, c, d] = address.octets();
        Ipv4Addr::new(a, b, c, d)
    };
    let translated = address.segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0];
    address.to_ipv4().or_else(|| translated.then(low))
}
