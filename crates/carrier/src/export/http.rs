//! The style with a request for each message.

use super::{Style, call};
use crate::copying::size_of_u32;
use crate::{
    About, Carrier, Instance, Message, Response, SettingsError, Step, Webhook, WebhookRequest, abi, emit,
};
use std::ffi::c_void;
use std::ptr;

/// A [`Carrier`] as the entry sees it.
pub struct HttpStyle<C>(C);

impl<C: Carrier> Style for HttpStyle<C> {
    type Settings = C::Settings;
    const ABOUT: About = C::ABOUT;
    const NAME: &'static str = "http";

    fn new(settings: C::Settings, instance: &Instance) -> Result<Self, SettingsError> {
        C::new(settings, instance).map(Self)
    }

    fn warnings(&self) -> Vec<String> {
        self.0.warnings()
    }

    fn webhook(&self, request: &WebhookRequest<'_>) -> Webhook {
        self.0.webhook(request)
    }

    fn extension(id: &str) -> *const c_void {
        match id {
            abi::HTTP => ptr::from_ref(Tables::<C>::HTTP).cast(),
            _ => ptr::null(),
        }
    }
}

struct Tables<C>(std::marker::PhantomData<C>);

impl<C: Carrier> Tables<C> {
    const HTTP: &'static abi::Http = &abi::Http {
        struct_size: size_of_u32::<abi::Http>(),
        pad: 0,
        submit: Some(submit::<C>),
        on_response: Some(on_response::<C>),
    };
}

unsafe extern "C" fn submit<C: Carrier>(inst: *mut c_void, msg: *const abi::Msg, op: *const abi::Op) -> i32 {
    // SAFETY: the host lends all of it for this call.
    unsafe {
        call(inst, |HttpStyle(carrier): &HttpStyle<C>| {
            match Message::read(msg) {
                Some(message) => emit::step(op, &carrier.submit(&message)),
                None => abi::E_INVALID,
            }
        })
    }
}

unsafe extern "C" fn on_response<C: Carrier>(
    inst: *mut c_void,
    msg: *const abi::Msg,
    resp: *const abi::HttpResp,
    op: *const abi::Op,
) -> i32 {
    // SAFETY: the host lends all of it for this call.
    unsafe {
        call(inst, |HttpStyle(carrier): &HttpStyle<C>| {
            match (Message::read(msg), Response::read(resp)) {
                (Some(message), Some(response)) => {
                    let step: Step = carrier.on_response(&message, &response);
                    emit::step(op, &step)
                }
                _ => abi::E_INVALID,
            }
        })
    }
}
