//! The calls into a library's sessions.

use super::calls::{Handle, Refusal, lending, returned};
use super::host_table::visit;
use super::sinks::{LinkSink, RawAct, RawLink, SessSink};
use crate::broken::Broken;
use crate::submission::CarrierMessage;
use aldis_carrier::abi::{OK, Sess, SessInfo, Session, Str};
use aldis_carrier::copying::size_of_u32;
use std::ffi::c_void;
use std::sync::Arc;

/// The connections the library asks for; `None`: it is not of the session style.
pub(crate) fn links(handle: &Handle) -> Result<Option<Vec<RawLink>>, Refusal> {
    let Some((session, inst)) = handle.session() else {
        return Ok(None);
    };
    let broken = |how: Broken| Refusal {
        key: String::new(),
        reason: format!("the carrier library {how}"),
    };
    let links = session.links.ok_or_else(|| broken(NO_SESSIONS.into()))?;
    let mut heard = LinkSink::default();
    let sink = heard.table();
    // SAFETY: `inst` is the library's own, and the sink is lent until the call returns.
    returned(visit(handle.room(), "", "", || unsafe {
        links(inst, &raw const sink)
    }))
    .map_err(broken)?;
    if heard.broken {
        return Err(broken(
            "asks for too many links, or passed a broken struct to its sink".into(),
        ));
    }
    Ok(Some(heard.links))
}

const NO_SESSIONS: &str = "has no sessions";

/// A library's own handle of one connection, destroyed with this.
pub(crate) struct Machine {
    handle: Arc<Handle>,
    table: Session,
    st: *mut c_void,
}

// SAFETY: its functions are tagged `[once]`: never two at a time, which `&mut self` sees to; any thread.
unsafe impl Send for Machine {}

impl Machine {
    /// A link is connected.
    pub(crate) fn open(handle: Arc<Handle>, link: u32, name: &str) -> Result<(Self, Vec<RawAct>), Broken> {
        let (table, inst) = handle.session().ok_or(NO_SESSIONS)?;
        let open = table.open.ok_or(NO_SESSIONS)?;
        let info = SessInfo {
            struct_size: size_of_u32::<SessInfo>(),
            link,
            name: Str::of(name),
        };
        let mut machine = Self {
            handle,
            table,
            st: std::ptr::null_mut(),
        };
        let mut st = std::ptr::null_mut();
        let mut made = false;
        let acts = machine.listen(None, |sess| {
            // SAFETY: `inst` is the library's own; what is lent lives until the call returns.
            let answer = unsafe { open(inst, sess, &raw const info, &raw mut st) };
            made = answer == OK;
            answer
        });
        // What failed has freed what it made. One that wanted too much, but returned `OK`, has a session.
        if made {
            machine.st = st;
        }
        Ok((machine, acts?))
    }

    /// Bytes arrived.
    pub(crate) fn on_bytes(&mut self, bytes: &[u8]) -> Result<Vec<RawAct>, Broken> {
        let (on_bytes, st) = (self.table.on_bytes.ok_or(NO_SESSIONS)?, self.st);
        // SAFETY: `st` is the library's own; what is lent lives until the call returns.
        self.listen(None, |sess| unsafe { on_bytes(st, sess, Str::of(bytes)) })
    }

    /// A timer ran out.
    pub(crate) fn on_timer(&mut self, id: u32) -> Result<Vec<RawAct>, Broken> {
        let (on_timer, st) = (self.table.on_timer.ok_or(NO_SESSIONS)?, self.st);
        // SAFETY: `st` is the library's own; what is lent lives until the call returns.
        self.listen(None, |sess| unsafe { on_timer(st, sess, id) })
    }

    /// A message is to be sent.
    pub(crate) fn submit(&mut self, token: u64, message: &CarrierMessage) -> Result<Vec<RawAct>, Broken> {
        let now_unix_ms = self.handle.room().now_unix_ms();
        let (submit, st) = (self.table.submit.ok_or(NO_SESSIONS)?, self.st);
        lending(message, now_unix_ms, |msg| {
            // SAFETY: `st` is the library's own; what is lent lives until the call returns.
            self.listen(Some(message), |sess| unsafe { submit(st, sess, token, msg) })
        })
    }

    /// No message will follow, and none is in flight.
    pub(crate) fn drain(&mut self) -> Result<Vec<RawAct>, Broken> {
        let (drain, st) = (self.table.drain.ok_or(NO_SESSIONS)?, self.st);
        // SAFETY: `st` is the library's own; what is lent lives until the call returns.
        self.listen(None, |sess| unsafe { drain(st, sess) })
    }

    /// Lends a sink, makes the call, and takes what is wanted.
    fn listen(
        &self,
        message: Option<&CarrierMessage>,
        call: impl FnOnce(*const Sess) -> i32,
    ) -> Result<Vec<RawAct>, Broken> {
        let room = self.handle.room();
        let mut heard = SessSink::default();
        let sess = heard.table(room.now_unix_ms());
        let (text, to) = message.map_or(("", ""), |message| (&message.text, &message.to));
        returned(visit(room, text, to, || call(&raw const sess)))?;
        if heard.broken {
            return Err("wants too much at once, or passed a broken struct to its sink".into());
        }
        Ok(heard.acts)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let (Some(destroy), false) = (self.table.destroy, self.st.is_null()) {
            let room = self.handle.room();
            // SAFETY: made by `open` of the same table; this is the last call for it.
            visit(room, "", "", || unsafe { destroy(self.st) });
        }
    }
}
