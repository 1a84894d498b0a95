//! What each carrier's library, links and worker are doing, for the admin listener's metrics.

use crate::engine::Engine;
use aldis_carrier_host::{InstanceMetrics, LinkMetrics, MetricKind, WorkerMetrics};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Weak;

/// Asked at each scrape, so that nobody counts twice. Ends with the engine.
pub(crate) struct Gauges(Weak<Engine>);

impl Gauges {
    pub(crate) fn new(engine: Weak<Engine>) -> Self {
        Self(engine)
    }
}

impl fmt::Debug for Gauges {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Gauges")
    }
}

type Seen = Vec<(String, InstanceMetrics)>;

/// A number of an instance, of one of its links, or of its worker; with its name and what it means.
type Number<T> = (&'static str, &'static str, MetricType, fn(&T) -> f64);

const COUNTER: MetricType = MetricType::Counter;
const GAUGE: MetricType = MetricType::Gauge;

#[allow(clippy::cast_precision_loss, reason = "metrics are floating-point numbers")]
const INSTANCE: [Number<InstanceMetrics>; 8] = [
    (
        "aldis_carrier_calls",
        "Calls into the carrier's library",
        COUNTER,
        |m| m.call_times.calls as f64,
    ),
    (
        "aldis_carrier_call_seconds",
        "Time in the carrier's library",
        COUNTER,
        |m| m.call_times.total.as_secs_f64(),
    ),
    ("aldis_carrier_slow_calls", "Calls over 5 ms", COUNTER, |m| {
        m.call_times.over_soft as f64
    }),
    ("aldis_carrier_overrun_calls", "Calls over 250 ms", COUNTER, |m| {
        m.call_times.over_hard as f64
    }),
    (
        "aldis_carrier_faults",
        "Times the library broke its contract",
        COUNTER,
        |m| m.faults as f64,
    ),
    (
        "aldis_carrier_dropped_lines",
        "Log lines, metrics and values of the library beyond its share",
        COUNTER,
        |m| m.dropped_lines as f64,
    ),
    (
        "aldis_carrier_quarantined",
        "1: left alone after faults",
        GAUGE,
        |m| f64::from(m.quarantined),
    ),
    (
        "aldis_carrier_deaf",
        "1: its call-backs are left alone after faults",
        GAUGE,
        |m| f64::from(m.deaf),
    ),
];

#[allow(clippy::cast_precision_loss, reason = "metrics are floating-point numbers")]
const LINK: [Number<LinkMetrics>; 7] = [
    ("aldis_link_up", "1: there is a connection", GAUGE, |m| {
        f64::from(m.connected)
    }),
    (
        "aldis_link_window",
        "Messages that may be in flight",
        GAUGE,
        |m| f64::from(m.window),
    ),
    (
        "aldis_link_in_flight",
        "Messages that are in flight",
        GAUGE,
        |m| m.in_flight as f64,
    ),
    ("aldis_link_connects", "Connections made", COUNTER, |m| {
        m.connects as f64
    }),
    (
        "aldis_link_losses",
        "Connections lost or not made",
        COUNTER,
        |m| m.losses as f64,
    ),
    (
        "aldis_link_ambiguous",
        "Messages whose answer was lost with it",
        COUNTER,
        |m| m.ambiguous as f64,
    ),
    (
        "aldis_link_stale_answers",
        "Answers that came too late",
        COUNTER,
        |m| m.stale as f64,
    ),
];

#[allow(clippy::cast_precision_loss, reason = "metrics are floating-point numbers")]
const WORKER: [Number<WorkerMetrics>; 8] = [
    ("aldis_worker_up", "1: the worker takes calls", GAUGE, |m| {
        f64::from(m.running)
    }),
    (
        "aldis_worker_safe_mode",
        "1: left alone after a crash loop",
        GAUGE,
        |m| f64::from(m.safe_mode),
    ),
    ("aldis_worker_starts", "Workers started", COUNTER, |m| {
        m.starts as f64
    }),
    ("aldis_worker_ends", "Workers that ended unasked", COUNTER, |m| {
        m.ends as f64
    }),
    (
        "aldis_worker_replayed_calls",
        "Calls made again in another worker",
        COUNTER,
        |m| m.replayed as f64,
    ),
    (
        "aldis_worker_left_out",
        "Messages left out after two crashes",
        COUNTER,
        |m| m.left_out as f64,
    ),
    (
        "aldis_worker_misdeeds",
        "Workers ended for what no honest library does",
        COUNTER,
        |m| m.misdeeds as f64,
    ),
    (
        "aldis_worker_late_answers",
        "Answers to calls that were given up meanwhile",
        COUNTER,
        |m| m.late as f64,
    ),
];

impl Collector for Gauges {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(engine) = self.0.upgrade() else {
            return Ok(());
        };
        let down = engine.carriers.down();
        let number: Number<bool> = (
            "aldis_carrier_down",
            "1: it cannot be loaded as the settings say",
            GAUGE,
            |down| f64::from(*down),
        );
        let all = down
            .iter()
            .map(|(carrier, down)| (vec![("carrier", carrier.as_str())], down));
        show(&mut encoder, &number, all)?;
        let seen: Seen = engine.carriers.instances();
        for number in &INSTANCE {
            let all = seen
                .iter()
                .map(|(carrier, metrics)| (vec![("carrier", carrier.as_str())], metrics));
            show(&mut encoder, number, all)?;
        }
        for number in &LINK {
            let links = seen.iter().flat_map(|(carrier, metrics)| {
                let labels =
                    |link: &LinkMetrics| vec![("carrier", carrier.clone()), ("link", link.name.clone())];
                metrics.links.iter().map(move |link| (labels(link), link))
            });
            show(&mut encoder, number, links)?;
        }
        for number in &WORKER {
            let workers = seen.iter().filter_map(|(carrier, metrics)| {
                Some((vec![("carrier", carrier.as_str())], metrics.worker.as_ref()?))
            });
            show(&mut encoder, number, workers)?;
        }
        plugins(&mut encoder, &seen)
    }
}

fn show<'a, T: 'a, L: EncodeLabelSet>(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help, kind, read): &Number<T>,
    all: impl Iterator<Item = (L, &'a T)>,
) -> fmt::Result {
    write(
        encoder,
        (*name, *help, *kind),
        all.map(|(labels, one)| (labels, read(one))),
    )
}

/// Writes one metric with all its series.
fn write<L: EncodeLabelSet>(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help, kind): (&str, &str, MetricType),
    all: impl Iterator<Item = (L, f64)>,
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, None, kind)?;
    for (labels, value) in all {
        let series = family.encode_family(&labels)?;
        match kind {
            MetricType::Counter => ConstCounter::new(value).encode(series)?,
            _ => ConstGauge::new(value).encode(series)?,
        }
    }
    Ok(())
}

/// What libraries report themselves, all under one prefix.
fn plugins(encoder: &mut DescriptorEncoder<'_>, seen: &Seen) -> fmt::Result {
    type Series<'a> = Vec<(Vec<(String, String)>, f64)>;
    let mut families: BTreeMap<(String, bool), Series<'_>> = BTreeMap::new();
    for (carrier, metrics) in seen {
        for series in &metrics.plugin {
            let own = series
                .labels
                .iter()
                .map(|(key, value)| (word(key), value.clone()));
            let labels = [("carrier".to_owned(), carrier.clone())]
                .into_iter()
                .chain(own.filter(|(key, _)| key != "carrier"));
            let family = (word(&series.name), series.kind == MetricKind::Counter);
            families
                .entry(family)
                .or_default()
                .push((labels.collect(), series.value));
        }
    }
    for ((name, counts), series) in families {
        let kind = if counts { COUNTER } else { GAUGE };
        let name = format!("aldis_plugin_{name}");
        let help = "Reported by the carrier's library";
        write(encoder, (name.as_str(), help, kind), series.into_iter())?;
    }
    Ok(())
}

/// As names of metrics and labels may be.
fn word(text: &str) -> String {
    let plain = |letter: char| {
        if letter.is_ascii_alphanumeric() {
            letter
        } else {
            '_'
        }
    };
    text.chars().take(60).map(plain).collect()
}
