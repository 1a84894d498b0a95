//! Secrets named on the command line: in a file or in a variable, never in an argument, which `ps` shows.

use crate::failure::Failure;
use crate::printer::Printer;
use aldis_daemon::config::Secret;
use std::path::Path;

/// Reads the secret in that file or that variable; `what` names it in a fault or a warning.
pub(crate) fn read(
    what: &str,
    file: Option<&Path>,
    variable: Option<&str>,
    printer: &Printer,
) -> Result<String, Failure> {
    let (secret, place) = match (file, variable) {
        (Some(file), _) => (Secret::in_file(file), format!("the {what} in {}", file.display())),
        (None, Some(variable)) => (Secret::in_variable(variable), format!("the {what}")),
        (None, None) => {
            return Err(Failure::usage(format!(
                "the {what} is missing: name its file or its variable"
            )));
        }
    };
    let text = secret
        .resolve()
        .map_err(|error| Failure::config(format!("{place}: {error}")))?;
    for warning in secret.warnings(&text) {
        printer.warn(&format!("{place}: {warning}"));
    }
    Ok(text.expose().to_owned())
}
