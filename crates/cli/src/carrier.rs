//! `aldis carrier`: what the author of a carrier needs besides a compiler.

mod check;
mod confined;
mod dry_run;
mod junit;
mod manifest;
mod new;
mod pin;
mod schema;
mod trusted;

use crate::arguments::{number, pair, sender, text};
use crate::failure::Failure;
use crate::printer::Printer;
use aldis_carrier_host::kit::{self, Kit, NotSeen, Task};
use aldis_message::{MessageBody, PhoneNumber, Sender};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

#[derive(Subcommand)]
pub(crate) enum Carrier {
    /// Writes a new carrier that builds and passes its tests.
    New(New),
    /// Holds a compiled carrier library to the contract: 0 if it keeps it, 1 if not, 2 if that could not be seen.
    ///
    /// Runs the library, confined: in a child process without files, network, other processes, or your environment.
    Check(Check),
    /// Prints what a carrier would ask its API for one message, with settings of `delivery.toml`, and asks nothing.
    ///
    /// Runs the library, confined: in a child process without files, network, other processes, or your environment. It
    /// is given the carrier's secrets; whatever it says is printed without them.
    DryRun(DryRun),
    /// Prints the JSON Schema of a carrier's settings.
    ///
    /// Runs the library, confined: in a child process without files, network, other processes, or your environment.
    Schema(Schema),
    /// Writes what a library is beside it, to be read without running it: hosts, settings, machine, ABI, hash.
    ///
    /// Runs the library, confined: in a child process without files, network, other processes, or your environment.
    Manifest(Manifest),
    /// Writes down that delivery may load these libraries, and shows what that means.
    ///
    /// Runs a library that has no manifest beside it, confined: in a child process without files, network, other
    /// processes, or your environment. Of one with a manifest nothing runs.
    Pin(Pin),
    /// A child of the others: the library runs in it and is confined to it.
    #[command(hide = true)]
    Inside(Inside),
}

/// How a carrier talks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Style {
    /// A request for each message.
    Http,
    /// A connection that stays.
    Session,
}

/// What it is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    Rust,
    C,
}

#[derive(Args)]
pub(crate) struct New {
    /// The plugin's id: small letters, digits and '-'.
    pub(crate) name: String,
    #[arg(long, value_enum, default_value_t = Style::Http)]
    pub(crate) style: Style,
    #[arg(long, value_enum, default_value_t = Language::Rust)]
    pub(crate) lang: Language,
    /// The folder to make; by default `aldis-carrier-NAME`.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) path: Option<PathBuf>,
    /// Where the Rust kit is: a folder with the crate aldis-carrier, or the URL of a git repository that has it.
    #[arg(long, value_name = "FOLDER|URL", default_value = "../aldis/crates/carrier")]
    pub(crate) sdk: String,
}

/// The confinement of the child that runs a library.
#[derive(Args, Clone, Copy)]
pub(crate) struct Confinement {
    /// Runs the library also where the kernel does not grant all that should confine it (a user and a network namespace,
    /// Landlock, seccomp, limits); what it does grant is still taken. The output says what was missing.
    #[arg(long)]
    pub(crate) unconfined: bool,
}

#[derive(Args)]
pub(crate) struct Check {
    /// The library, `libaldis_carrier_NAME.so`.
    pub(crate) library: PathBuf,
    /// The author's own examples: settings, messages, replies, call-backs.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) fixtures: Option<PathBuf>,
    /// Writes the findings as `JUnit` XML, too.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Tries this promise only; may be repeated.
    #[arg(long, value_name = "PROMISE")]
    pub(crate) only: Vec<String>,
    #[command(flatten)]
    pub(crate) confinement: Confinement,
}

#[derive(Args)]
pub(crate) struct DryRun {
    /// The library, `libaldis_carrier_NAME.so`.
    pub(crate) library: PathBuf,
    /// Delivery's settings, with the carrier's among them.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The carrier's name there; may be left out if there is only one.
    #[arg(long, value_name = "NAME")]
    pub(crate) carrier: Option<String>,
    /// The recipient, with country code.
    #[arg(long, value_name = "NUMBER", value_parser = number, allow_hyphen_values = true, default_value = "+12025550100")]
    pub(crate) to: PhoneNumber,
    /// The text.
    #[arg(long, value_parser = text, allow_hyphen_values = true, default_value = "Your code is 123456")]
    pub(crate) text: MessageBody,
    /// A number, a short code or a word; by default the carrier's own.
    #[arg(long, value_parser = sender)]
    pub(crate) sender: Option<Sender>,
    /// A word for the carrier, NAME=VALUE; may be repeated.
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) attributes: Vec<(String, String)>,
    /// What the API answers, as JSON: {"status": 200, "headers": {..}, "body": ..}; the outcome it means is printed too.
    #[arg(long, value_name = "FILE")]
    pub(crate) answer: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) confinement: Confinement,
}

#[derive(Args)]
pub(crate) struct Schema {
    /// The library, `libaldis_carrier_NAME.so`.
    pub(crate) library: PathBuf,
    /// A settings block to start from instead.
    #[arg(long)]
    pub(crate) toml: bool,
    #[command(flatten)]
    pub(crate) confinement: Confinement,
}

#[derive(Args)]
pub(crate) struct Manifest {
    /// The library, `libaldis_carrier_NAME.so`; its manifest is `libaldis_carrier_NAME.json` beside it.
    pub(crate) library: PathBuf,
    #[command(flatten)]
    pub(crate) confinement: Confinement,
}

#[derive(Args)]
pub(crate) struct Pin {
    /// The libraries, `libaldis_carrier_NAME.so`.
    #[arg(required = true)]
    pub(crate) libraries: Vec<PathBuf>,
    /// The file to write them to: `carriers.lock` beside `delivery.toml`.
    #[arg(long, value_name = "FILE", default_value = "carriers.lock")]
    pub(crate) lock: PathBuf,
    /// Keeps the pins that a plugin has: while one is being replaced, two are right.
    #[arg(long)]
    pub(crate) keep: bool,
    /// They are made by those who make Aldis, or trusted as much.
    #[arg(long)]
    pub(crate) first_party: bool,
    #[command(flatten)]
    pub(crate) confinement: Confinement,
}

#[derive(Args)]
pub(crate) struct Inside {
    #[arg(long)]
    promise: String,
    #[arg(long)]
    library: PathBuf,
    #[arg(long)]
    fixtures: Option<PathBuf>,
    #[arg(long)]
    report: PathBuf,
    #[arg(long)]
    unconfined: bool,
    #[arg(long)]
    parent: u32,
}

/// Does it. The exit code is more than done or failed: `check` has three.
pub(crate) fn run(wish: Carrier, printer: &Printer) -> Result<ExitCode, Failure> {
    match wish {
        Carrier::New(wish) => new::run(&wish, printer),
        Carrier::Check(wish) => check::run(&wish, printer),
        Carrier::DryRun(wish) => dry_run::run(&wish, printer),
        Carrier::Schema(wish) => schema::run(&wish, printer),
        Carrier::Manifest(wish) => manifest::run(&wish, printer),
        Carrier::Pin(wish) => pin::run(&wish, printer),
        Carrier::Inside(task) => Ok(ExitCode::from(kit::inside(&Task {
            promise: task.promise,
            library: task.library,
            fixtures: task.fixtures,
            report: task.report,
            unconfined: task.unconfined,
            parent: task.parent,
        }))),
    }
}

/// A kit whose children are this very program.
fn kit(
    library: &Path,
    fixtures: Option<&Path>,
    scratch: &Path,
    confinement: Confinement,
) -> Result<Kit, Failure> {
    let whole = |path: &Path| {
        let whole = path.canonicalize();
        whole.map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
    };
    let library = whole(library)?;
    let fixtures = fixtures.map(whole).transpose()?;
    let unconfined = confinement.unconfined;
    Ok(Kit::new(&library, fixtures, scratch, unconfined, |task| {
        let mut child = Command::new(std::env::current_exe()?);
        child.args(["carrier", "inside", "--promise", &task.promise]);
        child.arg("--library").arg(&task.library);
        child.arg("--report").arg(&task.report);
        child.arg("--parent").arg(task.parent.to_string());
        if task.unconfined {
            child.arg("--unconfined");
        }
        if let Some(fixtures) = &task.fixtures {
            child.arg("--fixtures").arg(fixtures);
        }
        Ok(child)
    }))
}

/// Takes what a child said, whose form the library may have chosen: nothing is read of what is no JSON object.
fn object(said: Value) -> Result<Value, Failure> {
    let failed = || Failure::failed("the library's process reported something that is no JSON object");
    said.is_object().then_some(said).ok_or_else(failed)
}

/// Says why nothing was seen, and what the operator can do about it.
fn not_seen(why: &NotSeen) -> Failure {
    Failure::failed(match why {
        NotSeen::Unconfined(_) => format!("{}; {ALL_THE_SAME}", trusted::plain(&why.to_string())),
        NotSeen::Failed(_) => trusted::plain(&why.to_string()),
    })
}

const ALL_THE_SAME: &str = "with --unconfined it runs all the same, and may do whatever of this you may";

fn scratch() -> Result<tempfile::TempDir, Failure> {
    tempfile::tempdir().map_err(|error| Failure::failed(format!("no temporary folder: {error}")))
}
