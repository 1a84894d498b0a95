//! Log lines: JSON on standard output, text on a terminal, and no dependency may talk of what it carries.
//!
//! `RUST_LOG` chooses among *our* lines. Whatever it says, other crates are capped: at `trace` an
//! HTTP library prints headers and bodies, so tokens, numbers and codes.

mod hidden;

pub use hidden::{Guarded, Hidden};

use std::io::{self, IsTerminal as _};
use std::panic::PanicHookInfo;
use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// Crates that hold headers, bodies, numbers or SQL in their hands and have nothing to say that we
/// do not report ourselves, with a reason and without the content.
const SILENT: [&str; 13] = [
    "h2",
    "hpack",
    "httparse",
    "hyper",
    "hyper_util",
    "jsonwebtoken",
    "mio",
    "prost",
    "reqwest",
    "rlibphonenumber",
    "rusqlite",
    "tonic",
    "want",
];

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One JSON object a line.
    Json,
    /// For eyes.
    Text,
}

/// Starts logging to standard output by `RUST_LOG` (default `info`), and makes panics log their place only.
///
/// What is `hidden` is not in any line. The first call counts.
pub fn init(hidden: &Hidden) {
    let asked = std::env::var("RUST_LOG").unwrap_or_default();
    let form = if io::stdout().is_terminal() {
        Form::Text
    } else {
        Form::Json
    };
    if subscriber(&asked, form, Guarded::new(io::stdout, hidden.clone()))
        .try_init()
        .is_ok()
    {
        std::panic::set_hook(Box::new(report_panic));
    }
    if EnvFilter::try_new(&asked).is_err() {
        tracing::warn!("RUST_LOG holds a directive that cannot be read; that one is ignored");
    }
    tracing::trace!("trace lines of Aldis are on; other crates stay capped");
}

/// Sets up logging for a command that only judges: warnings, as text, to standard error, unless `RUST_LOG` asks for more.
pub fn init_for_findings(hidden: &Hidden) {
    let asked = std::env::var("RUST_LOG").unwrap_or_else(|_| "warn".to_owned());
    if subscriber(&asked, Form::Text, Guarded::new(io::stderr, hidden.clone()))
        .try_init()
        .is_ok()
    {
        std::panic::set_hook(Box::new(report_panic));
    }
}

/// The log lines that `asked` (the form of `RUST_LOG`) lets through, capped, into `writer`.
pub fn subscriber<W>(asked: &str, form: Form, writer: W) -> impl Subscriber + Send + Sync + use<W>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let wanted = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .parse_lossy(asked);
    let filter = wanted.and(filter_fn(allowed));
    // A full pipe or a closed terminal must not make a service print about its printing.
    let lines = fmt::layer().with_writer(writer).log_internal_errors(false);
    let lines = match form {
        Form::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .boxed(),
        Form::Text => lines.with_ansi(std::env::var_os("NO_COLOR").is_none()).boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(filter))
}

fn allowed(metadata: &Metadata<'_>) -> bool {
    metadata.level() <= &cap(metadata.target())
}

/// The most that may come from there.
fn cap(target: &str) -> LevelFilter {
    let named = target.split("::").next().unwrap_or(target);
    if named == "aldis" || named.starts_with("aldis_") {
        LevelFilter::TRACE
    } else if SILENT.contains(&named) {
        LevelFilter::OFF
    } else {
        // Alarms, but no chatter: a store's migrations, a pool's connections.
        LevelFilter::WARN
    }
}

/// A panic's payload may hold anything, so only its place is told.
fn report_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    let thread = std::thread::current();
    tracing::error!(place, thread = thread.name(), "a thread panicked");
}
