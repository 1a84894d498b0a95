//! Other carriers and routes in the place of the present ones, while messages are under way.

use super::former::KEPT_FOR;
use super::lane::Lane;
use super::load::line_up;
use super::{Carriers, LineUp};
use crate::config::Config;
use aldis_carrier_host::Events;
use aldis_daemon::config::ConfigError;
use aldis_message::CarrierName;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tokio_util::task::task_tracker::TaskTrackerToken;

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

/// Those that take no new messages any more, each with what says that it may still have links.
pub(crate) struct Retired(Vec<(Arc<Lane>, Option<TaskTrackerToken>)>);

/// After an older generation's farewell the carrier may take this long to let the next one in.
const SETTLED: Duration = Duration::from_secs(5);

impl Carriers {
    /// Makes what the settings want, all of it or nothing; new messages and attempts go there from now on.
    pub(crate) fn replace(
        &self,
        config: &Config,
        events: &Arc<dyn Events>,
    ) -> Result<(Replaced, Retired), ConfigError> {
        let mut shop = self.shop.lock().unwrap_or_else(PoisonError::into_inner);
        let required = |name: &CarrierName| config.required.contains(name);
        let after = line_up(config, &mut shop, &self.present(), required)?;
        Ok(self.exchange(after, events))
    }

    /// Puts this line-up in the place of the present one.
    pub(super) fn exchange(&self, after: LineUp, events: &Arc<dyn Events>) -> (Replaced, Retired) {
        let (before, after) = (self.present(), Arc::new(after));
        let same = |one: &LineUp, name: &CarrierName, lane: &Arc<Lane>| {
            one.lanes.get(name).is_some_and(|other| Arc::ptr_eq(other, lane))
        };
        let (mut replaced, mut retired) = (Replaced::default(), Vec::new());
        for (name, lane) in before
            .lanes
            .iter()
            .filter(|(name, lane)| !same(&after, name, lane))
        {
            replaced.retired.push(name.clone());
            if lane.reads_callbacks() {
                self.former().keep(name.clone(), Arc::clone(lane), Instant::now());
            }
            let linked = lane.keeps_links().then(|| self.linked.token());
            retired.push((Arc::clone(lane), linked));
        }
        for (name, lane) in &after.lanes {
            if same(&before, name, lane) {
                replaced.kept.push(name.clone());
            } else {
                lane.start(events, &self.linked);
                replaced.made.push(name.clone());
            }
        }
        *self.present.write().unwrap_or_else(PoisonError::into_inner) = after;
        (replaced, Retired(retired))
    }

    /// Waits for the attempts that are under way there, and takes leave of each carrier; in the background, and waited
    /// for when the service stops. To be called within a runtime.
    pub(crate) fn retire(&self, retired: Retired, limit: Duration) {
        for (lane, linked) in retired.0 {
            let stopping = self.stopping.clone();
            self.retiring.spawn(async move {
                lane.retire(limit, &stopping).await;
                if linked.is_some() {
                    stopping.run_until_cancelled(sleep(SETTLED)).await;
                }
            });
        }
        let (stopping, former) = (self.stopping.clone(), Arc::clone(&self.former));
        tokio::spawn(async move {
            stopping.run_until_cancelled(sleep(KEPT_FOR)).await;
            former
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .forget(Instant::now());
        });
    }
}
