//! Secrets named on the command line: in a file or in a variable, never in an argument, which `ps` shows.

use crate::failure::Failure;
use std::path::Path;

/// The secret in that file or that variable; `what` names it in a fault.
pub(crate) fn read(what: &str, file: Option<&Path>, variable: Option<&str>) -> Result<String, Failure> {
    let text = match (file, variable) {
        (Some(file), _) => std::fs::read_to_string(file).map_err(|error| {
            Failure::config(format!(
                "the {what} in {} cannot be read: {error}",
                file.display()
            ))
        })?,
        (None, Some(variable)) => std::env::var(variable)
            .map_err(|_| Failure::config(format!("the variable for the {what} is not set, or not text")))?,
        (None, None) => {
            return Err(Failure::usage(format!(
                "the {what} is missing: name its file or its variable"
            )));
        }
    };
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        Err(Failure::config(format!("the {what} is empty")))
    } else {
        Ok(text.to_owned())
    }
}
