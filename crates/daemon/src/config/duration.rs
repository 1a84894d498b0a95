//! Durations as people write them: `"500ms"`, `"15s"`, `"3m"`, `"24h"`, `"2d"`.

use serde::de::{Deserialize, Deserializer, Error};
use std::str::FromStr;
use std::time::Duration;
use thiserror::Error;

/// A duration out of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HumanDuration(Duration);

/// Not a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a duration: write a whole number and its unit, as in 500ms, 15s, 3m, 24h or 2d")]
pub struct HumanDurationError;

impl HumanDuration {
    /// The duration.
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl From<Duration> for HumanDuration {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl FromStr for HumanDuration {
    type Err = HumanDurationError;

    fn from_str(text: &str) -> Result<Self, HumanDurationError> {
        let unit_at = text
            .find(|letter: char| !letter.is_ascii_digit())
            .ok_or(HumanDurationError)?;
        let (number, unit) = text.split_at(unit_at);
        let number: u64 = number.parse().map_err(|_| HumanDurationError)?;
        let millis = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60 * 1000,
            "h" => 60 * 60 * 1000,
            "d" => 24 * 60 * 60 * 1000,
            _ => return Err(HumanDurationError),
        };
        number
            .checked_mul(millis)
            .map(|millis| Self(Duration::from_millis(millis)))
            .ok_or(HumanDurationError)
    }
}

impl<'de> Deserialize<'de> for HumanDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}
