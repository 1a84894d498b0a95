//! The tables a library exports for a carrier, and the guard around every entry.

use crate::abi::{self, Str};
use crate::copying::{copy, size_of_u32};
use crate::{About, Instance, SettingsError, Webhook, WebhookRequest, emit, settings};
use guard::{contained, guarded, log_error, log_warning, remember_where};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::ffi::c_void;
use std::ptr;
use std::sync::OnceLock;

mod guard;
mod http;
mod session;

pub use http::HttpStyle;
pub use session::SessionStyle;

/// Exports a [`Carrier`](crate::Carrier) as the carrier of this library: the one symbol the host looks for. A
/// [`SessionCarrier`](crate::SessionCarrier) is exported with `export_carrier!(session: Acme);`.
///
/// The crate needs `crate-type = ["cdylib"]` and `panic = "unwind"` (the default). It may say
/// `#![forbid(unsafe_code)]`: that lint does not look into macros of other crates, and this one
/// emits no unsafe block, only the attribute that keeps the symbol's name.
#[macro_export]
macro_rules! export_carrier {
    (session: $carrier:ty) => {
        $crate::export_carrier!(@style $crate::export::SessionStyle<$carrier>);
    };
    ($carrier:ty) => {
        $crate::export_carrier!(@style $crate::export::HttpStyle<$carrier>);
    };
    (@style $style:ty) => {
        #[cfg(not(panic = "unwind"))]
        ::std::compile_error!("a carrier must be built with panic = \"unwind\": its panics are contained");

        /// The one symbol a host looks for.
        #[unsafe(no_mangle)]
        pub extern "C" fn aldis_carrier_entry_v1() -> *const $crate::abi::Entry {
            static TABLE: ::std::sync::OnceLock<$crate::export::Table> = ::std::sync::OnceLock::new();
            $crate::export::entry::<$style>(&TABLE)
        }
    };
}

/// The entry of a library, made at the first call; null if that panics.
pub fn entry<C: Style>(table: &'static OnceLock<Table>) -> *const abi::Entry {
    contained(|| table.get_or_init(Table::of::<C>).entry()).unwrap_or(ptr::null())
}

/// A library's entry and the text it points to.
pub struct Table {
    entry: abi::Entry,
    /// Where `entry.descriptor_json` points; on the heap, so it stays where it is.
    _descriptor: String,
}

// SAFETY: the pointers in `entry` lead to functions and to `_descriptor`, which nobody writes.
unsafe impl Send for Table {}
// SAFETY: as above.
unsafe impl Sync for Table {}

impl Table {
    /// The table of a carrier.
    pub fn of<C: Style>() -> Self {
        let descriptor = descriptor::<C>();
        let entry = abi::Entry {
            struct_size: size_of_u32::<abi::Entry>(),
            magic: abi::MAGIC,
            abi_major: abi::ABI_MAJOR,
            abi_minor: abi::ABI_MINOR,
            min_host_minor: 0,
            pad: 0,
            required_features: 0,
            descriptor_json: Str::of(&descriptor),
            load: Some(load),
            instance_create: Some(create::<C>),
            instance_destroy: Some(destroy::<C>),
            get_extension: Some(extension::<C>),
        };
        Self {
            entry,
            _descriptor: descriptor,
        }
    }

    /// What the exported symbol returns.
    pub fn entry(&self) -> *const abi::Entry {
        &raw const self.entry
    }
}

fn descriptor<C: Style>() -> String {
    let about = C::ABOUT;
    let schema = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<C::Settings>();
    let styles = if about.webhook {
        vec![C::NAME, "webhook"]
    } else {
        vec![C::NAME]
    };
    json!({
        "id": about.id,
        "version": about.version,
        "abi": { "major": abi::ABI_MAJOR, "minor": abi::ABI_MINOR },
        "styles": styles,
        "allowed_hosts": about.hosts,
        "capabilities": { "idempotent": about.idempotent, "max_segments": about.max_segments },
        "config_schema": schema,
    })
    .to_string()
}

/// What a style of carriers has, whatever it does with messages.
pub trait Style: Sized + Send + Sync + 'static {
    /// What the operator sets.
    type Settings: DeserializeOwned + JsonSchema;
    /// Who the carrier is.
    const ABOUT: About;
    /// The descriptor's word.
    const NAME: &'static str;
    /// Makes an instance.
    fn new(settings: Self::Settings, instance: &Instance) -> Result<Self, SettingsError>;
    /// Names what is allowed and unwise in its settings.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
    /// The carrier called back.
    fn webhook(&self, request: &WebhookRequest<'_>) -> Webhook;
    /// The tables of this style.
    fn extension(id: &str) -> *const c_void;
}

/// An instance, with what its entries need of the host.
struct Held<C> {
    carrier: C,
    id: u64,
    host: abi::Host,
}

struct Tables<C>(std::marker::PhantomData<C>);

impl<C: Style> Tables<C> {
    const WEBHOOK: &'static abi::Webhook = &abi::Webhook {
        struct_size: size_of_u32::<abi::Webhook>(),
        pad: 0,
        handle: Some(handle::<C>),
    };
    const TEST: &'static abi::Test = &abi::Test {
        struct_size: size_of_u32::<abi::Test>(),
        pad: 0,
        panic: Some(panic::<C>),
    };
}

unsafe extern "C" fn extension<C: Style>(id: Str) -> *const c_void {
    // SAFETY: the host lends the id for this call.
    let id = unsafe { id.text() };
    match id {
        Some(abi::WEBHOOK) if C::ABOUT.webhook => ptr::from_ref(Tables::<C>::WEBHOOK).cast(),
        Some(abi::TEST) => ptr::from_ref(Tables::<C>::TEST).cast(),
        Some(id) => C::extension(id),
        None => ptr::null(),
    }
}

#[expect(
    clippy::panic,
    reason = "to panic is what it is for: the conformance kit sees that it ends here"
)]
unsafe extern "C" fn panic<C: Style>(inst: *mut c_void, text: Str) -> i32 {
    // SAFETY: the kit lends both for this call.
    unsafe { call(inst, |_: &C| panic!("{}", text.to_text())) }
}

unsafe extern "C" fn load(host: *const abi::Host) -> i32 {
    let _ = host;
    // This library has a standard library of its own, so the host's hook does not see its panics,
    // and the default one prints their text, which may hold a message.
    contained(|| std::panic::set_hook(Box::new(remember_where))).map_or(abi::E_PANIC, |()| abi::OK)
}

unsafe extern "C" fn create<C: Style>(
    host: *const abi::Host,
    cfg: *const abi::InstanceCfg,
    out: *mut *mut c_void,
) -> i32 {
    // SAFETY: the host lends both for this call.
    let (Some(host), Some(cfg)) = (unsafe { copy(host) }, unsafe { copy(cfg) }) else {
        return abi::E_INVALID;
    };
    if out.is_null() {
        return abi::E_INVALID;
    }
    let log = |text: &str| log_error(&host, cfg.instance_id, text);
    guarded(log, || {
        // SAFETY: the configuration is lent for this call.
        let made = unsafe { make::<C>(&cfg) };
        match made {
            Ok(carrier) => {
                for warning in carrier.warnings() {
                    log_warning(&host, cfg.instance_id, &warning);
                }
                let held = Box::into_raw(Box::new(Held {
                    carrier,
                    id: cfg.instance_id,
                    host,
                }));
                // SAFETY: `out` is the host's place for the handle.
                unsafe { out.write(held.cast()) };
                abi::OK
            }
            // SAFETY: the sink is the host's, valid for this call.
            Err(error) => unsafe { emit::fault(&cfg, &error.key, &error.reason) },
        }
    })
}

unsafe fn make<C: Style>(cfg: &abi::InstanceCfg) -> Result<C, SettingsError> {
    let some = |text: String| (!text.is_empty()).then_some(text);
    // SAFETY: the configuration and all it points to is lent for this call.
    let (config, secrets, instance) = unsafe {
        let instance = Instance {
            name: cfg.name.to_text(),
            webhook_base_url: some(cfg.webhook_base_url.to_text()),
            region: some(cfg.locale_region.to_text()),
        };
        (cfg.config_json.to_text(), cfg.secrets.pairs(), instance)
    };
    let lossy = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let secrets: Vec<(String, String)> = secrets
        .into_iter()
        .map(|(key, value, _)| (lossy(key), lossy(value)))
        .collect();
    C::new(settings::read(&config, &secrets)?, &instance)
}

unsafe extern "C" fn destroy<C: Style>(inst: *mut c_void) {
    if inst.is_null() {
        return;
    }
    // SAFETY: `create` made it for this carrier, and the host ends it once, after its last call.
    let held = unsafe { Box::from_raw(inst.cast::<Held<C>>()) };
    let (host, id) = (held.host, held.id);
    guarded(
        |text| log_error(&host, id, text),
        || {
            drop(held);
            abi::OK
        },
    );
}

/// Runs one call of an instance under the guard.
///
/// # Safety
/// `inst` was made by [`create`] for this carrier and is not yet destroyed.
unsafe fn call<C: Style>(inst: *mut c_void, entry: impl FnOnce(&C) -> i32) -> i32 {
    // SAFETY: the caller's promise; entries only ever share it.
    let Some(held) = (unsafe { inst.cast::<Held<C>>().as_ref() }) else {
        return abi::E_INVALID;
    };
    guarded(
        |text| log_error(&held.host, held.id, text),
        || entry(&held.carrier),
    )
}

unsafe extern "C" fn handle<C: Style>(
    inst: *mut c_void,
    req: *const abi::WebhookReq,
    sink: *const abi::WebhookSink,
) -> i32 {
    // SAFETY: the host lends all of it for this call.
    unsafe {
        call(inst, |carrier: &C| match WebhookRequest::read(req) {
            Some(request) => emit::webhook(sink, &carrier.webhook(&request)),
            None => abi::REJECT,
        })
    }
}
