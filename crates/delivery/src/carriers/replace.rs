//! Other carriers and routes in the place of the present ones, while messages are under way.

use super::load::line_up;
use super::{Carriers, Lane};
use crate::config::Config;
use aldis_carrier_host::Events;
use aldis_daemon::config::ConfigError;
use aldis_message::CarrierName;
use futures_util::future::join_all;
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
        let before = self.present();
        let after = Arc::new(line_up(config, &mut shop, &before)?);
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
        Ok((replaced, Retired(lanes)))
    }
}

impl Retired {
    /// Waits for the attempts that are under way there, and takes leave of each carrier.
    pub(crate) async fn leave(self, limit: Duration) {
        join_all(self.0.iter().map(|lane| lane.retire(limit))).await;
    }
}
