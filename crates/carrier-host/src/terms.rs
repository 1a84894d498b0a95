//! Maps a library and settles with it which contract both speak.

use crate::border::open::{Opened, open};
use aldis_carrier::abi::{ABI_MAJOR, ABI_MINOR, Entry, HTTP, Http, MAGIC, SESSION, Session};
use std::path::Path;

/// The error completes "<path>: ".
pub(crate) fn meet(path: &Path) -> Result<Opened, String> {
    let opened = open(path)?;
    agree(&opened.entry)?;
    check_style(&opened)?;
    Ok(opened)
}

/// Equal majors, and a host new enough for the library (`aldis_carrier.h`). The error completes "<path>: ".
fn agree(entry: &Entry) -> Result<(), String> {
    let Entry {
        magic,
        abi_major,
        abi_minor,
        min_host_minor,
        required_features,
        ..
    } = *entry;
    let versions = format!(
        "it was built for carrier ABI {abi_major}.{abi_minor}, this host speaks {ABI_MAJOR}.{ABI_MINOR}"
    );
    if magic != MAGIC {
        return Err(format!(
            "it is no Aldis carrier: its entry begins with {magic:#010x} instead of {MAGIC:#010x}"
        ));
    }
    if abi_major != ABI_MAJOR {
        return Err(format!("{versions}: the major versions must be equal"));
    }
    if min_host_minor > ABI_MINOR {
        return Err(format!(
            "{versions}: it needs a host of at least {abi_major}.{min_host_minor}"
        ));
    }
    let unknown = required_features & !KNOWN_FEATURES;
    if unknown != 0 {
        return Err(format!(
            "it needs features this host does not have (bits {unknown:#x}); {versions}"
        ));
    }
    if entry.instance_create.is_none() {
        return Err("its entry has no instance_create".into());
    }
    Ok(())
}

/// None is defined yet.
const KNOWN_FEATURES: u64 = 0;

/// One of the two styles, and all of it.
fn check_style(opened: &Opened) -> Result<(), String> {
    match (opened.http(), opened.session()) {
        (Some(_), Some(_)) => Err(format!(
            "it has both {HTTP} and {SESSION}; a carrier has one of them"
        )),
        (Some(http), None) => match http {
            Http {
                submit: Some(_),
                on_response: Some(_),
                ..
            } => Ok(()),
            _ => Err(format!("its {HTTP} table lacks submit or on_response")),
        },
        (None, Some(session)) => match session {
            Session {
                links: Some(_),
                open: Some(_),
                on_bytes: Some(_),
                on_timer: Some(_),
                submit: Some(_),
                drain: Some(_),
                destroy: Some(_),
                ..
            } => Ok(()),
            _ => Err(format!("its {SESSION} table lacks a function")),
        },
        (None, None) => Err(format!(
            "it has neither {HTTP} nor {SESSION}, the styles this host runs"
        )),
    }
}
