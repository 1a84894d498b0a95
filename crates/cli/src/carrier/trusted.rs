//! What it means to trust a library, in a few lines: whom it may talk to, what it does, and where it runs.

pub(super) use crate::plain::plain;

use aldis_carrier_host::Manifest;
use serde_json::Value;
use std::fmt::Write as _;

#[cfg(test)]
mod tests;

/// All that a manifest says, but for the settings.
pub(super) fn shown(manifest: &Manifest) -> String {
    let (built_for, host) = manifest.abi();
    let glibc = manifest.glibc().map_or_else(
        || "any glibc".to_owned(),
        |oldest| format!("glibc {oldest} or newer"),
    );
    let mut text = described(manifest.descriptor());
    let _ = write!(
        text,
        "\n  runs on: {}, {glibc}\n  ABI: {built_for}, hosts from {host} on\n  sha256: {}",
        plain(manifest.platform()),
        manifest.sha256()
    );
    text
}

/// What a descriptor says.
pub(super) fn described(descriptor: &Value) -> String {
    let word = |key: &str| plain(descriptor[key].as_str().unwrap_or("?"));
    let mut text = format!("{} {}", word("id"), word("version"));
    let hosts = list(&descriptor["allowed_hosts"]);
    let hosts = if hosts.is_empty() {
        "none".to_owned()
    } else {
        hosts
    };
    let _ = write!(
        text,
        "\n  may reach: {hosts}; and the host of its settings base_url or host"
    );
    let _ = write!(text, "\n  styles: {}", list(&descriptor["styles"]));
    if let Some(capabilities) = descriptor["capabilities"].as_object() {
        let capabilities = capabilities.iter().map(|(name, value)| format!("{name} {value}"));
        let capabilities = capabilities.collect::<Vec<_>>().join(", ");
        let _ = write!(text, "\n  capabilities: {}", plain(&capabilities));
    }
    text
}

fn list(value: &Value) -> String {
    let words = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    plain(&words.collect::<Vec<_>>().join(", "))
}
