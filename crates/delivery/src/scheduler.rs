//! Messages that wait in the store come back into a hand when they are due.

use crate::clocks::Steps;
use crate::deliver::{Caller, Turn, Work};
use crate::engine::Engine;
use crate::progress::Progress;
use crate::store::Claimed;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Messages of one claim.
const BATCH: usize = 32;
/// The store is looked at this often without a sign: the system's clock may have been set forward.
const LOOK: Duration = Duration::from_secs(30);
/// The pause before what is due and could not be claimed is looked at again.
const LEAST_LOOK: Duration = Duration::from_millis(50);
/// After a failed call.
const BREATHE: Duration = Duration::from_secs(1);

/// Until the engine drains: claims what is due and delivers it, at most `most` at once.
pub(crate) async fn run(engine: Arc<Engine>, most: usize) {
    let places = Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS)));
    let draining = engine.draining.clone();
    let _ = draining
        .run_until_cancelled_owned(claim_and_deliver(engine, places))
        .await;
}

/// Dropped at an await when the engine drains; a claim that was committed just then is left to the
/// next start, like everything else that is in a hand at the end.
async fn claim_and_deliver(engine: Arc<Engine>, places: Arc<Semaphore>) {
    let mut steps = Steps::default();
    loop {
        steps.look(&engine.clock);
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let more = places.available_permits().min(BATCH - 1);
        let most = u32::try_from(more + 1).unwrap_or(1);
        match engine.store.claim(most, engine.clock.now()).await {
            Ok(claimed) if claimed.is_empty() => {
                drop(place);
                sleep_until_due(&engine).await;
            }
            Ok(claimed) => {
                let mut place = Some(place);
                for one in claimed {
                    let own = match place.take() {
                        Some(place) => Some(place),
                        None => Arc::clone(&places).acquire_owned().await.ok(),
                    };
                    deliver(&engine, one, own);
                }
            }
            Err(error) => {
                tracing::error!(%error, "due messages could not be claimed");
                tokio::time::sleep(BREATHE).await;
            }
        }
    }
}

fn deliver(engine: &Arc<Engine>, claimed: Claimed, place: Option<OwnedSemaphorePermit>) {
    let Claimed {
        held,
        lease,
        past,
        backoff,
        accepted_at,
    } = claimed;
    let flight = engine.running.begin(held.id);
    let work = Work {
        held,
        progress: Progress::resumed(past, backoff),
        caller: Caller::Nobody,
        accepted_at,
    };
    let engine = Arc::clone(engine);
    let task = Arc::clone(&engine);
    engine.tasks.spawn(async move {
        task.carry(work, lease, Turn::Wait(Duration::ZERO)).await;
        drop((flight, place));
    });
}

async fn sleep_until_due(engine: &Engine) {
    let wait = match engine.store.next_due().await {
        Ok(Some(due)) => engine.clock.now().until(due).clamp(LEAST_LOOK, LOOK),
        Ok(None) => LOOK,
        Err(error) => {
            tracing::error!(%error, "the next due message could not be found");
            BREATHE
        }
    };
    // A sign that came since the claim was kept, so none is missed.
    let _ = tokio::time::timeout(wait, engine.due.notified()).await;
}
