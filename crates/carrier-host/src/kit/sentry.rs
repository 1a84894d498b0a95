//! The signal handler of a child: when a library touches what it may not, it says what that was.
//!
//! A handler may do almost nothing (signal-safety(7)): it looks the address up in a list that was made before the call,
//! writes with `write(2)`, and ends the process with `_exit(2)`.

use super::lending::Region;
use super::report::Report;
use std::cell::{Cell, RefCell};
use std::ffi::{c_int, c_void};
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// What the handler looks at.
pub(super) struct Watch {
    report: Cell<RawFd>,
    began: Instant,
    /// Milliseconds from there to the last sign of life.
    beat: AtomicU64,
    /// Everything that was ever lent under guard, newest last.
    pub(super) regions: RefCell<Vec<Region>>,
}

thread_local! {
    /// The watch over the thread that is about to call the library. A thread without one dies unexplained.
    static WATCH: Cell<*const Watch> = const { Cell::new(std::ptr::null()) };
}

/// Which system calls' names are worth saying; see `checks::system_calls`.
const SIGNALS: [c_int; 5] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGILL,
    libc::SIGFPE,
    libc::SIGSYS,
];

/// What the process exits with after a signal that was explained.
pub(super) const EXPLAINED: c_int = 70;

/// Puts the handler in place.
pub(super) fn post(_: &Report) {
    for signal in SIGNALS {
        // SAFETY: zeros are a valid sigaction; the handler has the signature that SA_SIGINFO asks for, and is
        // async-signal-safe. std gave each of its threads an alternate stack, which SA_ONSTACK uses.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = explain as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
            libc::sigaction(signal, &raw const action, std::ptr::null_mut());
        }
    }
}

impl Watch {
    pub(super) fn new(report: &Report) -> Self {
        Self {
            report: Cell::new(report.fd()),
            began: Instant::now(),
            beat: AtomicU64::new(0),
            regions: RefCell::default(),
        }
    }

    /// Watches over the calls that `work` makes on this thread.
    pub(super) fn over<R>(&self, work: impl FnOnce() -> R) -> R {
        self.live();
        let before = WATCH.replace(std::ptr::from_ref(self));
        let result = work();
        WATCH.set(before);
        result
    }

    /// A sign of life now and then: calls that return are not hung, however many there are.
    fn live(&self) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        if now.saturating_sub(self.beat.load(Ordering::Relaxed)) >= SIGN_OF_LIFE_MS {
            self.beat.store(now, Ordering::Relaxed);
            let line = b"\"alive\"\n";
            // SAFETY: our own bytes; what cannot be written is not missed.
            let _ = unsafe { libc::write(self.report.get(), line.as_ptr().cast(), line.len()) };
        }
    }

    /// What is explained from here on is told to somebody else.
    pub(super) fn tell(&self, to: RawFd) {
        self.report.set(to);
    }
}

const SIGN_OF_LIFE_MS: u64 = 1000;

extern "C" fn explain(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let watch = WATCH.get();
    if watch.is_null() {
        // Not one of ours: die of it as if nobody had listened.
        // SAFETY: both calls are async-signal-safe.
        unsafe {
            libc::signal(signal, libc::SIG_DFL);
            libc::raise(signal);
        }
        return;
    }
    // SAFETY: set by `over`, which has not returned: the call it watches is this thread's.
    let watch = unsafe { &*watch };
    let say = |text: &str| {
        // SAFETY: async-signal-safe; the bytes are ours. A short write loses words, no more.
        let _ = unsafe { libc::write(watch.report.get(), text.as_ptr().cast(), text.len()) };
    };
    if signal == libc::SIGSYS && granted(info, context) {
        return;
    }
    say("{\"crash\":\"");
    if signal == libc::SIGSYS {
        say("syscall ");
        say_number(&say, system_call(info));
    } else {
        // SAFETY: filled in by the kernel for these signals.
        let address = unsafe { (*info).si_addr() }.addr();
        memory(&say, watch, signal, address, was_write(context));
    }
    say("\"}\n");
    // SAFETY: async-signal-safe, and the one way to leave a library that has lost its way.
    unsafe { libc::_exit(EXPLAINED) }
}

/// The number of the system call that was refused.
fn system_call(info: *mut libc::siginfo_t) -> usize {
    // SAFETY: for SIGSYS the kernel fills `_sigsys`: after three ints and their padding comes the caller's address,
    // then the number of the system call (sigaction(2)).
    let number = unsafe { info.byte_add(24).cast::<c_int>().read() };
    number.unsigned_abs() as usize
}

/// Opens what the C library itself has to read, in its name; false if it is none of that.
#[cfg(target_arch = "x86_64")]
fn granted(info: *mut libc::siginfo_t, context: *mut c_void) -> bool {
    if system_call(info) != usize::try_from(libc::SYS_openat).unwrap_or(usize::MAX) {
        return false;
    }
    // SAFETY: with SA_SIGINFO the third argument is a ucontext_t; the call's arguments are in rdi, rsi, rdx and r10,
    // the path is a C string, and the result belongs into rax.
    unsafe {
        let registers = &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs;
        let argument = |register: c_int| registers[register.unsigned_abs() as usize];
        let (folder, path) = (argument(libc::REG_RDI), argument(libc::REG_RSI));
        let (flags, mode) = (argument(libc::REG_RDX), argument(libc::REG_R10));
        let written = flags & i64::from(libc::O_ACCMODE) != i64::from(libc::O_RDONLY);
        let name = std::ffi::CStr::from_ptr(std::ptr::with_exposed_provenance(
            usize::try_from(path).unwrap_or(0),
        ));
        let known = super::restrict::ITS_OWN.iter();
        if written
            || !known
                .into_iter()
                .any(|own| name.to_bytes().starts_with(own.as_bytes()))
        {
            return false;
        }
        let result = libc::syscall(
            libc::SYS_openat,
            folder,
            path,
            flags,
            mode,
            0_i64,
            i64::from(super::restrict::WITH_LEAVE),
        );
        let failed = i64::from(*libc::__errno_location());
        registers[libc::REG_RAX.unsigned_abs() as usize] = if result < 0 { -failed } else { result };
    }
    true
}

#[cfg(not(target_arch = "x86_64"))]
fn granted(_: *mut libc::siginfo_t, _: *mut c_void) -> bool {
    false
}

/// Names an access to memory.
fn memory(say: &impl Fn(&str), watch: &Watch, signal: c_int, address: usize, write: bool) {
    let verb = if write { "wrote" } else { "read" };
    // SAFETY: the thread that holds the list is this one, and it is inside the library's code, which does not know it.
    let regions = unsafe { &*watch.regions.as_ptr() };
    let found = regions.iter().rev().find(|region| region.holds(address));
    match found {
        Some(region) if region.revoked.get() => {
            let verb = if write { "wrote into " } else { "used " };
            for part in [
                verb,
                region.what,
                ", which was lent for ",
                region.call,
                ", after that call had returned",
            ] {
                say(part);
            }
        }
        Some(region) if address >= region.end => {
            say(verb);
            say(" beyond the end of ");
            say(region.what);
            say(", ");
            say_number(say, address - region.end + 1);
            say(" bytes past the ");
            say_number(say, region.end - region.data);
            say(" that it says it has");
            if let Some(field) = region.field_at(address) {
                say(": where the field ");
                say(field);
                say(" would be");
            }
        }
        Some(region) => {
            for part in [verb, " into ", region.what, ", which is lent for reading only"] {
                say(part);
            }
        }
        None if address < 4096 && (signal == libc::SIGSEGV || signal == libc::SIGBUS) => {
            say(verb);
            say(" through a null pointer");
        }
        None => say(match signal {
            libc::SIGSEGV => {
                "touched memory that is not its own: a wild or dangling pointer, or too deep a recursion"
            }
            libc::SIGBUS => "touched memory in a way that the machine refuses (SIGBUS)",
            libc::SIGILL => "ran into a trap or an illegal instruction (SIGILL)",
            _ => "made an arithmetic fault, such as a division by zero (SIGFPE)",
        }),
    }
}

/// Whether the fault was a write, where the machine says so.
fn was_write(context: *mut c_void) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: with SA_SIGINFO the third argument is a ucontext_t; bit 1 of the page fault's error code is "write".
        let error =
            unsafe { (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs[libc::REG_ERR as usize] };
        error & 2 != 0
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = context;
        false
    }
}

/// Decimal digits without an allocation.
fn say_number(say: &impl Fn(&str), number: usize) {
    let mut digits = [b'0'; 20];
    let (mut at, mut rest) = (digits.len(), number);
    loop {
        at -= 1;
        // A digit is below ten.
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    say(std::str::from_utf8(&digits[at..]).unwrap_or("?"));
}
