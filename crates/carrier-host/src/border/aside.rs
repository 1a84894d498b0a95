//! The things that a library tells besides its answers, and how many of them.

use crate::limits;
use serde::{Deserialize, Serialize};

/// A thing that a library told the host during a call, not cleaned yet.
#[derive(Serialize, Deserialize)]
pub(crate) enum Aside {
    /// A level and a line of the log.
    Log(u32, #[serde(deserialize_with = "crate::bounded::words")] String),
    Metric {
        #[serde(deserialize_with = "crate::bounded::text::<_, { 3 * crate::limits::LABEL }>")]
        name: String,
        #[serde(deserialize_with = "crate::bounded::list::<_, _, { crate::limits::LABELS }>")]
        labels: Vec<(String, String)>,
        kind: u32,
        value: f64,
    },
    /// A key and a value for its shelf.
    Keep(
        #[serde(with = "serde_bytes")] Vec<u8>,
        #[serde(with = "serde_bytes")] Vec<u8>,
    ),
    /// The number of things that were more than a call may tell.
    Dropped(u32),
}

impl Aside {
    /// Returns how many bytes it takes to carry it.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Log(_, line) => line.len(),
            Self::Metric { name, labels, .. } => {
                let labels = labels.iter().map(|(key, value)| key.len() + value.len());
                name.len() + labels.sum::<usize>()
            }
            Self::Keep(key, value) => key.len() + value.len(),
            Self::Dropped(_) => 0,
        }
    }
}

/// The amount that a library may tell besides its answer in one call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share {
    count: u32,
    bytes: usize,
}

impl Default for Share {
    fn default() -> Self {
        Self {
            count: limits::ASIDES,
            bytes: limits::ASIDE_BYTES,
        }
    }
}

impl Share {
    /// Takes one thing of so many bytes; false: there is not so much left.
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        let left = (self.count.checked_sub(1), self.bytes.checked_sub(bytes));
        let (Some(count), Some(bytes)) = left else {
            return false;
        };
        *self = Self { count, bytes };
        true
    }
}
