//! From a manifest's text to a manifest, or the place and the key that is wrong. Pure.

use super::{Abi, Manifest, described};
use serde_json::Value;

/// The error completes "its manifest <file> ".
pub(super) fn manifest(json: &[u8]) -> Result<Manifest, String> {
    let whole: Value = serde_json::from_slice(json).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        // The library's author wrote it: no secret is in it, and still it is not quoted.
        format!("is no JSON: line {line}, column {column}: {}", reason(&error))
    })?;
    let descriptor = member(&whole, "descriptor")?;
    described(descriptor).map_err(|reason| format!("is wrong at descriptor, which {reason}"))?;
    let sha256 = text(&whole, "sha256")?;
    let glibc = match member(&whole, "glibc")? {
        Value::Null => None,
        _ => Some(
            text(&whole, "glibc")?
                .parse()
                .map_err(|()| wrong("glibc", "is no version, as \"2.34\""))?,
        ),
    };
    Ok(Manifest {
        sha256: sha256
            .parse()
            .map_err(|_| wrong("sha256", "is not 64 hexadecimal digits"))?,
        platform: text(&whole, "platform")?.to_owned(),
        glibc,
        abi: Abi {
            major: number(&whole, "abi.major")?,
            minor: number(&whole, "abi.minor")?,
            min_host_minor: number(&whole, "abi.min_host_minor")?,
        },
        descriptor: descriptor.clone(),
    })
}

fn reason(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Eof => "it ends early",
        _ => "something else was expected there",
    }
}

fn wrong(key: &str, reason: &str) -> String {
    format!("is wrong at {key}, which {reason}")
}

fn member<'j>(whole: &'j Value, key: &str) -> Result<&'j Value, String> {
    let found = key.split('.').try_fold(whole, |at, name| at.get(name));
    found.ok_or_else(|| wrong(key, "is missing"))
}

fn text<'j>(whole: &'j Value, key: &str) -> Result<&'j str, String> {
    member(whole, key)?
        .as_str()
        .ok_or_else(|| wrong(key, "is no text"))
}

fn number(whole: &Value, key: &str) -> Result<u16, String> {
    let number = member(whole, key)?.as_u64();
    let number = number.and_then(|number| u16::try_from(number).ok());
    number.ok_or_else(|| wrong(key, "is no number from 0 to 65535"))
}
