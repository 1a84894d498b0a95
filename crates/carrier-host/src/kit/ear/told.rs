//! Hears what a library tells of a call-back, and how it wants it answered.

use super::{Ear, Told, ear};
use crate::border::RawEvent;
use crate::ration::Ration;
use aldis_carrier::abi::{E_INVALID, Event, List, OK, Str};
use std::ffi::c_void;

pub(super) unsafe extern "C" fn sink_event(ctx: *mut c_void, event: *const Event) -> i32 {
    // SAFETY: the context that was handed out with this function.
    let ear = unsafe { ear(ctx) };
    if !ear.open() {
        return E_INVALID;
    }
    // SAFETY: lent for this call.
    let Some(told) = (unsafe { ear.event(event) }) else {
        return E_INVALID;
    };
    ear.told.borrow_mut().push(told);
    OK
}

impl Ear {
    /// An event, whoever it was told to.
    ///
    /// # Safety
    /// `event` is null, or lent for this call with all it points to.
    pub(in crate::kit) unsafe fn event(&self, event: *const Event) -> Option<Told> {
        // SAFETY: the caller's promise.
        let (event, raw): (Event, Option<RawEvent>) = unsafe {
            let event = self.taken("aldis_event", event)?;
            self.mind_pairs("aldis_pair in aldis_event.attrs", event.attrs);
            (event, crate::border::raw_event(&event, &mut Ration::default()))
        };
        if raw.is_none() {
            self.fault("it tells an event of more than 4 MiB".to_owned(), super::SMALLER);
        }
        let raw = raw?;
        self.mind_zero("aldis_event.pad", event.pad);
        self.mind_zero("aldis_event.pad2", event.pad2);
        let told = Told {
            kind: raw.kind,
            state: raw.state,
            class: raw.class,
            is_final: raw.is_final,
            carrier_id: raw.carrier_id.clone(),
            from: raw.from.clone(),
            to: raw.to.clone(),
            text: raw.text.clone(),
            code: raw.code.clone(),
            carrier_time_ms: raw.carrier_time_ms,
            attributes: raw.attributes.clone(),
        };
        if let Err(reason) = crate::instance::judged::event(raw) {
            self.fault(
                format!("it {reason}"),
                "use the ALDIS_EVENT_* and ALDIS_STATE_* numbers of aldis_carrier.h",
            );
        }
        Some(told)
    }
}

pub(super) unsafe extern "C" fn sink_reply(
    ctx: *mut c_void,
    status: u32,
    headers: *const List,
    _: Str,
) -> i32 {
    // SAFETY: the context that was handed out with this function.
    let ear = unsafe { ear(ctx) };
    if !ear.open() {
        return E_INVALID;
    }
    // SAFETY: null, or lent for this call.
    unsafe {
        if let Some(headers) = headers.as_ref() {
            ear.mind_pairs("aldis_pair", *headers);
        }
    }
    if !(200..600).contains(&status) {
        ear.fault(
            format!("it answers a call-back with the status {status}"),
            "answer with 200 to 599",
        );
    }
    ear.replies.borrow_mut().push(status);
    OK
}
