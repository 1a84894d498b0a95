//! Where a carrier may send: the hosts it declares and the one its settings name, over TLS.

use http::Uri;
use http::uri::{Authority, Scheme};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

#[cfg(test)]
mod tests;

/// The allow-list of one instance.
#[derive(Debug, Clone, Default)]
pub(crate) struct AllowedHosts(Vec<Rule>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    host: Host<String>,
    /// The host as it stands in an address.
    text: String,
    /// `None`: the default port of https.
    port: Option<u16>,
    /// What the operator names may be loopback without TLS.
    operators: bool,
}

impl AllowedHosts {
    /// Allows one `host` or `host:port` of a descriptor.
    pub(crate) fn add_host(&mut self, entry: &str) -> Result<(), &'static str> {
        const REASON: &str = "it is not a host name or host:port";
        let url = Url::parse(&format!("https://{entry}/")).map_err(|_| REASON)?;
        let bare =
            url.path() == "/" && url.query().is_none() && url.fragment().is_none() && !has_userinfo(&url);
        let host = url
            .host()
            .filter(|_| bare && !entry.ends_with(['/', '\\']))
            .ok_or(REASON)?;
        if entry.contains('*') {
            return Err("wildcards are not supported");
        }
        if is_near(&host) {
            return Err(
                "a library may not name an address of this machine or of a private network; the operator may, by the \
                 setting base_url or host",
            );
        }
        // `Url` drops a port that is the scheme's own; https on 443 is what `None` means too.
        self.0.push(Rule {
            host: host.to_owned(),
            text: host.to_string(),
            port: url.port(),
            operators: false,
        });
        Ok(())
    }

    /// Allows exactly the host and port of the `base_url` setting.
    pub(crate) fn add_base_url(&mut self, base_url: &str) -> Result<(), &'static str> {
        let url = Url::parse(base_url).map_err(|_| "it is not a URL")?;
        if has_userinfo(&url) {
            return Err("it may not hold a user or a password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("it may not have a query or a fragment");
        }
        let host = url.host().ok_or("it names no host")?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&host) => {}
            "http" => return Err("plain http is allowed on loopback only; use https"),
            _ => return Err("it must begin with https://"),
        }
        let rule = Rule {
            host: host.to_owned(),
            text: host.to_string(),
            port: url.port_or_known_default(),
            operators: true,
        };
        // A library puts its paths behind it, and what stands there is what is sent.
        let alone = Self(vec![rule.clone()]);
        let reached = base_url.bytes().all(|byte| byte.is_ascii_graphic())
            && base_url.parse().is_ok_and(|uri| alone.allows(&uri));
        if !reached {
            return Err(
                "it must be written as it goes over the wire: the host as in xn--bcher-kva.example or 192.0.2.1, the \
                 port as a number, what a URL cannot hold percent-encoded",
            );
        }
        self.0.push(rule);
        Ok(())
    }

    /// Whether a link may go there. A rule without a port allows any: protocols with sessions have no port of their
    /// own.
    pub(crate) fn allows_link(&self, host: &str, port: u16) -> bool {
        let Ok(host) = Host::parse(host) else { return false };
        self.0
            .iter()
            .any(|rule| rule.host == host && rule.port.is_none_or(|allowed| allowed == port))
    }

    /// Whether a request may go there. Everything that is not clearly allowed is not.
    pub(crate) fn allows(&self, uri: &Uri) -> bool {
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return false;
        };
        let (usual, secured) = match scheme {
            scheme if *scheme == Scheme::HTTPS => (HTTPS, true),
            scheme if *scheme == Scheme::HTTP => (80, false),
            _ => return false,
        };
        let host = authority.host();
        let Some(port) = port(authority, usual) else {
            return false;
        };
        self.0.iter().any(|rule| {
            rule.text.eq_ignore_ascii_case(host)
                && rule.port.unwrap_or(HTTPS) == port
                && (secured || rule.operators && is_loopback(&rule.host))
        })
    }
}

/// The default port of https.
const HTTPS: u16 = 443;

/// `None`: a user stands before the host, or a port behind it that is none.
fn port(authority: &Authority, usual: u16) -> Option<u16> {
    let rest = authority.as_str().strip_prefix(authority.host())?;
    if rest.is_empty() {
        return Some(usual);
    }
    let digits = rest.strip_prefix(':')?;
    let plain = digits.bytes().all(|digit| digit.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

fn has_userinfo(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// `localhost` is the name that RFC 6761 section 6.3 binds to loopback.
fn is_loopback<S: AsRef<str>>(host: &Host<S>) -> bool {
    match host {
        Host::Domain(name) => name.as_ref() == "localhost",
        Host::Ipv4(address) => IpAddr::V4(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::V6(*address).is_loopback(),
    }
}

/// This machine, or a neighbour that the internet does not reach: what a library from elsewhere has no business to name.
fn is_near(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            let last = name.rsplit('.').next().unwrap_or_default();
            last == "localhost" || name == "localhost.localdomain"
        }
        Host::Ipv4(address) => is_near_v4(*address),
        Host::Ipv6(address) => is_near_v6(*address),
    }
}

/// RFC 6890, and the shared addresses of RFC 6598.
fn is_near_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_multicast()
        || first == 0
        || (first == 100 && second & 0xc0 == 64)
}

/// RFC 4291, RFC 4193 (`fc00::/7`), and IPv4 in its clothes (also those of RFC 6052).
fn is_near_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let translated = (segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0]).then(|| {
        let [.., a, b, c, d] = address.octets();
        Ipv4Addr::new(a, b, c, d)
    });
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || address.to_ipv4().or(translated).is_some_and(is_near_v4)
}
