//! A library's machine for one connection, wherever its code runs.

use crate::border::RawAct;
use crate::border::machine::Machine as Here;
use crate::broken::Broken;
use crate::resident::{Code, Resident};
use crate::submission::CarrierMessage;
use crate::worker::Machine as Apart;
use std::sync::Arc;

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

    /// A message is to be sent.
    pub(super) async fn submit(&mut self, token: u64, message: &CarrierMessage) -> Acts {
        match &mut self.place {
            Place::Here(machine) => self.resident.timed(|| machine.submit(token, message)),
            Place::Worker(machine) => self.resident.noted(machine.submit(token, message).await),
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
