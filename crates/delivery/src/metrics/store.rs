//! What the store knows of itself, for the admin listener's metrics.

use crate::engine::Engine;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;
use std::sync::Weak;

/// Asked at each scrape. Ends with the engine.
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
        let metric =
            encoder.encode_descriptor("aldis_store_rows_set_aside", help, None, aside.metric_type())?;
        aside.encode(metric)?;
        let room = engine.store.room();
        if room.size > 0 {
            let free = ConstGauge::new(i64::try_from(room.free).unwrap_or(i64::MAX));
            let help = "Bytes that may still be written to the store's file system";
            let metric =
                encoder.encode_descriptor("aldis_store_free_bytes", help, None, free.metric_type())?;
            free.encode(metric)?;
        }
        Ok(())
    }
}
