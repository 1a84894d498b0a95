//! Secrets in settings: where one is to be found, and the text that never shows itself.

use secrecy::{ExposeSecret as _, SecretString};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use std::fmt;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Larger than any key or token; keeps a wrong path (a device, a log) from being read whole.
const LONGEST: u64 = 64 * 1024;
const FORMS: &str = "one of { file = \"...\" }, { env = \"...\" }, { literal = \"...\" }";

/// Where a secret is: `{ file = "..." }`, `{ env = "..." }` or `{ literal = "..." }`, nothing else.
#[derive(Clone)]
pub struct Secret(Form);

#[derive(Clone)]
enum Form {
    File(PathBuf),
    Env(String),
    Literal(SecretText),
}

/// A secret's text.
#[derive(Clone)]
pub struct SecretText(SecretString);

/// To see whether it was changed.
impl PartialEq for SecretText {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

/// Why a secret could not be had. Shows neither path nor name: a secret pasted in their place would show.
#[derive(Debug, Error)]
pub enum SecretError {
    /// The file is missing, unreadable, or not text.
    #[error("the secret's file cannot be read: {0}")]
    File(io::Error),
    /// Larger than any secret is.
    #[error("the secret's file is larger than 64 KiB")]
    TooLarge,
    /// No such variable, or it is not text.
    #[error("the secret's environment variable is not set, or not text")]
    Variable,
    /// There, but empty.
    #[error("the secret is empty")]
    Empty,
}

/// A reason to look at a secret again although it can be used. Shows neither path nor name, as [`SecretError`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SecretWarning {
    /// The file's mode lets every user of this machine read or write it.
    #[error("the secret's file is open to every user of this machine; `chmod o=` closes it")]
    OpenToOthers,
    /// The secret begins with U+FEFF, as some editors begin a file; it signs and compares as any other character.
    #[error("the secret begins with a byte order mark, which counts as a part of it")]
    ByteOrderMark,
    /// The secret has white space at an end, which is rarely meant.
    #[error("the secret begins or ends with white space, which counts as a part of it")]
    Blanks,
}

impl Secret {
    /// A secret in a file.
    pub fn in_file(path: impl Into<PathBuf>) -> Self {
        Self(Form::File(path.into()))
    }

    /// A secret in an environment variable.
    pub fn in_variable(name: impl Into<String>) -> Self {
        Self(Form::Env(name.into()))
    }

    /// Names everything about this secret that is allowed and unwise. `text` is the secret as it was resolved.
    pub fn warnings(&self, text: &SecretText) -> impl Iterator<Item = SecretWarning> {
        let open = matches!(&self.0, Form::File(path) if is_open_to_others(path));
        let text = text.expose();
        let marked = text.starts_with('\u{feff}');
        let bare = text.trim_start_matches('\u{feff}');
        [
            open.then_some(SecretWarning::OpenToOthers),
            marked.then_some(SecretWarning::ByteOrderMark),
            (bare.trim() != bare).then_some(SecretWarning::Blanks),
        ]
        .into_iter()
        .flatten()
    }

    /// Goes and gets it. A file's last line break is not part of it; paths are relative to the working directory.
    pub fn resolve(&self) -> Result<SecretText, SecretError> {
        let text = match &self.0 {
            Form::File(path) => from_file(path)?,
            Form::Env(name) => SecretText::new(std::env::var(name).map_err(|_| SecretError::Variable)?),
            Form::Literal(text) => text.clone(),
        };
        if text.expose().is_empty() {
            Err(SecretError::Empty)
        } else {
            Ok(text)
        }
    }
}

/// Whether the mode of a file lets users read or write it who are neither its owner nor in its group. False for a file
/// that is not there: whoever reads it says so.
pub fn is_open_to_others(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o006 != 0)
}

fn from_file(path: &Path) -> Result<SecretText, SecretError> {
    let file = std::fs::File::open(path).map_err(SecretError::File)?;
    let mut text = String::new();
    file.take(LONGEST + 1)
        .read_to_string(&mut text)
        .map_err(SecretError::File)?;
    if text.len() as u64 > LONGEST {
        return Err(SecretError::TooLarge);
    }
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(SecretText::new(text))
}

impl SecretText {
    /// Keeps a text secret from now on.
    pub fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretText(..)")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.0 {
            Form::File(_) => "Secret { file: .. }",
            Form::Env(_) => "Secret { env: .. }",
            Form::Literal(_) => "Secret { literal: .. }",
        })
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OneForm)
    }
}

struct OneForm;

impl<'de> Visitor<'de> for OneForm {
    type Value = Secret;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(FORMS)
    }

    // A bare string is the likeliest mistake, and it is the secret.
    fn visit_str<E: Error>(self, _: &str) -> Result<Secret, E> {
        Err(E::custom(format_args!(
            "a secret is never a bare string; write {FORMS}"
        )))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Secret, A::Error> {
        let refusal = || A::Error::custom(format_args!("a secret is exactly {FORMS}"));
        let Some(form) = map.next_key::<String>()? else {
            return Err(refusal());
        };
        let secret = match form.as_str() {
            "file" => Secret(Form::File(map.next_value::<PathBuf>()?)),
            "env" => Secret(Form::Env(map.next_value()?)),
            "literal" => Secret(Form::Literal(SecretText::new(map.next_value()?))),
            // Not by name: what stands there may be the secret.
            _ => return Err(refusal()),
        };
        if map.next_key::<IgnoredAny>()?.is_some() {
            Err(refusal())
        } else {
            Ok(secret)
        }
    }
}
