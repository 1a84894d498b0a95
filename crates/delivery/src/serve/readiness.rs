//! The checks and notes of `/readyz`.

use crate::clocks;
use crate::engine::Engine;
use crate::store::{Level, Room};
use aldis_daemon::listener::Health;
use aldis_daemon::readiness::Readiness;
use std::sync::Arc;

pub(super) fn readiness(engine: &Arc<Engine>, listeners: [Health; 2]) -> Readiness {
    let (store, disk, carriers) = (Arc::clone(engine), Arc::clone(engine), Arc::clone(engine));
    let clocks = Arc::clone(engine);
    let checked = Readiness::new()
        .with_check("store", move || {
            let engine = Arc::clone(&store);
            async move {
                engine.store.probe().await.map_err(|error| error.to_string())?;
                match engine.store.room() {
                    room if room.level() == Level::Full => Err(format!("the disk is full: {}", left(room))),
                    _ => Ok(()),
                }
            }
        })
        .with_listeners(listeners);
    let checked = checked.with_note("disk", move || {
        let room = disk.store.room();
        (room.level() == Level::Low).then(|| format!("nearly full: {}", left(room)))
    });
    // Not a check: lives and waits go on by the time that passes.
    let checked = checked.with_note("clock", move || clocks::note(&clocks.clock));
    // Not a check: the other carriers go on, and routes lead past this one.
    checked.with_note("carriers", move || match carriers.carriers.resting() {
        resting if resting.is_empty() => None,
        resting => Some(format!("degraded: {}", resting.join(", "))),
    })
}

fn left(room: Room) -> String {
    let mebibytes = |bytes: u64| bytes / (1024 * 1024);
    let (free, size) = (mebibytes(room.free), mebibytes(room.size));
    format!("{free} MiB of {size} MiB are left")
}
