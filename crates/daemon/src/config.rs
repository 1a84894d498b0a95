//! Settings: a TOML file, overlaid by environment variables, read into the service's own types.
//!
//! Every fault names the file, line and column (or the variable), the key and the reason. It
//! never shows the line nor a value, because either may hold a secret.

mod base_url;
mod duration;
mod fault;
mod nearest;
mod overlay;
mod reader;
mod secret;
mod source;
mod tree;

pub use base_url::base_url;
pub use duration::{HumanDuration, HumanDurationError};
pub use fault::{ConfigError, Fault};
pub use secret::{Secret, SecretError, SecretText, SecretWarning, is_open_to_others};
pub use source::Source;

use serde::de::DeserializeOwned;
use std::path::Path;

/// Settings as the file and the environment say them, and where each was said.
#[derive(Debug)]
pub struct Loaded<Raw> {
    /// The settings, read but not yet judged.
    pub raw: Raw,
    /// Names the place of a fault that the judging finds.
    pub source: Source,
}

/// Reads the file at `path`, lets the variables that begin with `env_prefix` and `__` overlay it, and
/// reads the result into `Raw`. Unknown keys are errors where `Raw` says `deny_unknown_fields`.
pub fn load<Raw: DeserializeOwned>(
    path: &Path,
    env_prefix: &str,
    env: impl Iterator<Item = (String, String)>,
) -> Result<Loaded<Raw>, ConfigError> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        ConfigError::of(Fault::new(
            file.clone(),
            "",
            format!("the file cannot be read: {error}"),
        ))
    })?;
    read(&file, &text, env_prefix, env)
}

/// As [`load`], from a text that is already here; `file` is what faults call it.
pub fn read<Raw: DeserializeOwned>(
    file: &str,
    text: &str,
    env_prefix: &str,
    env: impl Iterator<Item = (String, String)>,
) -> Result<Loaded<Raw>, ConfigError> {
    let mut root = tree::parse(file, text)?;
    overlay::apply(&mut root, env_prefix, env)?;
    let source = Source::new(file, &root);
    match reader::read(&root) {
        Ok(raw) => Ok(Loaded { raw, source }),
        Err(refusal) => Err(refusal.into_error(&root, &source)),
    }
}

/// This process's environment, as far as it is text.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}
