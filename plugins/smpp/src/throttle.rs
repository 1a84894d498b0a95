//! How many parts a second, after the SMSC said that it is too much: halved, then climbing. Pure.

#[cfg(test)]
mod tests;

/// No slower than this.
const SLOWEST: f64 = 0.5;
/// What is taken as the rate when there was no limit, for each place in the window: an answer in 50 ms.
const UNLIMITED_PER_PLACE: f64 = 20.0;
/// Each second without a complaint adds this part of the rate before the complaint.
const CLIMB: f64 = 0.05;
/// Complaints within this many ticks are about one burst.
const ONE_BURST: u64 = 1;

/// The pace of one bind. A tick is a second.
#[derive(Debug)]
pub(crate) struct Throttle {
    /// What the operator allows.
    ceiling: Option<f64>,
    window: u32,
    /// The present rate; `None`: the ceiling.
    reduced: Option<f64>,
    /// Where climbing ends and the limit is lifted.
    before: f64,
    last_complaint: Option<u64>,
}

impl Throttle {
    pub(crate) fn new(ceiling: Option<f64>, window: u32) -> Self {
        Self {
            ceiling,
            window,
            reduced: None,
            before: 0.0,
            last_complaint: None,
        }
    }

    /// Parts a second; `None`: as fast as the window lets them.
    pub(crate) fn per_second(&self) -> Option<f64> {
        self.reduced.or(self.ceiling)
    }

    /// The SMSC said it is too much; true if the rate changed.
    pub(crate) fn complaint(&mut self, tick: u64) -> bool {
        let same = self
            .last_complaint
            .is_some_and(|last| tick - last.min(tick) < ONE_BURST);
        if same {
            return false;
        }
        self.last_complaint = Some(tick);
        let rate = self
            .per_second()
            .unwrap_or(f64::from(self.window) * UNLIMITED_PER_PLACE);
        self.before = self.before.max(rate);
        let slowest = self.ceiling.map_or(SLOWEST, |ceiling| ceiling.min(SLOWEST));
        self.reduced = Some((rate / 2.0).max(slowest));
        true
    }

    /// A second passed; true if the rate changed.
    pub(crate) fn tick(&mut self, tick: u64) -> bool {
        let Some(rate) = self.reduced else { return false };
        if self.last_complaint == Some(tick) {
            return false;
        }
        let climbed = rate + self.before * CLIMB;
        if climbed >= self.before {
            self.reduced = None;
            self.before = 0.0;
        } else {
            self.reduced = Some(climbed);
        }
        true
    }
}
