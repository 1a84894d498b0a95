//! What the operator sets, and what is made of it once.

mod profile;

pub(crate) use profile::{Extra, Profile};

use aldis_carrier::Secret;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// `[carriers.settings]` of an SMPP carrier. No `Debug`: it would show the sender's number.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the SMSC is: a host name or an address.
    host: String,
    /// Its TCP port.
    #[serde(default = "port")]
    port: u16,
    /// Over TLS.
    #[serde(default)]
    tls: bool,
    /// The name in the SMSC's certificate, if it is not `host`.
    #[serde(default)]
    server_name: String,
    /// Who binds: at most 15 characters.
    system_id: String,
    /// Its password: at most 8 characters by the specification, 64 where the SMSC takes more.
    password: Secret,
    /// The kind of system, where the SMSC asks for one: at most 12 characters.
    #[serde(default)]
    system_type: String,
    /// One connection for both directions, or one for each.
    #[serde(default)]
    bind: Bind,
    /// How many binds are kept up, 1 to 16.
    #[serde(default = "one")]
    binds: u32,
    /// The addresses whose messages this bind receives, as the SMSC wants it written.
    #[serde(default)]
    address_range: String,
    /// Submits (parts) that may wait for their answer on one bind.
    #[serde(default = "window")]
    window: u32,
    /// Parts a second on one bind; without it as fast as the window lets them.
    max_per_second: Option<f64>,
    /// Seconds between two `enquire_link`, 5 to 600.
    #[serde(default = "enquire")]
    enquire_link_seconds: u32,
    /// Seconds to wait for an answer, 1 to 120.
    #[serde(default = "answer")]
    answer_seconds: u32,
    /// The sender of messages that name none.
    #[serde(default)]
    sender: String,
    /// The type of number of short codes: 3 (network specific), 0, or 6 (abbreviated).
    #[serde(default = "short_code_ton")]
    short_code_ton: u8,
    /// The `service_type` of every message: at most 5 characters.
    #[serde(default)]
    service_type: String,
    /// The alphabets that may be used, in the order they are tried.
    #[serde(default = "alphabets")]
    alphabets: Vec<Alphabet>,
    /// What `data_coding` 0 means to this SMSC, in both directions.
    #[serde(default)]
    default_alphabet: DefaultAlphabet,
    /// How a long text is sent.
    #[serde(default)]
    concatenation: Concatenation,
    /// Whether receipts are asked for.
    #[serde(default = "yes")]
    receipts: bool,
    /// The rule for receipts that `esm_class` does not mark as such.
    #[serde(default)]
    receipts_without_esm: Unmarked,
    /// How the ids of submit answers become those of receipts.
    #[serde(default)]
    id_base: IdBase,
    /// What the SMSC's clock is ahead of UTC, in minutes; receipts have no time zone.
    #[serde(default)]
    utc_offset_minutes: i32,
    /// The country code of numbers that arrive as national ones, as in `44`.
    #[serde(default)]
    country_code: String,
    /// How long a message is worth delivering, as the SMSC wants it written.
    #[serde(default)]
    validity: Validity,
    /// Words by which people opt out, when they are all of a message.
    #[serde(default = "stop_words")]
    stop_words: Vec<String>,
    /// TLVs to send along, such as the template ids of India's DLT.
    #[serde(default)]
    tlvs: Vec<TlvSetting>,
    /// What the SMSC's own `command_status` values mean, as in `{ "0x400" = "blocked" }`.
    #[serde(default)]
    statuses: BTreeMap<String, String>,
}

/// How a bind is made.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bind {
    /// `bind_transceiver`.
    #[default]
    Transceiver,
    /// `bind_transmitter` and `bind_receiver`.
    TransmitterReceiver,
}

/// A way to write a text.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Alphabet {
    /// `data_coding` 0, written as `default_alphabet` says.
    Default,
    /// `data_coding` 3, ISO-8859-1.
    Latin1,
    /// `data_coding` 8, UTF-16 big endian.
    Ucs2,
}

/// What `data_coding` 0 is.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DefaultAlphabet {
    /// GSM 03.38, a septet in each octet.
    #[default]
    Gsm,
    /// ISO-8859-1.
    Latin1,
    /// ASCII.
    Ascii,
}

/// How a long text is sent.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Concatenation {
    /// A user data header with an 8-bit reference in `short_message` (3GPP TS 23.040 9.2.3.24.1).
    #[default]
    Udh,
    /// The same with a 16-bit reference (9.2.3.24.8).
    Udh16,
    /// The TLVs `sar_msg_ref_num`, `sar_total_segments` and `sar_segment_seqnum`.
    Sar,
    /// In one piece, in the TLV `message_payload`.
    Payload,
}

/// The texts that count as receipts although `esm_class` does not say so: a person can write such a text, about anybody's
/// message.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unmarked {
    /// The texts whose source and destination are the message's own, swapped.
    #[default]
    Matching,
    /// The texts whose source is the message's recipient: for SMSCs that put another address of ours in its sender's place.
    Recipient,
    /// All texts: whoever knows or guesses an id can say that its message has failed.
    Any,
    /// No text.
    Never,
}

/// What becomes of a submit answer's id.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IdBase {
    /// Receipts say the same.
    #[default]
    Same,
    /// The answer is hexadecimal, receipts are decimal.
    HexToDec,
    /// The answer is decimal, receipts are hexadecimal.
    DecToHex,
}

/// How `validity_period` is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Validity {
    /// From now on.
    #[default]
    Relative,
    /// The moment, by the SMSC's clock.
    Absolute,
    /// Not at all: for SMSCs that refuse either. A late code is then theirs to deliver.
    None,
}

/// A TLV to send along.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TlvSetting {
    /// Its tag, as in `0x1400`.
    tag: u16,
    /// The message's attribute that has its value; without it the message is sent without the TLV.
    attribute: Option<String>,
    /// The same value for every message that has no such attribute.
    value: Option<String>,
    /// How the value is written.
    #[serde(default)]
    form: TlvForm,
}

/// How a TLV's value is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TlvForm {
    /// The characters and a zero octet (C-Octet String).
    #[default]
    CString,
    /// The characters alone (Octet String).
    Octets,
    /// A number of one octet.
    Int8,
    /// A number of two octets.
    Int16,
    /// A number of four octets.
    Int32,
}

fn port() -> u16 {
    2775
}
fn one() -> u32 {
    1
}
fn window() -> u32 {
    10
}
fn enquire() -> u32 {
    30
}
fn answer() -> u32 {
    10
}
fn short_code_ton() -> u8 {
    3
}
fn alphabets() -> Vec<Alphabet> {
    vec![Alphabet::Default, Alphabet::Ucs2]
}
fn yes() -> bool {
    true
}
/// The words carriers have to honour (CTIA Messaging Principles 5.1.2).
fn stop_words() -> Vec<String> {
    ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"]
        .map(str::to_owned)
        .into()
}

#[cfg(test)]
pub(crate) mod tests;
