//! The calls into a library, each with what it is lent and what it left in the sink.

use super::host_table::{HOST, Room, visit};
use super::open::Opened;
use super::sinks::{CallbackSink, OpSink, RawEvent, RawReply, Word};
use crate::broken::Broken;
use crate::submission::CarrierMessage;
use crate::{CallbackRequest, InstanceOptions};
use aldis_carrier::abi::{
    E_PANIC, Http, HttpResp, InstanceCfg, List, MSG_WANT_RECEIPT, Msg, OK, Op, PAIR_SECRET, Pair, REJECT,
    Session, Str, UNVERIFIED, VERIFIED, Webhook, WebhookReq,
};
use aldis_carrier::copying::size_of_u32;
use serde::{Deserialize, Serialize};
use std::ffi::c_void;

/// A library's own handle of one of its instances, destroyed with this.
pub(crate) struct Handle {
    /// Boxed: its address names the instance on the border.
    room: Box<Room>,
    inst: *mut c_void,
    destroy: Option<unsafe extern "C" fn(inst: *mut c_void)>,
    http: Option<Http>,
    session: Option<Session>,
    webhook: Option<Webhook>,
}

// SAFETY: every function it is given to is tagged `[any]`: any thread, several at once.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

/// A setting the library refuses: its key, perhaps empty, and why.
pub(crate) struct Refusal {
    pub(crate) key: String,
    pub(crate) reason: String,
}

/// What came of a request, to be lent.
#[derive(Serialize, Deserialize)]
pub(crate) struct LentAnswer<'a> {
    pub(crate) status: u16,
    pub(crate) transport: u32,
    pub(crate) request_written: bool,
    #[serde(borrow)]
    pub(crate) headers: Vec<(&'a [u8], &'a [u8])>,
    #[serde(with = "serde_bytes")]
    pub(crate) body: &'a [u8],
    pub(crate) elapsed_ms: u32,
    pub(crate) step: u32,
    #[serde(with = "serde_bytes")]
    pub(crate) state: &'a [u8],
    pub(crate) now_unix_ms: u64,
}

/// What the library said of a call-back.
#[derive(Serialize, Deserialize)]
pub(crate) enum Verdict {
    Verified(
        #[serde(deserialize_with = "crate::bounded::list::<_, _, { crate::limits::EVENTS }>")] Vec<RawEvent>,
        Option<RawReply>,
    ),
    Unverified,
    Rejected,
}

/// Runs the library's `load`, if it has one.
pub(crate) fn load(opened: &Opened, room: &Room) -> Result<(), String> {
    // SAFETY: the table is static, as `load` may expect.
    let answer = opened.entry.load.map_or(OK, |load| {
        visit(room, "", "", || unsafe { load(&raw const HOST) })
    });
    returned(answer).map_err(|broken| format!("its load function {broken}"))
}

/// Asks the library for an instance.
pub(crate) fn create(opened: &Opened, room: Room, options: &InstanceOptions) -> Result<Handle, Refusal> {
    let room = Box::new(room);
    let create = opened
        .entry
        .instance_create
        .ok_or_else(|| refusal("the library cannot make instances"))?;
    let config = options.settings.to_string();
    let secrets: Vec<_> = options
        .secrets
        .iter()
        .map(|(key, value)| Pair::of(key, value, PAIR_SECRET))
        .collect();
    let mut said: Vec<Refusal> = Vec::new();
    let cfg = InstanceCfg {
        struct_size: size_of_u32::<InstanceCfg>(),
        pad: 0,
        instance_id: room.id(),
        name: Str::of(&options.name),
        config_json: Str::of(&config),
        secrets: List::of(&secrets),
        webhook_base_url: Str::of(options.callback_base_url.as_deref().unwrap_or_default()),
        locale_region: Str::EMPTY,
        fault_ctx: std::ptr::from_mut(&mut said).cast(),
        fault: Some(setting_at_fault),
    };
    let mut inst = std::ptr::null_mut();
    // SAFETY: everything lent lives until the call returns; the table is static.
    let answer = visit(&room, "", "", || unsafe {
        create(&raw const HOST, &raw const cfg, &raw mut inst)
    });
    match returned(answer) {
        Ok(()) => {
            let destroy = opened.entry.instance_destroy;
            Ok(Handle {
                room,
                inst,
                destroy,
                http: opened.http(),
                session: opened.session(),
                webhook: opened.webhook(),
            })
        }
        Err(broken) => Err(said
            .into_iter()
            .next()
            .unwrap_or_else(|| refusal(&format!("the library {broken}")))),
    }
}

fn refusal(reason: &str) -> Refusal {
    Refusal {
        key: String::new(),
        reason: reason.to_owned(),
    }
}

unsafe extern "C" fn setting_at_fault(ctx: *mut c_void, key: Str, reason: Str) {
    // SAFETY: `create` made it from a unique reference that nobody uses during the call; the texts are lent.
    unsafe {
        (*ctx.cast::<Vec<Refusal>>()).push(Refusal {
            key: key.to_text(),
            reason: reason.to_text(),
        });
    }
}

pub(super) fn returned(answer: i32) -> Result<(), Broken> {
    match answer {
        OK => Ok(()),
        E_PANIC => Err("panicked".into()),
        other => Err(format!("failed with {other}").into()),
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: made by the same library; no call is under way, for each borrows the handle.
            visit(&self.room, "", "", || unsafe { destroy(self.inst) });
        }
    }
}

impl Handle {
    /// What the host keeps for this instance.
    pub(crate) fn room(&self) -> &Room {
        &self.room
    }

    /// The first word on a message.
    pub(crate) fn submit(&self, message: &CarrierMessage, now_unix_ms: u64) -> Result<Word, Broken> {
        let submit = self
            .http
            .and_then(|http| http.submit)
            .ok_or("has no submit function")?;
        // SAFETY: `inst` is the library's own, and what is lent lives until the call returns.
        listen(&self.room, message, now_unix_ms, |msg, op| unsafe {
            submit(self.inst, msg, op)
        })
    }

    /// The next word, given what came of the last request.
    pub(crate) fn on_response(
        &self,
        message: &CarrierMessage,
        answer: &LentAnswer<'_>,
    ) -> Result<Word, Broken> {
        let on_response = self
            .http
            .and_then(|http| http.on_response)
            .ok_or("has no on_response function")?;
        let headers: Vec<_> = answer
            .headers
            .iter()
            .map(|(key, value)| Pair::of(key, value, 0))
            .collect();
        let resp = HttpResp {
            struct_size: size_of_u32::<HttpResp>(),
            status: u32::from(answer.status),
            transport: answer.transport,
            request_written: u32::from(answer.request_written),
            headers: List::of(&headers),
            body: Str::of(answer.body),
            elapsed_ms: answer.elapsed_ms,
            step: answer.step,
            state: Str::of(answer.state),
            now_unix_ms: answer.now_unix_ms,
        };
        // SAFETY: `inst` is the library's own, and what is lent lives until the call returns.
        let call = |msg, op| unsafe { on_response(self.inst, msg, &raw const resp, op) };
        listen(&self.room, message, answer.now_unix_ms, call)
    }

    /// The library's table for sessions, and its own handle of the instance, for the calls in `machine`.
    pub(super) fn session(&self) -> Option<(Session, *mut c_void)> {
        Some((self.session?, self.inst))
    }

    /// Whether the library reads call-backs at all.
    pub(crate) fn reads_callbacks(&self) -> bool {
        self.webhook.is_some_and(|webhook| webhook.handle.is_some())
    }

    /// What the library makes of a call-back.
    pub(crate) fn callback(&self, request: &CallbackRequest) -> Result<Verdict, Broken> {
        let handle = self
            .webhook
            .and_then(|webhook| webhook.handle)
            .ok_or("reads no call-backs")?;
        let headers: Vec<_> = request
            .headers
            .iter()
            .map(|(key, value)| Pair::of(key, value, 0))
            .collect();
        let req = WebhookReq {
            struct_size: size_of_u32::<WebhookReq>(),
            pad: 0,
            external_url: Str::of(&request.external_url),
            method: Str::of(&request.method),
            headers: List::of(&headers),
            body: Str::of(&request.body),
            remote_address: Str::of(&request.remote_address),
            now_unix_ms: request.now_unix_ms,
        };
        let mut heard = CallbackSink::default();
        let sink = heard.table();
        // SAFETY: `inst` is the library's own, and what is lent lives until the call returns.
        let answer = visit(&self.room, "", "", || unsafe {
            handle(self.inst, &raw const req, &raw const sink)
        });
        if answer < OK {
            returned(answer)?;
        }
        if heard.broken {
            return Err("broke the rules of the call-back sink".into());
        }
        match answer {
            VERIFIED => Ok(Verdict::Verified(heard.events, heard.replies.pop())),
            UNVERIFIED => Ok(Verdict::Unverified),
            REJECT => Ok(Verdict::Rejected),
            other => Err(format!("answered a call-back with {other}").into()),
        }
    }
}

/// Lends the message and a sink, makes the call, and takes the one word that must have been said.
fn listen(
    room: &Room,
    message: &CarrierMessage,
    now_unix_ms: u64,
    call: impl FnOnce(*const Msg, *const Op) -> i32,
) -> Result<Word, Broken> {
    let mut heard = OpSink::default();
    let op = heard.table();
    let answer = lending(message, now_unix_ms, |msg| {
        visit(room, &message.text, &message.to, || call(msg, &raw const op))
    });
    returned(answer)?;
    match heard {
        OpSink { broken: true, .. } => Err("passed a broken struct to its sink".into()),
        OpSink {
            calls: 1,
            word: Some(word),
            ..
        } => Ok(word),
        OpSink { calls, .. } => Err(format!("called its sink {calls} times instead of once").into()),
    }
}

/// Lends a message for one call.
pub(super) fn lending<R>(
    message: &CarrierMessage,
    now_unix_ms: u64,
    call: impl FnOnce(*const Msg) -> R,
) -> R {
    let attributes: Vec<_> = message
        .attributes
        .iter()
        .map(|(key, value)| Pair::of(key, value, 0))
        .collect();
    let msg = lend(message, now_unix_ms, &attributes);
    call(&raw const msg)
}

fn lend(message: &CarrierMessage, now_unix_ms: u64, attributes: &[Pair]) -> Msg {
    let from = message.from.as_ref();
    let callback_url = message.callback_url.as_deref().unwrap_or_default();
    let validity = message.validity.map_or(0, |validity| validity.as_secs().max(1));
    Msg {
        struct_size: size_of_u32::<Msg>(),
        flags: if callback_url.is_empty() {
            0
        } else {
            MSG_WANT_RECEIPT
        },
        id: Str::of(&message.id),
        to: Str::of(&message.to),
        from: from.map_or(Str::EMPTY, |from| Str::of(&from.address)),
        from_kind: from.map_or(0, |from| from.kind.number()),
        encoding: message.encoding.number(),
        text: Str::of(&message.text),
        parts: List::EMPTY,
        segments_est: u32::from(message.segments),
        attempt: message.attempt,
        validity_s: u32::try_from(validity).unwrap_or(u32::MAX),
        pad: 0,
        deadline_unix_ms: message.deadline_unix_ms,
        schedule_unix_ms: 0,
        now_unix_ms,
        callback_url: Str::of(callback_url),
        idempotency_key: Str::of(&message.idempotency_key),
        attrs: List::of(attributes),
        until_unix_ms: message.until_unix_ms,
    }
}
