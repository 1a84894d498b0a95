//! From a link as a library asked for it to one that may be connected. Pure.

use crate::allowed::AllowedHosts;
use crate::border::RawLink;
use crate::guard::Named;
use aldis_carrier::abi::LINK_TLS;
use rustls::pki_types::ServerName;
use std::collections::HashSet;

#[cfg(test)]
mod tests;

/// A connection to keep up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) named: Named,
    /// The name in the certificate; `None`: without TLS.
    pub(crate) tls: Option<ServerName<'static>>,
}

impl Plan {
    /// Checks what the library asked for: every link, or why not. The error ends a sentence about the library.
    pub(crate) fn of_all(
        links: Vec<RawLink>,
        host_setting: Option<&str>,
        allowed: &AllowedHosts,
    ) -> Result<Vec<Self>, String> {
        if links.is_empty() {
            return Err("asks for no link at all".to_owned());
        }
        let plans: Vec<_> = links
            .into_iter()
            .map(|link| Self::of(link, host_setting, allowed))
            .collect::<Result<_, _>>()?;
        let mut names = HashSet::new();
        match plans.iter().find(|plan| !names.insert(plan.name.as_str())) {
            Some(plan) => Err(format!("asks for two links of the name {:?}", plan.name)),
            None => Ok(plans),
        }
    }

    fn of(link: RawLink, host_setting: Option<&str>, allowed: &AllowedHosts) -> Result<Self, String> {
        let RawLink {
            flags,
            name,
            host,
            server_name,
            port,
        } = link;
        let plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(plain) {
            return Err(format!(
                "names a link otherwise than with 1 to {LONGEST_NAME} letters, digits, '-', '_' or '.'"
            ));
        }
        let port = u16::try_from(port)
            .ok()
            .filter(|port| *port > 0)
            .ok_or_else(|| format!("asks for the port {port}"))?;
        if flags & !LINK_TLS != 0 {
            return Err(format!("asks for a link with the unknown flags {flags:#x}"));
        }
        let named = if host_setting == Some(host.as_str()) {
            Named::ByOperator
        } else {
            allowed.allows_link(&host, port, flags & LINK_TLS != 0)?
        };
        let certified = if server_name.is_empty() {
            &host
        } else {
            &server_name
        };
        let tls = (flags & LINK_TLS != 0)
            .then(|| ServerName::try_from(certified.clone()))
            .transpose()
            .map_err(|_| "asks for TLS with a name that no certificate can have".to_owned())?;
        Ok(Self {
            name,
            host,
            port,
            named,
            tls,
        })
    }
}

const LONGEST_NAME: usize = 40;
