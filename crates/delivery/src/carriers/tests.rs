//! Scripted lanes for the tests of this crate: the same lanes, places and pauses, no library.

use super::lane::Line;
use super::*;
use crate::config::CarrierConfig;
use aldis_carrier_host::{Class, Report, Submission};
use std::future::Future;
use std::pin::Pin;

/// What a test has a carrier do with a submission.
pub(crate) type Script =
    Box<dyn Fn(Submission) -> Pin<Box<dyn Future<Output = Report> + Send>> + Send + Sync>;

impl Carriers {
    /// Lanes that follow scripts.
    pub(crate) fn scripted(lanes: Vec<(CarrierConfig, Script)>, metrics: Metrics) -> Self {
        Self {
            present: RwLock::new(Arc::new(line_up(lanes, &[]))),
            shop: Mutex::default(),
            metrics,
            retiring: TaskTracker::new(),
            linked: TaskTracker::new(),
            former: Arc::default(),
            stopping: CancellationToken::new(),
        }
    }

    /// With these routes.
    pub(crate) fn routed(self, routes: &[Route]) -> Self {
        let present = self.present();
        let line_up = LineUp {
            lanes: present.lanes.clone(),
            faulty: BTreeMap::new(),
            routes: routes.iter().cloned().map(Arc::new).collect(),
        };
        Self {
            present: RwLock::new(Arc::new(line_up)),
            ..self
        }
    }

    /// How many take leave.
    pub(crate) fn retiring(&self) -> usize {
        self.retiring.len()
    }

    /// A reload to other scripts.
    pub(crate) fn rescripted(
        &self,
        lanes: Vec<(CarrierConfig, Script)>,
        routes: &[Route],
        events: &Arc<dyn Events>,
    ) {
        let (_, retired) = self.exchange(line_up(lanes, routes), events);
        self.retire(retired, Duration::from_secs(1));
    }
}

fn line_up(lanes: Vec<(CarrierConfig, Script)>, routes: &[Route]) -> LineUp {
    let lane = |(config, script): (CarrierConfig, Script)| {
        (
            config.name.clone(),
            Arc::new(load::scripted(config, Line::Script(script))),
        )
    };
    LineUp {
        lanes: lanes.into_iter().map(lane).collect(),
        faulty: BTreeMap::new(),
        routes: routes.iter().cloned().map(Arc::new).collect(),
    }
}

/// A report of that class and nothing else.
pub(crate) fn report(class: Class) -> Report {
    Report {
        class,
        scope: aldis_carrier_host::Scope::Instance,
        retry_after: None,
        carrier_ids: if class == Class::Accepted {
            vec!["SM1".to_owned()]
        } else {
            Vec::new()
        },
        code: None,
        detail: None,
        segments: None,
        price: None,
        request_written: class != Class::Temporary,
    }
}
