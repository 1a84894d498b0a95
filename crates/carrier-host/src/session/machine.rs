//! A library's machine for one connection, wherever its code runs.

use crate::border::RawAct;
use crate::border::machine::Machine as Here;
use crate::broken::Broken;
use crate::resident::{Code, Resident};
use crate::submission::CarrierMessage;
use crate::worker::Machine as Apart;
use std::sync::Arc;

/// The most that a worker is handed at once.
const AT_ONCE: usize = 64;

type Acts = Result<Vec<RawAct>, Broken>;

pub(super) struct Machine {
    resident: Arc<Resident>,
    place: Place,
}

enum Place {
    Here(Here),
    Worker(Apart),
}

impl Machine {
    /// A link is connected.
    pub(super) async fn open(
        resident: Arc<Resident>,
        link: usize,
        name: &str,
    ) -> Result<(Self, Vec<RawAct>), Broken> {
        let (place, acts) = match resident.code() {
            Code::Here(handle) => {
                let link = u32::try_from(link).unwrap_or(u32::MAX);
                let (machine, acts) = resident.timed(|| Here::open(Arc::clone(handle), link, name))?;
                (Place::Here(machine), acts)
            }
            Code::Worker(worker) => {
                let opened = Apart::open(Arc::clone(worker), link, name).await;
                let (machine, acts) = resident.noted(opened)?;
                (Place::Worker(machine), acts)
            }
        };
        Ok((Self { resident, place }, acts))
    }

    /// Bytes arrived.
    pub(super) async fn on_bytes(&mut self, bytes: &[u8]) -> Acts {
        match &mut self.place {
            Place::Here(machine) => self.resident.timed(|| machine.on_bytes(bytes)),
            Place::Worker(machine) => self.resident.noted(machine.on_bytes(bytes).await),
        }
    }

    /// A timer ran out.
    pub(super) async fn on_timer(&mut self, id: u32) -> Acts {
        match &mut self.place {
            Place::Here(machine) => self.resident.timed(|| machine.on_timer(id)),
            Place::Worker(machine) => self.resident.noted(machine.on_timer(id).await),
        }
    }

    /// How many messages it takes at once. To wait for a worker's answer to each would take longer than the calls.
    pub(super) fn at_once(&self) -> usize {
        match self.place {
            Place::Here(_) => 1,
            Place::Worker(_) => AT_ONCE,
        }
    }

    /// Messages are to be sent, as many as it takes at once. `None`: this one was not handed over, for what the machine
    /// wanted with one before it changed what there is room for.
    pub(super) async fn submit(
        &mut self,
        messages: &[(u64, &CarrierMessage)],
    ) -> Vec<Result<Option<Vec<RawAct>>, Broken>> {
        let resident = &self.resident;
        match &mut self.place {
            Place::Here(machine) => {
                let submit = |&(token, message): &(u64, _)| resident.timed(|| machine.submit(token, message));
                messages.iter().map(submit).map(|acts| acts.map(Some)).collect()
            }
            Place::Worker(machine) => {
                let told = machine.submit(messages).await;
                told.into_iter().map(|told| resident.noted(told)).collect()
            }
        }
    }

    /// No message will follow, and none is in flight.
    pub(super) async fn drain(&mut self) -> Acts {
        match &mut self.place {
            Place::Here(machine) => self.resident.timed(|| machine.drain()),
            Place::Worker(machine) => self.resident.noted(machine.drain().await),
        }
    }

    /// Its worker has ended, and it with it.
    pub(super) fn is_gone(&self) -> bool {
        match &self.place {
            Place::Here(_) => false,
            Place::Worker(machine) => machine.is_gone(),
        }
    }

    /// When that happens; never in this process.
    pub(super) async fn gone(&mut self) {
        match &mut self.place {
            Place::Here(_) => std::future::pending().await,
            Place::Worker(machine) => machine.gone().await,
        }
    }
}
