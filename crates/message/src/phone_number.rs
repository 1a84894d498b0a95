//! Recipients: valid phone numbers in E.164 form.

use crate::Region;
use rlibphonenumber::{
    PHONE_NUMBER_UTIL, ParseError, PhoneNumber as Parsed, PhoneNumberFormat, PhoneNumberType, ValidationError,
};
use std::fmt;
use thiserror::Error;

/// E.164: a number has at most 15 digits, country code included.
const MOST_DIGITS: usize = 15;

/// A phone number that its country's numbering plan knows, and that may be texted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber {
    /// `+` and digits.
    e164: String,
    country_code_digits: usize,
    region: Option<Region>,
}

/// Why a text is not a phone number to send to. Never says what the text was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PhoneNumberError {
    /// Nothing, or only spaces.
    #[error("the phone number is empty")]
    Empty,
    /// A character that has no place in a phone number, or one in the wrong place.
    #[error("a phone number has digits, spaces, dashes, dots and parentheses after one optional +")]
    NotANumber,
    /// National form where no region is given to read it by.
    #[error("the phone number needs its country code, as in +1...")]
    MissingCountryCode,
    /// No country has this code.
    #[error("the phone number has a country code that is not in use")]
    UnknownCountryCode,
    /// Fewer digits than any number of its country.
    #[error("the phone number is too short")]
    TooShort,
    /// More than 15 digits, or more than any number of its country.
    #[error("the phone number is too long")]
    TooLong,
    /// Outside every range of its country's numbering plan.
    #[error("the phone number is not in use by its country's numbering plan")]
    Invalid,
    /// Texting it costs extra, which is how SMS fraud earns.
    #[error("the phone number is a premium-rate one")]
    PremiumRate,
}

impl PhoneNumberError {
    /// A stable code for logs and answers.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "phone_number_empty",
            Self::NotANumber => "not_a_phone_number",
            Self::MissingCountryCode => "country_code_missing",
            Self::UnknownCountryCode => "country_code_unknown",
            Self::TooShort => "phone_number_too_short",
            Self::TooLong => "phone_number_too_long",
            Self::Invalid => "phone_number_invalid",
            Self::PremiumRate => "phone_number_premium_rate",
        }
    }
}

impl PhoneNumber {
    /// Reads a number in international form (`+` or `00`), or in the national form of `region` if given.
    ///
    /// Spaces, dashes, dots and parentheses between the digits are fine. Letters, extensions,
    /// `tel:` links, short codes and digits other than ASCII ones are not.
    pub fn parse(text: &str, region: Option<Region>) -> Result<Self, PhoneNumberError> {
        let dialled = dialled(text)?;
        if !dialled.starts_with('+') && region.is_none() {
            return Err(PhoneNumberError::MissingCountryCode);
        }
        let region = region.and_then(Region::for_library);
        let parsed = PHONE_NUMBER_UTIL
            .parse(&dialled, region)
            .map_err(|error| unreadable(&error))?;
        check(&parsed)?;
        let e164 = PHONE_NUMBER_UTIL
            .format(&parsed, PhoneNumberFormat::E164)
            .into_owned();
        if e164.len() > MOST_DIGITS + 1 {
            return Err(PhoneNumberError::TooLong);
        }
        Ok(Self {
            e164,
            country_code_digits: parsed.country_code.to_string().len(),
            region: PHONE_NUMBER_UTIL
                .get_region_for_number(&parsed)
                .and_then(Region::from_library),
        })
    }

    /// The number itself: `+` and digits. Only for the store and the carrier.
    pub fn expose(&self) -> &str {
        &self.e164
    }

    /// The number as people may see it: country code, stars, and the last digits.
    pub fn masked(&self) -> String {
        let (code, national) = self.e164.split_at(1 + self.country_code_digits);
        // Four digits of a number of five would give it away.
        let shown = if national.len() >= 8 {
            4
        } else {
            2.min(national.len() / 2)
        };
        let hidden = national.len() - shown;
        format!("{code}{}{}", "*".repeat(hidden), &national[hidden..])
    }

    /// The country the number belongs to (ISO 3166 alpha-2); none for world-wide numbers.
    pub fn region(&self) -> Option<&str> {
        self.region.as_ref().map(Region::as_str)
    }

    /// Loads the numbering plans, which otherwise the first message waits for (some 20 ms).
    pub fn warm_up() {
        PHONE_NUMBER_UTIL.get_supported_regions().len();
    }
}

/// What one would dial: an optional `+` and digits.
///
/// The library is more generous (letters, extensions, digits of any script); a text that needs
/// that is more likely a mistake or an attack than a recipient.
fn dialled(text: &str) -> Result<String, PhoneNumberError> {
    let text = text.trim();
    let (plus, rest) = match text.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut digits = String::with_capacity(MOST_DIGITS + 1);
    for character in rest.chars() {
        match character {
            '0'..='9' => digits.push(character),
            ' ' | '-' | '.' | '(' | ')' => {}
            _ => return Err(PhoneNumberError::NotANumber),
        }
    }
    if digits.is_empty() {
        return Err(if text.is_empty() {
            PhoneNumberError::Empty
        } else {
            PhoneNumberError::NotANumber
        });
    }
    let (plus, digits) = match digits.strip_prefix("00") {
        // The international prefix of most countries (ITU-T E.164, E.123).
        Some(rest) if !plus => (true, rest),
        _ => (plus, digits.as_str()),
    };
    if digits.len() > MOST_DIGITS {
        return Err(PhoneNumberError::TooLong);
    }
    Ok(if plus {
        format!("+{digits}")
    } else {
        digits.to_owned()
    })
}

fn unreadable(error: &ParseError) -> PhoneNumberError {
    match error {
        ParseError::InvalidCountryCode => PhoneNumberError::UnknownCountryCode,
        // The characters are checked already: what is left to dislike is the length.
        ParseError::NotANumber(_) | ParseError::TooShortAfterIdd | ParseError::TooShortNsn => {
            PhoneNumberError::TooShort
        }
        ParseError::TooLongNsn => PhoneNumberError::TooLong,
    }
}

fn check(parsed: &Parsed) -> Result<(), PhoneNumberError> {
    if !PHONE_NUMBER_UTIL.is_valid_number(parsed) {
        return Err(match PHONE_NUMBER_UTIL.is_possible_number_with_reason(parsed) {
            Err(ValidationError::TooShort) => PhoneNumberError::TooShort,
            Err(ValidationError::TooLong) => PhoneNumberError::TooLong,
            Err(ValidationError::InvalidCountryCode) => PhoneNumberError::UnknownCountryCode,
            Err(ValidationError::InvalidLength) | Ok(_) => PhoneNumberError::Invalid,
        });
    }
    match PHONE_NUMBER_UTIL.get_number_type(parsed) {
        PhoneNumberType::PremiumRate => Err(PhoneNumberError::PremiumRate),
        _ => Ok(()),
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PhoneNumber({})", self.masked())
    }
}
