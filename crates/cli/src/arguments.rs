//! The command line, as `--help` tells it.

use aldis_daemon::config::HumanDuration;
use aldis_message::{
    AcceptMode, IdempotencyKey, MessageBody, MessageClass, MessageId, PhoneNumber, Sender, TenantName,
};
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// The operator's hand of Aldis, an SMS gateway for Auth0 and for your own services.
#[derive(Parser)]
#[command(name = "aldis", version)]
pub(crate) struct Arguments {
    /// How answers and faults are written.
    #[arg(long, global = true, value_enum, default_value_t = Form::Text)]
    pub(crate) output: Form,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// For eyes or for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    Text,
    Json,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Runs a whole gateway on loopback with a sandbox carrier, and shows one SMS going through it.
    Dev(Dev),
    /// Sends one SMS over gRPC and shows what became of it.
    Send(Box<Send>),
    /// Shows one message's life: states, attempts, codes, times.
    Message(Message),
    /// Shows how each carrier is: library, links, troubles. For a client with `operator = true`.
    Carriers(Reach),
    /// Has delivery read the settings of its carriers and routes again, as SIGHUP does. For a client with
    /// `operator = true`.
    Reload(Reach),
    /// For authors of carriers: a new one, its conformance, its settings.
    #[command(subcommand)]
    Carrier(crate::carrier::Carrier),
    /// Makes a token like Auth0's, to call the edge with.
    Token(Token),
}

#[derive(Args)]
pub(crate) struct Dev {
    /// Ends after the one SMS: 0 if it arrived and the answer was 200.
    #[arg(long)]
    pub(crate) once: bool,
    /// The port of the edge on 127.0.0.1; by default a free one.
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Where to look for the sandbox carrier's library first.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) carriers_dir: Option<PathBuf>,
    /// Leaves settings, store and logs behind when it ends.
    #[arg(long)]
    pub(crate) keep: bool,
}

/// Where delivery is, and how to get in.
#[derive(Args)]
pub(crate) struct Reach {
    /// Delivery: `http://host:port`, `https://host:port` or `unix:/path`.
    #[arg(
        long,
        env = "ALDIS_DELIVERY",
        default_value = "http://127.0.0.1:50051",
        value_name = "ADDRESS"
    )]
    pub(crate) delivery: String,
    /// The file with the client token.
    #[arg(
        long,
        env = "ALDIS_TOKEN_FILE",
        value_name = "FILE",
        required_unless_present = "token_env"
    )]
    pub(crate) token_file: Option<PathBuf>,
    /// The environment variable with the client token.
    #[arg(long, value_name = "NAME", conflicts_with = "token_file")]
    pub(crate) token_env: Option<String>,
    /// The authority of delivery's certificate (PEM); by default the system's.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_certificate: Option<PathBuf>,
    /// Calls a delivery on another machine without TLS: the token, codes and numbers cross the network unencrypted.
    #[arg(long)]
    pub(crate) allow_plaintext: bool,
}

#[derive(Args)]
pub(crate) struct Send {
    #[command(flatten)]
    pub(crate) reach: Reach,
    /// The recipient, with country code: +12025550100.
    #[arg(long, value_name = "NUMBER", value_parser = number, allow_hyphen_values = true)]
    pub(crate) to: PhoneNumber,
    /// The text.
    #[arg(long, value_parser = text, allow_hyphen_values = true)]
    pub(crate) text: MessageBody,
    /// A number, a short code or a word; by default the carrier's own.
    #[arg(long, value_parser = sender)]
    pub(crate) sender: Option<Sender>,
    /// otp, notification or bulk.
    #[arg(long, default_value = "notification", value_parser = word::<MessageClass>)]
    pub(crate) class: MessageClass,
    /// What to wait for: carrier (one took it) or stored (it is durable).
    #[arg(long, default_value = "carrier", value_parser = word::<AcceptMode>)]
    pub(crate) accept: AcceptMode,
    /// The Auth0 tenant it is for.
    #[arg(long, value_parser = tenant)]
    pub(crate) tenant: Option<TenantName>,
    /// The idempotency key: the same key and content send one SMS, however often.
    #[arg(long, value_parser = key)]
    pub(crate) key: Option<IdempotencyKey>,
    /// Never sent after this, as in 90s or 2h; by default 3m for an otp, else 24h.
    #[arg(long, value_name = "TIME", value_parser = word::<HumanDuration>)]
    pub(crate) ttl: Option<HumanDuration>,
    /// A word for the carrier, NAME=VALUE; may be repeated.
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) attributes: Vec<(String, String)>,
    /// How long to wait for the answer.
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = word::<HumanDuration>)]
    pub(crate) within: HumanDuration,
}

#[derive(Args)]
pub(crate) struct Message {
    /// The id: msg_ and 32 hexadecimal digits.
    #[arg(value_parser = word::<MessageId>)]
    pub(crate) id: MessageId,
    #[command(flatten)]
    pub(crate) reach: Reach,
}

#[derive(Args)]
#[command(group(ArgGroup::new("from").required(true).args(["config", "secret_file", "secret_env"])))]
pub(crate) struct Token {
    /// The edge's settings: secret, audience and subject are taken from the tenant's section.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The tenant in those settings; may be left out if there is only one.
    #[arg(long, requires = "config")]
    pub(crate) tenant: Option<String>,
    /// The file with the signing secret.
    #[arg(long, value_name = "FILE", requires = "audience")]
    pub(crate) secret_file: Option<PathBuf>,
    /// The environment variable with the signing secret.
    #[arg(long, value_name = "NAME", requires = "audience")]
    pub(crate) secret_env: Option<String>,
    /// The secret is base64 or base64url of the key, as with `secret_base64_encoded`.
    #[arg(long, conflicts_with = "config")]
    pub(crate) secret_base64: bool,
    /// The claim `aud`.
    #[arg(long)]
    pub(crate) audience: Option<String>,
    /// The claim `sub`.
    #[arg(long)]
    pub(crate) subject: Option<String>,
    /// The claim `iss`; empty for none.
    #[arg(long, default_value = "Auth0")]
    pub(crate) issuer: String,
    /// How long it is valid.
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = word::<HumanDuration>)]
    pub(crate) ttl: HumanDuration,
    /// Without `exp`: valid until the secret changes.
    #[arg(long, conflicts_with = "ttl")]
    pub(crate) no_exp: bool,
}

fn word<T: std::str::FromStr>(text: &str) -> Result<T, String>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| error.to_string())
}

pub(crate) fn number(text: &str) -> Result<PhoneNumber, String> {
    PhoneNumber::parse(text, None).map_err(|error| error.to_string())
}

pub(crate) fn text(text: &str) -> Result<MessageBody, String> {
    MessageBody::parse(text.to_owned()).map_err(|error| error.to_string())
}

pub(crate) fn sender(text: &str) -> Result<Sender, String> {
    Sender::parse(text).map_err(|error| error.to_string())
}

fn tenant(text: &str) -> Result<TenantName, String> {
    TenantName::parse(text).map_err(|error| error.to_string())
}

fn key(text: &str) -> Result<IdempotencyKey, String> {
    IdempotencyKey::parse(text).map_err(|error| error.to_string())
}

pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("written as NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
