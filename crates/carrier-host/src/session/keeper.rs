//! Keeps one link up: connects, runs the connection to its end, rests, and begins anew.

use super::backoff::Backoff;
use super::connected::Connected;
use super::dial::Dialer;
use super::ending::End;
use super::fence::Moment;
use super::{Events, Plan, Shared};
use crate::resident::Resident;
use aldis_carrier::Class;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long to look away while the library is in quarantine.
pub(super) const QUARANTINED: Duration = Duration::from_secs(1);

/// The longest rest while the links of an older generation may still be there: they leave within seconds.
const HANDING_OVER: Duration = Duration::from_secs(2);

pub(super) struct Keeper {
    /// Which link.
    pub(super) index: usize,
    pub(super) plan: Plan,
    pub(super) resident: Arc<Resident>,
    pub(super) dialer: Dialer,
    pub(super) events: Arc<dyn Events>,
    pub(super) shared: Arc<Shared>,
}

impl Keeper {
    /// Ends when the instance is stopped.
    pub(super) async fn keep(self) {
        let cut = self.shared.cut.clone();
        // Whoever waits for a message that is dropped here learns that nobody knows.
        let _ = cut.run_until_cancelled(self.stay_connected()).await;
        self.shared.boards.left(self.index);
    }

    async fn stay_connected(&self) {
        let leaving = &self.shared.leaving;
        let mut backoff = Backoff::default();
        while !leaving.is_cancelled() {
            if self.resident.quarantined() {
                leaving.run_until_cancelled(sleep(QUARANTINED)).await;
                continue;
            }
            let Some(end) = self.connection().await else {
                return;
            };
            let mut rest = backoff.rest(&end, chance());
            if self.shared.is_successor() {
                rest = rest.min(HANDING_OVER);
            }
            self.tell(end.class, &end.why, rest);
            leaving.run_until_cancelled(sleep(rest)).await;
        }
    }

    /// One connection, from the first SYN to the end of it. `None`: it ended because the instance is stopped.
    async fn connection(&self) -> Option<End> {
        let boards = &self.shared.boards;
        let dialed = self
            .shared
            .leaving
            .run_until_cancelled(self.dialer.dial(&self.plan))
            .await?;
        let (wire, socket) = match dialed {
            Ok(dialed) => dialed,
            Err(why) => {
                boards.lost(self.index, Class::Temporary, 0);
                return Some(End {
                    class: Class::Temporary,
                    why,
                    held: Duration::ZERO,
                    ours: false,
                });
            }
        };
        boards.connected(self.index);
        let (carrier, link) = (self.resident.name(), &self.plan.name);
        tracing::info!(target: "aldis_carrier", carrier, link, "link connected");
        Connected::run(self, wire, socket, Instant::now()).await
    }

    /// Reads both clocks.
    pub(super) fn moment(&self) -> Moment {
        Moment {
            now: Instant::now(),
            unix_ms: self.resident.room().now_unix_ms(),
        }
    }

    fn tell(&self, class: Class, why: &str, rest: Duration) {
        let (carrier, link, seconds) = (self.resident.name(), &self.plan.name, rest.as_secs_f32());
        let refused = matches!(class, Class::Unauthorized | Class::NoFunds);
        if refused && !self.shared.is_successor() {
            tracing::error!(target: "aldis_carrier", carrier, link, seconds, ?class, "the carrier refuses the link: {why}");
        } else {
            tracing::warn!(target: "aldis_carrier", carrier, link, seconds, "link lost or not made: {why}");
        }
    }
}

/// From 0 to 1; without randomness rests merely lose their jitter.
fn chance() -> f64 {
    let mut bits = [0; 4];
    let _ = aws_lc_rs::rand::fill(&mut bits);
    f64::from(u32::from_be_bytes(bits)) / f64::from(u32::MAX)
}
