//! The settings, checked once.

use super::{
    Alphabet, Bind, Concatenation, DefaultAlphabet, IdBase, Settings, TlvForm, TlvSetting, Unmarked, Validity,
};
use crate::status::{Status, class_named};
use aldis_carrier::{Class, Secret, SettingsError};
use std::collections::BTreeMap;
use std::time::Duration;

/// The settings, checked.
pub(crate) struct Profile {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: bool,
    pub(crate) server_name: String,
    pub(crate) system_id: String,
    pub(crate) password: Secret,
    pub(crate) system_type: String,
    pub(crate) bind: Bind,
    pub(crate) binds: u32,
    pub(crate) address_range: String,
    pub(crate) window: u32,
    pub(crate) max_per_second: Option<f64>,
    pub(crate) enquire_link: Duration,
    pub(crate) answer: Duration,
    pub(crate) sender: String,
    pub(crate) short_code_ton: u8,
    pub(crate) service_type: String,
    pub(crate) alphabets: Vec<Alphabet>,
    pub(crate) default_alphabet: DefaultAlphabet,
    pub(crate) concatenation: Concatenation,
    pub(crate) receipts: bool,
    pub(crate) receipts_without_esm: Unmarked,
    pub(crate) id_base: IdBase,
    pub(crate) utc_offset_minutes: i32,
    pub(crate) country_code: String,
    pub(crate) validity: Validity,
    pub(crate) stop_words: Vec<String>,
    pub(crate) extras: Vec<Extra>,
    pub(crate) statuses: BTreeMap<u32, Class>,
}

impl Profile {
    pub(crate) fn of(set: Settings) -> Result<Self, SettingsError> {
        check(&set)?;
        Ok(Self {
            host: set.host,
            port: set.port,
            tls: set.tls,
            server_name: set.server_name,
            system_id: set.system_id,
            password: set.password,
            system_type: set.system_type,
            bind: set.bind,
            binds: set.binds,
            address_range: set.address_range,
            window: set.window,
            max_per_second: set.max_per_second,
            enquire_link: Duration::from_secs(set.enquire_link_seconds.into()),
            answer: Duration::from_secs(set.answer_seconds.into()),
            sender: set.sender,
            short_code_ton: set.short_code_ton,
            service_type: set.service_type,
            alphabets: set.alphabets,
            default_alphabet: set.default_alphabet,
            concatenation: set.concatenation,
            receipts: set.receipts,
            receipts_without_esm: set.receipts_without_esm,
            id_base: set.id_base,
            utc_offset_minutes: set.utc_offset_minutes,
            country_code: set.country_code,
            validity: set.validity,
            stop_words: set.stop_words,
            extras: set.tlvs.into_iter().map(extra).collect::<Result<_, _>>()?,
            statuses: statuses(set.statuses)?,
        })
    }

    /// What a `command_status` means to this SMSC.
    pub(crate) fn class_of(&self, status: Status) -> Class {
        self.statuses
            .get(&status.0)
            .copied()
            .unwrap_or_else(|| status.class())
    }
}

/// Refuses what cannot work, by its key.
fn check(set: &Settings) -> Result<(), SettingsError> {
    let refuse = |key: &str, reason: &str| Err(SettingsError::new(key, reason));
    for (key, text, most) in [
        ("system_id", set.system_id.as_str(), 15),
        ("system_type", &set.system_type, 12),
        ("password", set.password.expose(), 64),
        ("address_range", &set.address_range, 40),
        ("service_type", &set.service_type, 5),
        ("sender", &set.sender, 20),
    ] {
        if text.len() > most || !text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            return refuse(key, &format!("must be at most {most} ASCII characters"));
        }
    }
    if set.system_id.is_empty() {
        return refuse("system_id", "is empty");
    }
    if set.host.is_empty() {
        return refuse("host", "is empty");
    }
    for (key, number, range) in [
        ("binds", set.binds, 1..=16),
        ("window", set.window, 1..=10_000),
        ("enquire_link_seconds", set.enquire_link_seconds, 5..=600),
        ("answer_seconds", set.answer_seconds, 1..=120),
        ("port", u32::from(set.port), 1..=65_535),
    ] {
        if !range.contains(&number) {
            return refuse(key, &format!("must be {} to {}", range.start(), range.end()));
        }
    }
    if set
        .max_per_second
        .is_some_and(|rate| !(0.01..=100_000.0).contains(&rate))
    {
        return refuse("max_per_second", "must be 0.01 to 100000");
    }
    if ![0, 3, 6].contains(&set.short_code_ton) {
        return refuse("short_code_ton", "must be 3, 0 or 6");
    }
    if set.alphabets.is_empty() {
        return refuse("alphabets", "names none");
    }
    if set.country_code.len() > 3 || !set.country_code.bytes().all(|byte| byte.is_ascii_digit()) {
        return refuse("country_code", "must be at most three digits");
    }
    if !(-840..=840).contains(&set.utc_offset_minutes) {
        return refuse("utc_offset_minutes", "must be -840 to 840");
    }
    Ok(())
}

fn extra(tlv: TlvSetting) -> Result<Extra, SettingsError> {
    let refuse = |reason: &str| Err(SettingsError::new("tlvs", format!("{:#06x}: {reason}", tlv.tag)));
    let TlvSetting {
        tag,
        attribute,
        value,
        form,
    } = tlv;
    if attribute.is_none() && value.is_none() {
        return refuse("names neither an attribute nor a value");
    }
    if let Some(value) = &value
        && form.write(value).is_none()
    {
        return refuse("the value cannot be written in this form");
    }
    Ok(Extra {
        tag,
        attribute,
        value,
        form,
    })
}

impl TlvForm {
    /// The octets of a value; `None` if it cannot be written so.
    pub(crate) fn write(self, value: &str) -> Option<Vec<u8>> {
        match self {
            Self::CString if value.contains('\0') => None,
            Self::CString => Some([value.as_bytes(), &[0]].concat()),
            Self::Octets => Some(value.as_bytes().to_vec()),
            Self::Int8 => value
                .parse::<u8>()
                .ok()
                .map(|number| number.to_be_bytes().to_vec()),
            Self::Int16 => value
                .parse::<u16>()
                .ok()
                .map(|number| number.to_be_bytes().to_vec()),
            Self::Int32 => value
                .parse::<u32>()
                .ok()
                .map(|number| number.to_be_bytes().to_vec()),
        }
    }
}

fn statuses(set: BTreeMap<String, String>) -> Result<BTreeMap<u32, Class>, SettingsError> {
    let status = |(code, class): (String, String)| {
        let key = format!("statuses.{code}");
        let number = match code.strip_prefix("0x") {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => code.parse().ok(),
        };
        let number = number
            .filter(|number| *number > 0)
            .ok_or_else(|| SettingsError::new(&key, "is no command_status, as 0x400 or 1024 is"))?;
        let class = class_named(&class)
            .ok_or_else(|| SettingsError::new(&key, "is no outcome class, as blocked or temporary is"))?;
        Ok((number, class))
    };
    set.into_iter().map(status).collect()
}

/// A TLV to send along, checked.
pub(crate) struct Extra {
    pub(crate) tag: u16,
    pub(crate) attribute: Option<String>,
    pub(crate) value: Option<String>,
    pub(crate) form: TlvForm,
}
