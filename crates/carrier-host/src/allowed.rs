//! The hosts that a carrier may send to, over TLS: those it declares and the one its settings name. The guard decides
//! which addresses those names may lead to.

use crate::guard::Named;
use crate::guard::near::near;
use http::Uri;
use http::uri::{Authority, Scheme};
use std::net::IpAddr;
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
    named: Named,
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
        // `Url` drops a port that is the scheme's own, but whoever reads the entry has seen it.
        let shown = entry
            .rsplit_once(':')
            .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit()));
        self.0.push(Rule {
            host: host.to_owned(),
            text: host.to_string(),
            port: url.port_or_known_default().filter(|_| shown),
            named: Named::ByLibrary,
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
            named: Named::ByOperator,
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

    /// Returns who allows a link to go there. A rule without a port allows any, since protocols with sessions have
    /// no port of their own; but then TLS has to say who is there. The error ends a sentence about the library.
    pub(crate) fn allows_link(&self, host: &str, port: u16, secured: bool) -> Result<Named, &'static str> {
        const NOWHERE: &str =
            "asks for a link to a host that is neither the setting `host` nor one of its allowed hosts";
        const BARE: &str =
            "asks for a link without TLS to one of its allowed hosts that stands there without a port";
        let host = Host::parse(host).map_err(|_| NOWHERE)?;
        let reached = |rule: &&Rule| rule.host == host && rule.port.is_none_or(|allowed| allowed == port);
        let rules: Vec<_> = self.0.iter().filter(reached).collect();
        let good = |rule: &&&Rule| secured || rule.port.is_some();
        let named = rules.iter().filter(good).map(|rule| rule.named);
        first(named).ok_or(if rules.is_empty() { NOWHERE } else { BARE })
    }

    /// Whether a request may go there. Everything that is not clearly allowed is not.
    pub(crate) fn allows(&self, uri: &Uri) -> bool {
        self.named(uri).is_some()
    }

    /// Returns who named the host of this address; `None`: a request may not go there.
    pub(crate) fn named(&self, uri: &Uri) -> Option<Named> {
        let (scheme, authority) = (uri.scheme()?, uri.authority()?);
        let (usual, secured) = match scheme {
            scheme if *scheme == Scheme::HTTPS => (HTTPS, true),
            scheme if *scheme == Scheme::HTTP => (80, false),
            _ => return None,
        };
        let host = authority.host();
        let port = port(authority, usual)?;
        let rules = self.0.iter().filter(|rule| {
            rule.text.eq_ignore_ascii_case(host)
                && rule.port.unwrap_or(HTTPS) == port
                && (secured || rule.named == Named::ByOperator && is_loopback(&rule.host))
        });
        first(rules.map(|rule| rule.named))
    }
}

/// The operator's word counts for more.
fn first(named: impl Iterator<Item = Named>) -> Option<Named> {
    named.reduce(|one, other| if one == Named::ByOperator { one } else { other })
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
        Host::Ipv4(address) => near(IpAddr::V4(*address)).is_some(),
        Host::Ipv6(address) => near(IpAddr::V6(*address)).is_some(),
    }
}
