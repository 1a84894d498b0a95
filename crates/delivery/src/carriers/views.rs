//! How the carriers are, in words for the operator.

use super::Carriers;
use super::lane::Lane;
use crate::routing::PauseCause;
use aldis_carrier_host::{InstanceMetrics, Isolation};
use aldis_delivery_api::{CarrierView, LinkView};
use aldis_message::CarrierName;

impl Carriers {
    /// Each of them.
    pub(crate) fn views(&self) -> Vec<CarrierView> {
        let present = self.present();
        let lanes = present.lanes.iter();
        lanes.filter_map(|(name, lane)| lane.view(name)).collect()
    }

    /// Those whose library is being left alone, and why.
    pub(crate) fn resting(&self) -> Vec<String> {
        let resting =
            |(name, metrics): (String, InstanceMetrics)| Some(format!("{name} {}", left_alone(&metrics)?));
        self.instances().into_iter().filter_map(resting).collect()
    }
}

impl Lane {
    fn view(&self, name: &CarrierName) -> Option<CarrierView> {
        let instance = self.instance()?;
        let (library, metrics) = (instance.library(), instance.metrics());
        let links = metrics.links.iter().map(|link| LinkView {
            name: link.name.clone(),
            connected: link.connected,
            window: link.window,
            in_flight: u32::try_from(link.in_flight).unwrap_or(u32::MAX),
        });
        Some(CarrierView {
            name: name.to_string(),
            plugin: library.descriptor().id.clone(),
            version: library.descriptor().version.clone(),
            sha256: library.sha256().to_string(),
            worker: library.isolation() == Isolation::Worker,
            troubles: self.troubles(&metrics),
            links: links.collect(),
        })
    }

    fn troubles(&self, metrics: &InstanceMetrics) -> Vec<String> {
        let mut troubles: Vec<String> = left_alone(metrics).map(str::to_owned).into_iter().collect();
        if let Some(pause) = self.pause() {
            let cause = match pause.cause {
                PauseCause::Throttled => "asked for a pause",
                PauseCause::Unauthorized => "refuses our credentials",
                PauseCause::NoFunds => "has no funds of ours left",
            };
            troubles.push(format!("{cause}; asked again in {} s", pause.left.as_secs()));
        }
        let links = &metrics.links;
        if !links.is_empty() && links.iter().all(|link| link.window == 0) {
            troubles.push("no link takes messages".to_owned());
        }
        troubles
    }
}

/// In words that end a sentence about the carrier.
fn left_alone(metrics: &InstanceMetrics) -> Option<&'static str> {
    if metrics.worker.is_some_and(|worker| worker.safe_mode) {
        return Some("crashes its worker again and again");
    }
    metrics.quarantined.then_some("keeps breaking its contract")
}
