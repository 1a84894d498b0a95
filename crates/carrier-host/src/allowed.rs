//! Where a carrier may send: the hosts it declares and the one its settings name, over TLS.

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
    /// `None`: the default port of https; any port on loopback.
    port: Option<u16>,
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
        // `Url` drops a port that is the scheme's own; https on 443 is what `None` means too.
        self.0.push(Rule {
            host: host.to_owned(),
            port: url.port(),
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
        self.0.push(Rule {
            host: host.to_owned(),
            port: url.port_or_known_default(),
        });
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
    pub(crate) fn allows(&self, url: &Url) -> bool {
        let Some(host) = url.host() else { return false };
        let loopback = is_loopback(&host);
        let scheme = url.scheme() == "https" || (url.scheme() == "http" && loopback);
        scheme
            && !has_userinfo(url)
            && self.0.iter().any(|rule| {
                rule.host == host.to_owned()
                    && match rule.port {
                        Some(port) => url.port_or_known_default() == Some(port),
                        None => loopback || url.port().is_none(),
                    }
            })
    }
}

fn has_userinfo(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// `localhost` is the name that RFC 6761 section 6.3 binds to loopback.
fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => IpAddr::V4(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::V6(*address).is_loopback(),
    }
}
