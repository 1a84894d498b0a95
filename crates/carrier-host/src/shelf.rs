//! What an instance may leave with the host between calls: a few values, and its own metrics.

use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// `kv_put` in `aldis_carrier.h`: 64 KiB of keys and values per instance.
const CAPACITY: usize = 64 * 1024;

/// A library invents its own labels; a bad one must not fill the memory.
const SERIES: usize = 64;

/// Values by key, in memory.
#[derive(Default)]
pub(crate) struct Shelf {
    values: BTreeMap<Vec<u8>, Vec<u8>>,
    used: usize,
}

impl Shelf {
    pub(crate) fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.values.get(key).map(Vec::as_slice)
    }

    /// All keys and values.
    pub(crate) fn all(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let values = self.values.iter();
        values.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// Keeps or replaces a value; an empty one removes the key. False: there is no room.
    pub(crate) fn put(&mut self, key: &[u8], value: &[u8]) -> bool {
        let before = self.values.get(key).map_or(0, |old| key.len() + old.len());
        let after = if value.is_empty() {
            0
        } else {
            key.len().saturating_add(value.len())
        };
        let used = (self.used - before).saturating_add(after);
        if used > CAPACITY {
            return false;
        }
        if value.is_empty() {
            self.values.remove(key);
        } else {
            self.values.insert(key.to_vec(), value.to_vec());
        }
        self.used = used;
        true
    }
}

/// Whether a metric adds up or stands for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// Adds up.
    Counter,
    /// The last value stands.
    Gauge,
}

impl MetricKind {
    /// By its number on the border.
    pub(crate) fn from_number(kind: u32) -> Option<Self> {
        match kind {
            0 => Some(Self::Counter),
            1 => Some(Self::Gauge),
            _ => None,
        }
    }
}

/// One series a library reports.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginMetric {
    /// The library's name for it.
    pub name: String,
    /// Its labels.
    pub labels: Vec<(String, String)>,
    /// Counter or gauge.
    pub kind: MetricKind,
    /// Sum or last value.
    pub value: f64,
}

/// Name and labels. A name has one kind; the last one said stands.
type SeriesName = (String, Vec<(String, String)>);

#[derive(Default)]
pub(crate) struct Series(BTreeMap<SeriesName, (MetricKind, f64)>);

impl Series {
    /// False: the library has too many series already, or the value is no number.
    pub(crate) fn record(
        &mut self,
        name: String,
        labels: Vec<(String, String)>,
        kind: MetricKind,
        value: f64,
    ) -> bool {
        let key = (name, labels);
        if !value.is_finite() || (self.0.len() >= SERIES && !self.0.contains_key(&key)) {
            return false;
        }
        let kept = self.0.entry(key).or_insert((kind, 0.0));
        kept.0 = kind;
        match kind {
            MetricKind::Counter => kept.1 += value.max(0.0),
            MetricKind::Gauge => kept.1 = value,
        }
        true
    }

    pub(crate) fn all(&self) -> Vec<PluginMetric> {
        let series = self.0.iter();
        series
            .map(|((name, labels), (kind, value))| PluginMetric {
                name: name.clone(),
                labels: labels.clone(),
                kind: *kind,
                value: *value,
            })
            .collect()
    }
}
