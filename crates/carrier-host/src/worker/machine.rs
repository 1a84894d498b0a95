//! A library's machine for one connection, in a worker. It dies with the worker.

use super::frame::{Answer, Ask};
use super::supervisor::{Order, Place};
use super::{About, MIXED_UP, Told, Worker};
use crate::border::RawAct;
use crate::submission::CarrierMessage;
use std::borrow::Cow;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

pub(crate) struct Machine {
    worker: Arc<Worker>,
    id: u64,
    gone: CancellationToken,
}

impl Machine {
    /// A link is connected.
    pub(crate) async fn open(worker: Arc<Worker>, link: usize, name: &str) -> Told<(Self, Vec<RawAct>)> {
        let machine = Self {
            id: worker.ids.fetch_add(1, std::sync::atomic::Ordering::Relaxed),
            gone: CancellationToken::new(),
            worker,
        };
        let ask = Ask::Open {
            machine: machine.id,
            link: u32::try_from(link).unwrap_or(u32::MAX),
            name: Cow::Borrowed(name),
        };
        let place = Place::Opens(machine.id, machine.gone.clone());
        let (acts, took) = machine.ask(ask, place, About::default()).await?;
        Ok(((machine, acts), took))
    }

    pub(crate) async fn on_bytes(&self, bytes: &[u8]) -> Told<Vec<RawAct>> {
        self.inside(Ask::Bytes(self.id, bytes), About::default()).await
    }

    pub(crate) async fn on_timer(&self, id: u32) -> Told<Vec<RawAct>> {
        self.inside(Ask::Timer(self.id, id), About::default()).await
    }

    pub(crate) async fn submit(&self, token: u64, message: &CarrierMessage) -> Told<Vec<RawAct>> {
        let about = About::message(&self.worker, message);
        let ask = Ask::Message(self.id, token, Cow::Borrowed(message));
        self.inside(ask, about).await
    }

    pub(crate) async fn drain(&self) -> Told<Vec<RawAct>> {
        self.inside(Ask::Drain(self.id), About::default()).await
    }

    /// Its worker has ended, and it with it.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone.is_cancelled()
    }

    pub(crate) async fn gone(&self) {
        self.gone.cancelled().await;
    }

    async fn inside(&self, ask: Ask<'_>, about: About) -> Told<Vec<RawAct>> {
        self.ask(ask, Place::In(self.id), about).await
    }

    async fn ask(&self, ask: Ask<'_>, place: Place, about: About) -> Told<Vec<RawAct>> {
        match self.worker.ask(ask, place, about).await? {
            (Answer::Acts(acts), took) => Ok((acts, took)),
            _ => Err(MIXED_UP.into()),
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Ok((_, frame)) = self.worker.frame(Ask::Destroy(self.id)) {
            let _ = self.worker.orders.send(Order::Forget(self.id, frame));
        }
    }
}
