//! Opens a file and copies the tables it exports. Nothing is ever closed.

use aldis_carrier::abi::{ENTRY_SYMBOL, Entry, HTTP, Http, SESSION, Session, Str, WEBHOOK, Webhook};
use aldis_carrier::copying::copy;
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use std::mem::ManuallyDrop;
use std::path::Path;

/// Keeps the library mapped whatever anybody closes. Not in POSIX, hence not in libloading.
#[cfg(any(target_os = "linux", target_os = "android"))]
const RTLD_NODELETE: i32 = 0x1000;
#[cfg(target_vendor = "apple")]
const RTLD_NODELETE: i32 = 0x80;

/// A library's entry in our own size, and where it lies: the same file is the same address.
#[derive(Clone, Copy)]
pub(crate) struct Opened {
    pub(crate) entry: Entry,
    pub(crate) address: usize,
}

// SAFETY: the pointers in an entry are static functions and static text of a library that is never unloaded.
unsafe impl Send for Opened {}
// SAFETY: as above; nothing is written through them.
unsafe impl Sync for Opened {}

/// Maps the file and reads its entry. The error completes "<path>: ".
pub(crate) fn open(path: &Path) -> Result<Opened, String> {
    // SAFETY: running the constructors of a library the operator installed is what loading means.
    let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) };
    // Closing would unmap code that thread-local destructors still point to; so it never happens, not even for a
    // library that is refused below.
    let library =
        ManuallyDrop::new(library.map_err(|error| format!("it cannot be loaded: {}", reason(&error)))?);
    // SAFETY: the symbol's name carries the contract's major version, which fixes this signature.
    let symbol =
        unsafe { library.get::<unsafe extern "C" fn() -> *const Entry>(ENTRY_SYMBOL.to_bytes_with_nul()) };
    let symbol = symbol.map_err(|_| {
        format!(
            "it is no Aldis carrier: it does not export {}",
            ENTRY_SYMBOL.to_string_lossy()
        )
    })?;
    // SAFETY: as above; the function takes nothing and returns a static pointer.
    let entry = unsafe { symbol() };
    // SAFETY: null or a static entry that begins with its size.
    let copied = unsafe { copy(entry) }.ok_or("its entry is null")?;
    Ok(Opened {
        entry: copied,
        address: entry.addr(),
    })
}

fn reason(error: &libloading::Error) -> String {
    let text = error.to_string();
    std::error::Error::source(error).map_or(text, ToString::to_string)
}

impl Opened {
    /// The descriptor's bytes.
    pub(crate) fn descriptor_json(&self) -> &'static [u8] {
        // SAFETY: part of the static entry.
        unsafe { self.entry.descriptor_json.bytes() }
    }

    /// The HTTP style, if the library has it.
    pub(crate) fn http(&self) -> Option<Http> {
        // SAFETY: the table by this id has this type, and is static.
        unsafe { copy(self.extension(HTTP).cast::<Http>()) }
    }

    /// The session style, if the library has it.
    pub(crate) fn session(&self) -> Option<Session> {
        // SAFETY: the table by this id has this type, and is static.
        unsafe { copy(self.extension(SESSION).cast::<Session>()) }
    }

    /// Call-backs, if the library has them.
    pub(crate) fn webhook(&self) -> Option<Webhook> {
        // SAFETY: the table by this id has this type, and is static.
        unsafe { copy(self.extension(WEBHOOK).cast::<Webhook>()) }
    }

    /// Another table of the library by its id.
    #[cfg(feature = "kit")]
    pub(crate) fn table<T: aldis_carrier::copying::Sized32>(&self, id: &str) -> Option<T> {
        // SAFETY: the id of each table fixes its type, and tables are static.
        unsafe { copy(self.extension(id).cast::<T>()) }
    }

    fn extension(&self, id: &str) -> *const std::ffi::c_void {
        // SAFETY: `id` is lent for the call.
        self.entry
            .get_extension
            .map_or(std::ptr::null(), |get| unsafe { get(Str::of(id)) })
    }
}
