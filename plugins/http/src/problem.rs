//! What the linter finds.

use aldis_carrier::SettingsError;

/// Something in the settings that must be mended before a message can be sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    key: String,
    reason: String,
}

impl Problem {
    /// In the template.
    pub(crate) fn new(key: &str, reason: impl Into<String>) -> Self {
        Self::setting(&format!("template.{key}"), reason)
    }

    /// In the settings beside it.
    pub(crate) fn setting(key: &str, reason: impl Into<String>) -> Self {
        Self {
            key: key.to_owned(),
            reason: reason.into(),
        }
    }
}

/// All of them as one, since that is what the border can carry: the first by its key, the others in its words.
pub(crate) fn as_error(mut problems: Vec<Problem>) -> Result<(), SettingsError> {
    problems.dedup();
    let mut problems = problems.into_iter();
    let Some(first) = problems.next() else {
        return Ok(());
    };
    let mut reason = first.reason;
    for Problem { key, reason: why } in problems {
        reason = format!("{reason}; {key}: {why}");
    }
    Err(SettingsError::new(first.key, reason))
}
