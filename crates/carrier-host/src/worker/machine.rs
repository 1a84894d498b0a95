//! A library's machine for one connection, in a worker. It dies with the worker.

use super::frame::{Answer, Ask};
use super::supervisor::{Order, Place};
use super::{About, MIXED_UP, Told, Worker};
use crate::border::RawAct;
use crate::limits;
use crate::submission::CarrierMessage;
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
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
            id: worker.ids.fetch_add(1, Ordering::Relaxed),
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

    /// Hands over several at once. `None`: this one was not, for what the machine wanted with one before it changed what
    /// there is room for.
    pub(crate) async fn submit(&self, messages: &[(u64, &CarrierMessage)]) -> Vec<Told<Option<Vec<RawAct>>>> {
        let batch = self.worker.ids.fetch_add(1, Ordering::Relaxed);
        let call = |&(token, message): &(u64, &CarrierMessage)| {
            let ask = Ask::Message {
                machine: self.id,
                batch,
                token,
                message: Cow::Borrowed(message),
            };
            let about = About::message(&self.worker, message);
            self.worker.call(ask, Place::In(self.id), about)
        };
        let asked: Vec<_> = messages.iter().map(call).collect();
        let mut told = Vec::with_capacity(asked.len());
        let mut room = limits::CALL + limits::BATCH;
        for asked in asked {
            told.push(match asked {
                Ok(asked) => asked.answer().await.and_then(|(answer, took)| match answer {
                    Answer::Acts(acts) => {
                        let left = room.checked_sub(acts.iter().map(RawAct::weight).sum());
                        room = left.ok_or("wants more with several messages than there is room for")?;
                        Ok((Some(acts), took))
                    }
                    // None before it can have changed anything.
                    Answer::Held if !told.is_empty() => Ok((None, took)),
                    _ => Err(MIXED_UP.into()),
                }),
                Err(broken) => Err(broken),
            });
        }
        told
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
