//! The metrics of the store, for the admin listener.

use crate::engine::Engine;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;
use std::sync::Weak;

/// The collector that asks the store at each scrape. It ends with the engine.
pub(crate) struct StoreGauges(Weak<Engine>);

impl StoreGauges {
    pub(crate) fn new(engine: Weak<Engine>) -> Self {
        Self(engine)
    }
}

impl fmt::Debug for StoreGauges {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("StoreGauges")
    }
}

impl Collector for StoreGauges {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(engine) = self.0.upgrade() else {
            return Ok(());
        };
        let aside = ConstCounter::new(engine.store.set_aside());
        let help = "Rows of the store that cannot be used and were set aside";
        write(&mut encoder, "aldis_store_rows_set_aside", help, &aside)?;
        let room = engine.store.room();
        if room.size > 0 {
            let free = ConstGauge::new(i64::try_from(room.free).unwrap_or(i64::MAX));
            let help = "Bytes that may still be written to the store's file system";
            write(&mut encoder, "aldis_store_free_bytes", help, &free)?;
        }
        Ok(())
    }
}

fn write(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    metric: &impl EncodeMetric,
) -> fmt::Result {
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}
