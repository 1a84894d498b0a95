//! How the carriers are, in words for the operator.

use super::Carriers;
use super::lane::Lane;
use crate::routing::PauseCause;
use aldis_carrier_host::{InstanceMetrics, Isolation};
use aldis_delivery_api::{CarrierView, LinkView};
use aldis_message::CarrierName;
use std::collections::BTreeSet;

const DOWN: &str = "is down, it cannot be loaded as the settings say";
const RUNS_AS_BEFORE: &str = "runs as before, it cannot be loaded as the settings say now";

impl Carriers {
    /// Each of them.
    pub(crate) fn views(&self) -> Vec<CarrierView> {
        let present = self.present();
        let lanes = present.lanes.iter();
        let mut views: Vec<_> = lanes.filter_map(|(name, lane)| lane.view(name)).collect();
        for (name, faulty) in &present.faulty {
            let name = name.to_string();
            if let Some(view) = views.iter_mut().find(|view| view.name == name) {
                view.troubles.push(format!("{RUNS_AS_BEFORE}: {}", faulty.why));
                continue;
            }
            views.push(CarrierView {
                name,
                plugin: faulty.plugin.clone(),
                version: String::new(),
                sha256: String::new(),
                worker: false,
                troubles: vec![format!("{DOWN}: {}", faulty.why)],
                links: Vec::new(),
            });
        }
        views.sort_by(|one, other| one.name.cmp(&other.name));
        views
    }

    /// Those that are not as they should be by our own doing, and why: their library is being left alone, or could not
    /// be loaded as the settings say.
    pub(crate) fn resting(&self) -> Vec<String> {
        let resting =
            |(name, metrics): (String, InstanceMetrics)| Some(format!("{name} {}", left_alone(&metrics)?));
        let mut resting: Vec<String> = self.instances().into_iter().filter_map(resting).collect();
        let present = self.present();
        resting.extend(present.faulty.keys().map(|name| {
            let how = if present.lanes.contains_key(name) {
                RUNS_AS_BEFORE
            } else {
                DOWN
            };
            format!("{name} {how}")
        }));
        resting
    }

    /// Each carrier of the settings, and whether it is down.
    pub(crate) fn down(&self) -> Vec<(String, bool)> {
        let present = self.present();
        let names: BTreeSet<_> = present.lanes.keys().chain(present.faulty.keys()).collect();
        let down = |name: &CarrierName| (name.to_string(), !present.lanes.contains_key(name));
        names.into_iter().map(down).collect()
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
        if metrics.deaf {
            troubles.push("breaks its contract over call-backs, which are left alone".to_owned());
        }
        if let Some(pause) = self.asked_for() {
            let cause = match pause.cause {
                PauseCause::Throttled => "asked for a pause",
                PauseCause::Unauthorized => "refuses our credentials",
                PauseCause::NoFunds => "has no funds of ours left",
                PauseCause::LeftAlone => "is left alone",
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
