//! The author's own examples: a folder of JSON files, each named for what it holds.
//!
//! | file | holds |
//! |---|---|
//! | `settings.json` | the instance's settings, made-up secrets as plain text among them |
//! | `settings.other.json` | the settings of a second instance, if the kit cannot think of any |
//! | `message.<case>.json` | `{"message": {..}, "request": {..}}` or `{"message": {..}, "outcome": {..}}` |
//! | `<class>.<case>.json` | a reply of the carrier and, by its name, the outcome class it means |
//! | `stream.<case>.json` | what a carrier writes to a session: `{"text": ".."}` or `{"hex": ".."}`, and what it makes of it |
//! | `callback.<verdict>.<case>.json` | a call-back, and by its name `verified`, `unverified` or `rejected` |
//!
//! A JSON file with another name is a mistake; other files are not read. `crates/carrier/README.md` has an example of each.

use super::letter::{Callback, Letter, NOW, Reply};
use aldis_carrier::{Class, Transport};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Everything the folder holds.
#[derive(Default)]
pub(super) struct Fixtures {
    pub(super) settings: Option<Value>,
    /// Of a second instance.
    pub(super) other: Option<Value>,
    pub(super) messages: Vec<MessageCase>,
    pub(super) replies: Vec<ReplyCase>,
    pub(super) callbacks: Vec<CallbackCase>,
    pub(super) streams: Vec<StreamCase>,
}

/// What a carrier writes to a session, and what the session makes of it.
pub(super) struct StreamCase {
    pub(super) file: String,
    pub(super) bytes: Vec<u8>,
    /// What is sent as soon as the session is ready; empty: two plain ones.
    pub(super) messages: Vec<Letter>,
    pub(super) expect: Option<Vec<Value>>,
}

/// A message, and what is to become of it.
pub(super) struct MessageCase {
    pub(super) file: String,
    pub(super) letter: Letter,
    pub(super) request: Option<RequestPattern>,
    pub(super) outcome: Option<OutcomePattern>,
}

/// A reply (or several, one for each request), and what it means.
pub(super) struct ReplyCase {
    pub(super) file: String,
    pub(super) class: Class,
    pub(super) letter: Letter,
    pub(super) replies: Vec<Reply>,
    pub(super) outcome: OutcomePattern,
}

/// A call-back, and what is to be made of it.
pub(super) struct CallbackCase {
    pub(super) file: String,
    pub(super) verdict: i32,
    pub(super) callback: Callback,
    pub(super) events: Option<Vec<Value>>,
    /// After this the signature is stale; `None` if it never is.
    pub(super) stale_after_s: Option<u64>,
    /// A signature covers it, so that nothing of it may be changed.
    pub(super) signed: bool,
}

/// What a request must have; what is not said may be anything.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestPattern {
    pub(super) method: Option<String>,
    pub(super) url: Option<String>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    /// Text word for word, or JSON by value.
    pub(super) body: Option<Value>,
}

/// What an outcome must have besides its class.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct OutcomePattern {
    pub(super) class: Option<String>,
    pub(super) code: Option<String>,
    pub(super) carrier_ids: Option<Vec<String>>,
    pub(super) retry_after_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MessageFile {
    #[serde(default)]
    message: Letter,
    request: Option<RequestPattern>,
    outcome: Option<OutcomePattern>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplyFile {
    #[serde(default)]
    message: Letter,
    /// Short for `message.to`.
    recipient: Option<String>,
    replies: Option<Vec<ReplyPart>>,
    #[serde(flatten)]
    only: ReplyPart,
    #[serde(default)]
    outcome: OutcomePattern,
}

/// What an API answers.
#[derive(Deserialize)]
pub(super) struct ReplyPart {
    #[serde(default)]
    status: u16,
    transport: Option<String>,
    request_written: Option<bool>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CallbackFile {
    url: String,
    method: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Value,
    #[serde(default)]
    remote_address: String,
    now_unix_ms: Option<u64>,
    events: Option<Vec<Value>>,
    stale_after_s: Option<u64>,
    /// It is, unless it says that it is not.
    signed: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamFile {
    text: Option<String>,
    hex: Option<String>,
    #[serde(default)]
    messages: Vec<Letter>,
    expect: Option<Vec<Value>>,
}

impl StreamFile {
    fn case(self, file: &str) -> Result<StreamCase, String> {
        let bytes = match (self.text, self.hex) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(hex)) => unhex(&hex).ok_or("hex has a letter that is no digit, or half a byte")?,
            _ => return Err("it has either a text or hex".to_owned()),
        };
        Ok(StreamCase {
            file: file.to_owned(),
            bytes,
            messages: self.messages,
            expect: self.expect,
        })
    }
}

fn unhex(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.chars().filter(|digit| !digit.is_whitespace());
    let digits: Vec<u32> = digits.map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let bytes = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    });
    bytes.collect()
}

impl Fixtures {
    /// What sessions are told in them.
    pub(super) fn heard(&self) -> Vec<Vec<u8>> {
        self.streams.iter().map(|case| case.bytes.clone()).collect()
    }

    /// Reads the folder; the error names the file and what is wrong with it.
    pub(super) fn read(folder: Option<&Path>) -> Result<Self, String> {
        let mut fixtures = Self::default();
        let Some(folder) = folder else { return Ok(fixtures) };
        let listing = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut files: Vec<_> = listing
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.is_file())
            .collect();
        files.sort();
        for path in files {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default()
                .to_owned();
            if let Some(stem) = name.strip_suffix(".json") {
                fixtures
                    .take(&name, stem, &path)
                    .map_err(|reason| format!("{name}: {reason}"))?;
            }
        }
        Ok(fixtures)
    }

    fn take(&mut self, file: &str, stem: &str, path: &Path) -> Result<(), String> {
        let (kind, case) = stem.split_once('.').unwrap_or((stem, ""));
        let class = Class::ALL.iter().copied().find(|class| word(*class) == kind);
        match (kind, class) {
            ("settings", _) if case == "other" => self.other = Some(parse(path)?),
            ("settings", _) => self.settings = Some(parse(path)?),
            ("message", _) => {
                let MessageFile {
                    message,
                    request,
                    outcome,
                } = parse(path)?;
                self.messages.push(MessageCase {
                    file: file.to_owned(),
                    letter: message,
                    request,
                    outcome,
                });
            }
            ("stream", _) => {
                let stream: StreamFile = parse(path)?;
                self.streams.push(stream.case(file)?);
            }
            ("callback", _) => self.callbacks.push(callback(file, case, parse(path)?)?),
            (_, Some(class)) => self.replies.push(reply(file, class, parse(path)?)?),
            _ => {
                return Err(format!(
                    "its name says nothing: {kind:?} is neither settings, message, stream, callback nor an outcome class \
                     such as invalid_number"
                ));
            }
        }
        Ok(())
    }
}

fn parse<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}

fn reply(file: &str, class: Class, read: ReplyFile) -> Result<ReplyCase, String> {
    let mut letter = read.message;
    letter.to = read.recipient.unwrap_or(letter.to);
    letter.from = letter.from.or_else(|| Some("+12025550199".to_owned()));
    let parts = read.replies.unwrap_or_else(|| vec![read.only]);
    Ok(ReplyCase {
        file: file.to_owned(),
        class,
        letter,
        replies: parts.into_iter().map(exchange).collect::<Result<_, _>>()?,
        outcome: read.outcome,
    })
}

pub(super) fn exchange(part: ReplyPart) -> Result<Reply, String> {
    let transport = match part.transport.as_deref() {
        None => Transport::Ok,
        Some(name) => (Transport::ALL
            .iter()
            .copied()
            .find(|transport| word(*transport) == name))
        .ok_or_else(|| format!("there is no transport {name:?}"))?,
    };
    let mut reply = Reply::new(part.status, bytes(&part.body));
    reply.transport = transport;
    reply.written = part.request_written.unwrap_or(true);
    reply.headers = part.headers.into_iter().collect();
    Ok(reply)
}

fn callback(file: &str, case: &str, read: CallbackFile) -> Result<CallbackCase, String> {
    let verdict = match case.split('.').next() {
        Some("verified") => aldis_carrier::abi::VERIFIED,
        Some("unverified") => aldis_carrier::abi::UNVERIFIED,
        Some("rejected") => aldis_carrier::abi::REJECT,
        _ => {
            return Err("it is named callback.verified, callback.unverified or callback.rejected".to_owned());
        }
    };
    Ok(CallbackCase {
        file: file.to_owned(),
        verdict,
        callback: Callback {
            url: read.url,
            method: read.method.unwrap_or_else(|| "POST".to_owned()),
            headers: read.headers.into_iter().collect(),
            body: bytes(&read.body),
            remote_address: read.remote_address,
            now_unix_ms: read.now_unix_ms.unwrap_or(NOW),
        },
        events: read.events,
        stale_after_s: read.stale_after_s,
        signed: read.signed.unwrap_or(true),
    })
}

/// A text as it is; anything else as JSON.
fn bytes(body: &Value) -> Vec<u8> {
    match body {
        Value::Null => Vec::new(),
        Value::String(text) => text.clone().into_bytes(),
        document => document.to_string().into_bytes(),
    }
}

/// `InvalidNumber` as `invalid_number`.
pub(super) fn word(name: impl std::fmt::Debug) -> String {
    let mut word = String::new();
    for letter in format!("{name:?}").chars() {
        if letter.is_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}

/// The word for a class' number.
pub(super) fn class_word(number: u32) -> String {
    Class::from_number(number).map_or_else(|| format!("class {number}"), word)
}
