//! The style with connections that stay.

use super::guard::{guarded, log_error};
use super::{Held, Style, call};
use crate::abi::{self, Str};
use crate::copying::{copy, size_of_u32};
use crate::session::{LinkInfo, Session, SessionCarrier, SessionHost};
use crate::{About, Instance, Message, SettingsError, Webhook, WebhookRequest, emit};
use std::ffi::c_void;
use std::ptr;

/// A [`SessionCarrier`] as the entry sees it.
pub struct SessionStyle<C>(C);

impl<C: SessionCarrier> Style for SessionStyle<C> {
    type Settings = C::Settings;
    const ABOUT: About = C::ABOUT;
    const NAME: &'static str = "session";

    fn new(settings: C::Settings, instance: &Instance) -> Result<Self, SettingsError> {
        C::new(settings, instance).map(Self)
    }

    fn webhook(&self, request: &WebhookRequest<'_>) -> Webhook {
        self.0.webhook(request)
    }

    fn extension(id: &str) -> *const c_void {
        match id {
            abi::SESSION => ptr::from_ref(Tables::<C>::SESSION).cast(),
            _ => ptr::null(),
        }
    }
}

struct Tables<C>(std::marker::PhantomData<C>);

impl<C: SessionCarrier> Tables<C> {
    const SESSION: &'static abi::Session = &abi::Session {
        struct_size: size_of_u32::<abi::Session>(),
        pad: 0,
        links: Some(links::<C>),
        open: Some(open::<C>),
        on_bytes: Some(on_bytes::<C>),
        on_timer: Some(on_timer::<C>),
        submit: Some(submit::<C>),
        drain: Some(drain::<C>),
        destroy: Some(destroy::<C>),
    };
}

/// One connection, with what its entries need of the host.
struct Connected<S> {
    session: S,
    id: u64,
    host: abi::Host,
}

unsafe extern "C" fn links<C: SessionCarrier>(inst: *mut c_void, sink: *const abi::LinkSink) -> i32 {
    // SAFETY: the host lends the sink for this call.
    unsafe {
        call(inst, |SessionStyle(carrier): &SessionStyle<C>| {
            emit::links(sink, &carrier.links())
        })
    }
}

unsafe extern "C" fn open<C: SessionCarrier>(
    inst: *mut c_void,
    sess: *const abi::Sess,
    info: *const abi::SessInfo,
    st: *mut *mut c_void,
) -> i32 {
    // SAFETY: an instance of this library.
    let Some(held) = (unsafe { inst.cast::<Held<SessionStyle<C>>>().as_ref() }) else {
        return abi::E_INVALID;
    };
    // SAFETY: the host lends it all for this call.
    unsafe {
        call(inst, |SessionStyle(carrier): &SessionStyle<C>| {
            let (Some(info), false) = (copy(info), st.is_null()) else {
                return abi::E_INVALID;
            };
            let name = info.name.to_text();
            let link = LinkInfo::new(usize::try_from(info.link).unwrap_or(usize::MAX), &name);
            let mut session = None;
            let answer = heard(sess, |host| session = Some(carrier.open(&link, host)));
            // The host destroys no session whose open failed: it is dropped here.
            if let (abi::OK, Some(session)) = (answer, session) {
                let connected = Connected {
                    session,
                    id: held.id,
                    host: held.host,
                };
                st.write(Box::into_raw(Box::new(connected)).cast());
            }
            answer
        })
    }
}

unsafe extern "C" fn on_bytes<C: SessionCarrier>(st: *mut c_void, sess: *const abi::Sess, bytes: Str) -> i32 {
    // SAFETY: the host lends it all for this call.
    unsafe {
        turn::<C>(st, |session| {
            heard(sess, |host| session.on_bytes(bytes.bytes(), host))
        })
    }
}

unsafe extern "C" fn on_timer<C: SessionCarrier>(st: *mut c_void, sess: *const abi::Sess, id: u32) -> i32 {
    // SAFETY: the host lends it all for this call.
    unsafe { turn::<C>(st, |session| heard(sess, |host| session.on_timer(id, host))) }
}

unsafe extern "C" fn submit<C: SessionCarrier>(
    st: *mut c_void,
    sess: *const abi::Sess,
    token: u64,
    msg: *const abi::Msg,
) -> i32 {
    // SAFETY: the host lends it all for this call.
    unsafe {
        turn::<C>(st, |session| match Message::read(msg) {
            Some(message) => heard(sess, |host| session.submit(token, &message, host)),
            None => abi::E_INVALID,
        })
    }
}

unsafe extern "C" fn drain<C: SessionCarrier>(st: *mut c_void, sess: *const abi::Sess) -> i32 {
    // SAFETY: the host lends it all for this call.
    unsafe { turn::<C>(st, |session| heard(sess, |host| session.drain(host))) }
}

unsafe extern "C" fn destroy<C: SessionCarrier>(st: *mut c_void) {
    if st.is_null() {
        return;
    }
    // SAFETY: `open` made it for this carrier, and the host ends it once, after its last call.
    let connected = unsafe { Box::from_raw(st.cast::<Connected<C::Session>>()) };
    let (host, id) = (connected.host, connected.id);
    guarded(
        |text| log_error(&host, id, text),
        || {
            drop(connected);
            abi::OK
        },
    );
}

/// Runs one call of a session under the guard.
///
/// # Safety
/// `st` was made by [`open`] for this carrier, is not yet destroyed, and no other call of it is under way.
unsafe fn turn<C: SessionCarrier>(st: *mut c_void, entry: impl FnOnce(&mut C::Session) -> i32) -> i32 {
    // SAFETY: the caller's promise: `[once]`.
    let Some(connected) = (unsafe { st.cast::<Connected<C::Session>>().as_mut() }) else {
        return abi::E_INVALID;
    };
    let (host, id) = (connected.host, connected.id);
    guarded(
        |text| log_error(&host, id, text),
        || entry(&mut connected.session),
    )
}

/// Lets a session speak, and tells the host what it wants.
///
/// # Safety
/// `sess` is a sink of the host, valid for the present call.
unsafe fn heard(sess: *const abi::Sess, speak: impl FnOnce(&mut SessionHost)) -> i32 {
    // SAFETY: the caller's promise.
    let Some(sess) = (unsafe { copy(sess) }) else {
        return abi::E_INVALID;
    };
    let mut host = SessionHost::at(sess.now_unix_ms);
    speak(&mut host);
    // SAFETY: the caller's promise.
    unsafe { emit::acts(&sess, &host.take()) }
}
