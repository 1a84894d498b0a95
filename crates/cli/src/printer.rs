//! The one writer of the command line: data to standard output, progress and faults to standard error.

use crate::arguments::Form;
use crate::failure::Failure;
use crate::plain;
use serde_json::Value;
use std::io::{self, ErrorKind, IsTerminal as _, Write};

/// Writes for eyes or for machines.
pub(crate) struct Printer {
    form: Form,
    ink: Ink,
    progress_ink: Ink,
}

impl Printer {
    pub(crate) fn new(form: Form) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb");
        Self {
            form,
            ink: Ink {
                on: wanted && io::stdout().is_terminal(),
            },
            progress_ink: Ink {
                on: wanted && io::stderr().is_terminal(),
            },
        }
    }

    pub(crate) fn ink(&self) -> Ink {
        self.ink
    }

    pub(crate) fn is_json(&self) -> bool {
        self.form == Form::Json
    }

    /// Writes an answer: `text` for eyes, `json` for machines.
    pub(crate) fn answer(&self, text: &str, json: &Value) -> Result<(), Failure> {
        match self.form {
            Form::Text => data(text),
            Form::Json => data(&plain::json(json)),
        }
    }

    /// Says what is going on. Nobody has to listen.
    pub(crate) fn progress(&self, text: &str) {
        if self.form == Form::Text {
            let _ = writeln!(io::stderr(), "{}", self.progress_ink.dim(text));
        }
    }

    /// Says what is allowed and unwise.
    pub(crate) fn warn(&self, text: &str) {
        let _ = match self.form {
            Form::Text => writeln!(io::stderr(), "{} {text}", self.progress_ink.red("warning:")),
            Form::Json => writeln!(
                io::stderr(),
                "{}",
                plain::json(&serde_json::json!({ "warning": text }))
            ),
        };
    }

    /// Says why the command failed.
    pub(crate) fn complain(&self, failure: &Failure) {
        let _ = match self.form {
            Form::Text => writeln!(
                io::stderr(),
                "{} {}",
                self.progress_ink.red("aldis:"),
                failure.text()
            ),
            Form::Json => writeln!(io::stderr(), "{}", plain::json(&failure.json())),
        };
    }
}

/// Writes lines to standard output.
pub(crate) fn data(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        // `aldis ... | head` has seen enough, and that is no fault.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::failed(format!("standard output: {error}"))),
    }
}

/// Colours, where they are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ink {
    on: bool,
}

impl Ink {
    /// No colours.
    #[cfg(test)]
    pub(crate) const PLAIN: Self = Self { on: false };

    fn paint(self, code: &str, text: &str) -> String {
        if self.on {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.paint("31;1", text)
    }

    pub(crate) fn green(self, text: &str) -> String {
        self.paint("32;1", text)
    }

    pub(crate) fn yellow(self, text: &str) -> String {
        self.paint("33;1", text)
    }

    pub(crate) fn cyan(self, text: &str) -> String {
        self.paint("36", text)
    }
}
