//! Makes the calls.

use crate::border::RawAct;
use crate::border::calls::Handle;
use crate::border::machine::Machine;
use crate::broken::Broken;
use crate::limits;
use crate::submission::CarrierMessage;
use crate::worker::frame::{Answer, Ask};
use std::collections::HashMap;
use std::sync::Arc;

/// The instance and its machines.
pub(super) struct Hands {
    handle: Arc<Handle>,
    machines: HashMap<u64, Kept>,
}

/// A machine, the batch of messages that it takes no more of, and how much it wanted with the last one.
struct Kept {
    machine: Machine,
    full: Option<u64>,
    wanted: (u64, usize),
}

impl Hands {
    pub(super) fn new(handle: Arc<Handle>) -> Self {
        let machines = HashMap::new();
        Self { handle, machines }
    }

    /// `None`: nobody waits for an answer.
    pub(super) fn answer(&mut self, ask: Ask<'_>) -> Option<Result<Answer, String>> {
        let answer = match ask {
            Ask::Destroy(machine) => {
                self.machines.remove(&machine);
                return None;
            }
            Ask::Submit(message, now) => self.handle.submit(&message, now).map(Answer::Word),
            Ask::Response(message, answer) => self.handle.on_response(&message, &answer).map(Answer::Word),
            Ask::Callback(request) => self.handle.callback(&request).map(Answer::Verdict),
            Ask::Open { machine, link, name } => self.open(machine, link, &name).map(Answer::Acts),
            Ask::Bytes(machine, bytes) => self.machine(machine, |machine| machine.on_bytes(bytes)),
            Ask::Timer(machine, id) => self.machine(machine, |machine| machine.on_timer(id)),
            Ask::Message {
                machine,
                batch,
                token,
                message,
            } => self.message(machine, batch, token, &message),
            Ask::Drain(machine) => self.machine(machine, Machine::drain),
        };
        Some(answer.map_err(|broken| broken.to_string()))
    }

    fn open(&mut self, id: u64, link: u32, name: &str) -> Result<Vec<RawAct>, Broken> {
        let (machine, acts) = Machine::open(Arc::clone(&self.handle), link, name)?;
        let (full, wanted) = (None, (0, 0));
        self.machines.insert(
            id,
            Kept {
                machine,
                full,
                wanted,
            },
        );
        Ok(acts)
    }

    fn message(
        &mut self,
        id: u64,
        batch: u64,
        token: u64,
        message: &CarrierMessage,
    ) -> Result<Answer, Broken> {
        let kept = self.machines.get_mut(&id).ok_or(NONE)?;
        if kept.full == Some(batch) {
            return Ok(Answer::Held);
        }
        let acts = kept.machine.submit(token, message);
        let changes = |act: &RawAct| matches!(act, RawAct::Ready { .. } | RawAct::Close(_));
        let before = Some(kept.wanted)
            .filter(|(of, _)| *of == batch)
            .map_or(0, |(_, wanted)| wanted);
        let wants = acts.iter().flatten().map(RawAct::weight).sum::<usize>();
        kept.wanted = (batch, before.saturating_add(wants));
        if kept.wanted.1 > limits::BATCH || acts.as_ref().map_or(true, |acts| acts.iter().any(changes)) {
            kept.full = Some(batch);
        }
        acts.map(Answer::Acts)
    }

    fn machine(
        &mut self,
        id: u64,
        call: impl FnOnce(&mut Machine) -> Result<Vec<RawAct>, Broken>,
    ) -> Result<Answer, Broken> {
        let kept = self.machines.get_mut(&id).ok_or(NONE)?;
        call(&mut kept.machine).map(Answer::Acts)
    }
}

const NONE: &str = "has no such machine";
