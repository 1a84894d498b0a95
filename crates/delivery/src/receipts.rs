//! What carriers tell after they took a message: by a call-back or over a link, it becomes durable here before the
//! carrier is answered.

mod callback;
mod callback_url;
mod complaints;
pub mod fate;
pub mod proof;
pub mod whose;
mod words;

pub(crate) use callback::answer;
pub(crate) use callback_url::CallbackUrls;
pub(crate) use complaints::{Complaint, Complaints};
pub(crate) use words::cut;

use crate::engine::Engine;
use crate::store::{Change, Ended, Heard, Hint, Kept, News, Open, StoreError};
use aldis_carrier_host::{CarrierEvent, Events, LateAnswer, Stored};
use aldis_message::{CarrierName, DeliveryStatus, MessageId, OutcomeClass};
use std::sync::{Arc, Weak};

/// Keeps what a carrier told; `Ok` means that it is durable. `hint` is the message it is about, if the way it came says
/// so, and whether that is proved.
pub(crate) async fn take(
    engine: &Engine,
    carrier: &CarrierName,
    events: Vec<CarrierEvent>,
    hint: Option<Hint>,
) -> Result<(), StoreError> {
    let news: Vec<News> = events.into_iter().map(words::news).collect();
    if news.is_empty() {
        return Ok(());
    }
    for heard in engine.store.keep(carrier, news, hint, engine.clock.now()).await? {
        report(engine, carrier, &heard);
    }
    Ok(())
}

/// Keeps the answer to an attempt that was given up as lost, and says whether that is durable. It needs no lease, may
/// come again, and changes nothing that is settled: an attempt that had an answer, or that nobody knows, stays as it is.
pub(crate) async fn late_answer(
    engine: &Engine,
    carrier: &CarrierName,
    message_id: &str,
    attempt: u32,
    class: OutcomeClass,
    code: Option<String>,
    carrier_ids: Vec<String>,
) -> Result<(), StoreError> {
    let Ok(message) = message_id.parse::<MessageId>() else {
        return Ok(());
    };
    let ended = Ended {
        attempt: Open {
            number: attempt,
            carrier: carrier.clone(),
        },
        class,
        code: code.map(crate::carriers::code),
        carrier_ids: carrier_ids.into_iter().map(cut).collect(),
    };
    if let Some(change) = engine.store.keep_late(message, ended, engine.clock.now()).await? {
        changed(engine, carrier, &change);
    }
    Ok(())
}

fn report(engine: &Engine, carrier: &CarrierName, heard: &Heard) {
    let what = match heard {
        Heard::Inbound(true) => "inbound",
        Heard::Receipt(Kept::Changed(_)) => "changed",
        Heard::Receipt(Kept::Noted) => "noted",
        Heard::Receipt(Kept::Repeated) | Heard::Inbound(false) => "repeated",
        Heard::Receipt(Kept::Early) => "early",
        Heard::Doubted => {
            engine.metrics.told(carrier, "doubted");
            if let Some(kept_back) = engine
                .complaints
                .say(carrier, Complaint::Doubted, engine.clock.now())
            {
                tracing::warn!(
                    %carrier,
                    kept_back,
                    "a text that looks like a receipt was kept as a message to us: the carrier does not say that it is one, \
                     and its addresses are not those of a message of ours"
                );
            }
            return;
        }
        Heard::LetGo(whose) => {
            engine.metrics.told(whose, "let_go");
            tracing::debug!(carrier = %whose, "a receipt was let go: no message had its id for three days");
            return;
        }
    };
    engine.metrics.told(carrier, what);
    if let Heard::Receipt(Kept::Changed(change)) = heard {
        changed(engine, carrier, change);
    } else {
        tracing::debug!(%carrier, what, "carrier told something");
    }
}

fn changed(engine: &Engine, carrier: &CarrierName, change: &Change) {
    engine.metrics.message(change.class, change.to, None, 1);
    if change.from == DeliveryStatus::Unknown {
        engine.metrics.known_again();
    }
    let (from, state) = (change.from.as_str(), change.to.as_str());
    tracing::info!(message_id = %change.id, %carrier, from, state, "carrier told of a message");
}

/// The links' way in.
pub(crate) struct Ears(Weak<Engine>);

impl Ears {
    /// Weak: the engine has the carriers, whose links have these.
    pub(crate) fn of(engine: &Arc<Engine>) -> Arc<dyn Events> {
        Arc::new(Self(Arc::downgrade(engine)))
    }

    fn stored<F>(
        &self,
        carrier: &str,
        keep: impl FnOnce(Arc<Engine>, CarrierName) -> F + Send + 'static,
    ) -> Stored
    where
        F: Future<Output = Result<(), StoreError>> + Send + 'static,
    {
        let (engine, carrier) = (self.0.upgrade(), CarrierName::parse(carrier));
        Box::pin(async move {
            let (Some(engine), Ok(carrier)) = (engine, carrier) else {
                return false;
            };
            let name = carrier.clone();
            let kept = keep(engine, carrier).await;
            kept.inspect_err(
                |error| tracing::error!(carrier = %name, %error, "what a carrier told could not be kept"),
            )
            .is_ok()
        })
    }
}

impl Events for Ears {
    fn take(&self, carrier: &str, event: CarrierEvent) -> Stored {
        self.stored(carrier, async move |engine, carrier| {
            take(&engine, &carrier, vec![event], None).await
        })
    }

    fn late(&self, carrier: &str, answer: LateAnswer) -> Stored {
        self.stored(carrier, async move |engine, carrier| {
            let LateAnswer {
                message,
                attempt,
                report,
            } = answer;
            let class = OutcomeClass::from_number(report.class.number()).unwrap_or(OutcomeClass::PluginFault);
            let (code, ids) = (report.code, report.carrier_ids);
            late_answer(&engine, &carrier, &message, attempt, class, code, ids).await
        })
    }
}
