//! Runs a session carrier in its author's unit tests, through the tables a host calls, without a socket.

mod recorder;

use super::{Fault, TestMessage, extension, lent, returned};
use crate::abi::{self, Str};
use crate::copying::{copy, size_of_u32};
use crate::export::{SessionStyle, Table};
use crate::session::{Act, Link, SessionCarrier};
use crate::{Instance, SettingsError};
use recorder::{Links, Wants};
use std::ffi::c_void;
use std::marker::PhantomData;
use std::{fmt, ptr};

/// 2030-01-01T00:00:00Z: the clock of the bench stands still, unless [`Connection::clock`] moves it.
const NOW: u64 = 1_893_456_000_000;

/// One instance of a session carrier on the test bench.
pub struct SessionBench<C: SessionCarrier> {
    inst: *mut c_void,
    entry: abi::Entry,
    session: abi::Session,
    _table: Table,
    _carrier: PhantomData<C>,
}

impl<C: SessionCarrier> SessionBench<C> {
    /// An instance with these settings and secrets (dotted keys).
    pub fn new(settings: &serde_json::Value, secrets: &[(&str, &str)]) -> Result<Self, SettingsError> {
        let instance = Instance {
            name: "test".to_owned(),
            webhook_base_url: None,
            region: None,
        };
        let missing = || SettingsError::new("", "the tables are incomplete");
        let table = Table::of::<SessionStyle<C>>();
        // SAFETY: the entry is valid as long as the table, which the bench keeps.
        let entry = unsafe { copy(table.entry()) }.ok_or_else(missing)?;
        // SAFETY: the table by this id has this type, and is static.
        let session = unsafe { copy(extension(&entry, abi::SESSION).cast::<abi::Session>()) };
        let inst = lent::create(&entry, settings, secrets, &instance)?;
        Ok(Self {
            inst,
            entry,
            session: session.ok_or_else(missing)?,
            _table: table,
            _carrier: PhantomData,
        })
    }

    /// What the library says of itself.
    pub fn descriptor() -> serde_json::Value {
        super::descriptor(&Table::of::<SessionStyle<C>>())
    }

    /// The connections it asks for.
    pub fn links(&self) -> Result<Vec<Link>, Fault> {
        let links = self.session.links.ok_or(Fault::Broken("no links"))?;
        let mut said = Links::default();
        let sink = said.table();
        // SAFETY: the instance is alive, and the sink is lent until the call returns.
        returned(unsafe { links(self.inst, &raw const sink) })?;
        said.all()
    }

    /// Connects a link: the session, and what it wants first.
    pub fn connect(&self, link: usize) -> Result<(Connection<'_, C>, Vec<Act>), Fault> {
        let open = self.session.open.ok_or(Fault::Broken("no open"))?;
        let name = self
            .links()?
            .get(link)
            .map(|link| link.name.clone())
            .unwrap_or_default();
        let info = abi::SessInfo {
            struct_size: size_of_u32::<abi::SessInfo>(),
            link: u32::try_from(link).unwrap_or(u32::MAX),
            name: Str::of(&name),
        };
        let mut connection = Connection {
            st: ptr::null_mut(),
            bench: self,
            now_unix_ms: NOW,
        };
        let acts = wants(NOW, |sess| {
            let mut st = ptr::null_mut();
            // SAFETY: the instance is alive, and what is lent lives until the call returns.
            let answer = unsafe { open(self.inst, sess, &raw const info, &raw mut st) };
            // As a host does it: what failed is not destroyed.
            if answer == abi::OK {
                connection.st = st;
            }
            answer
        });
        Ok((connection, acts?))
    }
}

impl<C: SessionCarrier> Drop for SessionBench<C> {
    fn drop(&mut self) {
        if let Some(destroy) = self.entry.instance_destroy {
            // SAFETY: made by the same entry, and no call of it is under way.
            unsafe { destroy(self.inst) };
        }
    }
}

impl<C: SessionCarrier> fmt::Debug for SessionBench<C> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SessionBench").finish_non_exhaustive()
    }
}

/// One connection on the bench; dropped, it is gone.
pub struct Connection<'a, C: SessionCarrier> {
    st: *mut c_void,
    bench: &'a SessionBench<C>,
    now_unix_ms: u64,
}

impl<C: SessionCarrier> Connection<'_, C> {
    /// Sets the clock that the session sees.
    pub fn clock(&mut self, now_unix_ms: u64) {
        self.now_unix_ms = now_unix_ms;
    }

    /// Bytes arrive.
    pub fn on_bytes(&mut self, bytes: &[u8]) -> Result<Vec<Act>, Fault> {
        let on_bytes = self.bench.session.on_bytes.ok_or(Fault::Broken("no on_bytes"))?;
        // SAFETY: the session is alive, and what is lent lives until the call returns.
        wants(self.now_unix_ms, |sess| unsafe {
            on_bytes(self.st, sess, Str::of(bytes))
        })
    }

    /// A timer runs out.
    pub fn on_timer(&mut self, id: u32) -> Result<Vec<Act>, Fault> {
        let on_timer = self.bench.session.on_timer.ok_or(Fault::Broken("no on_timer"))?;
        // SAFETY: the session is alive, and what is lent lives until the call returns.
        wants(self.now_unix_ms, |sess| unsafe { on_timer(self.st, sess, id) })
    }

    /// A message is to be sent.
    pub fn submit(&mut self, token: u64, message: &TestMessage) -> Result<Vec<Act>, Fault> {
        let submit = self.bench.session.submit.ok_or(Fault::Broken("no submit"))?;
        message.lend(|msg| {
            // SAFETY: the session is alive, and what is lent lives until the call returns.
            wants(self.now_unix_ms, |sess| unsafe {
                submit(self.st, sess, token, msg)
            })
        })
    }

    /// No message will follow.
    pub fn drain(&mut self) -> Result<Vec<Act>, Fault> {
        let drain = self.bench.session.drain.ok_or(Fault::Broken("no drain"))?;
        // SAFETY: the session is alive, and what is lent lives until the call returns.
        wants(self.now_unix_ms, |sess| unsafe { drain(self.st, sess) })
    }
}

impl<C: SessionCarrier> Drop for Connection<'_, C> {
    fn drop(&mut self) {
        if let Some(destroy) = self.bench.session.destroy {
            // SAFETY: made by `open` of the same table, and no call of it is under way.
            unsafe { destroy(self.st) };
        }
    }
}

impl<C: SessionCarrier> fmt::Debug for Connection<'_, C> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Connection").finish_non_exhaustive()
    }
}

fn wants(now_unix_ms: u64, call: impl FnOnce(*const abi::Sess) -> i32) -> Result<Vec<Act>, Fault> {
    let mut wants = Wants::default();
    let sess = wants.table(now_unix_ms);
    returned(call(&raw const sess))?;
    wants.all()
}
