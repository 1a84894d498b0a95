//! Other carriers and routes in the place of the present ones, while messages are under way.

use super::lane::Lane;
use super::load::line_up;
use super::{Carriers, LineUp};
use crate::config::Config;
use aldis_carrier_host::Events;
use aldis_daemon::config::ConfigError;
use aldis_message::CarrierName;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// What a replacement came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Replaced {
    /// New, or made anew.
    pub(crate) made: Vec<CarrierName>,
    /// As before.
    pub(crate) kept: Vec<CarrierName>,
    /// Gone, or made anew.
    pub(crate) retired: Vec<CarrierName>,
}

/// Those that take no new messages any more.
pub(crate) struct Retired(Vec<Arc<Lane>>);

impl Carriers {
    /// Makes what the settings want, all of it or nothing; new messages and attempts go there from now on.
    pub(crate) fn replace(
        &self,
        config: &Config,
        events: &Arc<dyn Events>,
    ) -> Result<(Replaced, Retired), ConfigError> {
        let mut shop = self.shop.lock().unwrap_or_else(PoisonError::into_inner);
        let after = line_up(config, &mut shop, &self.present())?;
        Ok(self.exchange(after, events))
    }

    /// Puts this line-up in the place of the present one.
    pub(super) fn exchange(&self, after: LineUp, events: &Arc<dyn Events>) -> (Replaced, Retired) {
        let (before, after) = (self.present(), Arc::new(after));
        let mut replaced = Replaced::default();
        for (name, lane) in &after.lanes {
            if before.lanes.get(name).is_some_and(|old| Arc::ptr_eq(old, lane)) {
                replaced.kept.push(name.clone());
            } else {
                lane.start(events);
                replaced.made.push(name.clone());
            }
        }
        let gone = |(name, old): &(&CarrierName, &Arc<Lane>)| {
            !after.lanes.get(*name).is_some_and(|lane| Arc::ptr_eq(old, lane))
        };
        let (names, lanes): (Vec<_>, Vec<_>) = before
            .lanes
            .iter()
            .filter(gone)
            .map(|(name, lane)| (name.clone(), Arc::clone(lane)))
            .unzip();
        replaced.retired = names;
        *self.present.write().unwrap_or_else(PoisonError::into_inner) = after;
        (replaced, Retired(lanes))
    }

    /// Waits for the attempts that are under way there, and takes leave of each carrier; in the background, and waited
    /// for when the service stops. To be called within a runtime.
    pub(crate) fn retire(&self, retired: Retired, limit: Duration) {
        for lane in retired.0 {
            let stopping = self.stopping.clone();
            self.retiring
                .spawn(async move { lane.retire(limit, &stopping).await });
        }
    }
}
