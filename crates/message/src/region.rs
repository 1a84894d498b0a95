//! Countries, as numbering plans divide the world.

use rlibphonenumber::PHONE_NUMBER_UTIL;
use std::fmt;
use thiserror::Error;

/// A country or territory that has phone numbers, by its ISO 3166 alpha-2 code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region([u8; 2]);

/// Why a text is not a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RegionError {
    /// Anything but two ASCII letters.
    #[error("a region is two letters, such as US")]
    NotTwoLetters,
    /// Two letters that no numbering plan belongs to.
    #[error("no phone numbers are known for this region")]
    Unknown,
}

impl Region {
    /// Reads an ISO 3166 alpha-2 code, in either case.
    pub fn parse(text: &str) -> Result<Self, RegionError> {
        let [first, second] = text.as_bytes() else {
            return Err(RegionError::NotTwoLetters);
        };
        if !(first.is_ascii_alphabetic() && second.is_ascii_alphabetic()) {
            return Err(RegionError::NotTwoLetters);
        }
        let region = Self([first.to_ascii_uppercase(), second.to_ascii_uppercase()]);
        let known = region
            .for_library()
            .and_then(|known| PHONE_NUMBER_UTIL.get_country_code_for_region(known));
        known.map(|_| region).ok_or(RegionError::Unknown)
    }

    /// The code, in capitals.
    pub fn as_str(&self) -> &str {
        // Two ASCII letters by construction.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    pub(crate) fn for_library(self) -> Option<rlibphonenumber::Region> {
        rlibphonenumber::Region::from_code(self.as_str()).ok()
    }

    /// `None` for the world-wide plans (such as +800), which belong to no country.
    pub(crate) fn from_library(region: rlibphonenumber::Region) -> Option<Self> {
        match region.as_region_str().as_str().as_bytes() {
            [first, second] => Some(Self([*first, *second])),
            _ => None,
        }
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Region({})", self.as_str())
    }
}

impl fmt::Display for Region {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}
