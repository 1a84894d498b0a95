//! Shuts a worker in, before the library's first instruction runs: no new rights, no network, no files, no other
//! programs, and an end to memory. What the kernel does not grant is said.

use rustix::process::{Resource, Rlimit, Signal, getppid, set_parent_process_death_signal, setrlimit};
use rustix::thread::{UnshareFlags, set_no_new_privs, unshare_unsafe};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter_all_threads,
};
use std::collections::BTreeMap;

/// Address space: a Go runtime reserves hundreds of MiB that it never uses.
const MEMORY: u64 = 2 * 1024 * 1024 * 1024;

/// The socket, the page, the library, the standard streams, and a library's own dependencies while they are mapped.
const FILES: u64 = 32;

/// Everything but what only loading needs. Tells what could not be had.
pub(super) fn shut(parent: u32) -> Result<Vec<String>, String> {
    let mut gaps = Vec::new();
    let mut need = |what: &str, done: Result<(), String>| {
        if let Err(error) = done {
            gaps.push(format!("{what}: {error}"));
        }
    };
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|error| error.to_string())?;
    // It may have died before it was asked for.
    if getppid().map(|id| id.as_raw_nonzero().get().unsigned_abs()) != Some(parent) {
        return Err("this is started by aldis-delivery, for a carrier in a worker".to_owned());
    }
    close_others();
    for (resource, most) in [
        (Resource::As, MEMORY),
        (Resource::Nofile, FILES),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
    ] {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        need(
            "a limit",
            setrlimit(resource, limit).map_err(|error| error.to_string()),
        );
    }
    need("an empty network namespace", leave_network());
    need(
        "no new privileges",
        set_no_new_privs(true).map_err(|error| error.to_string()),
    );
    // Initialised while it may still look at the machine.
    let _ = aws_lc_rs::rand::fill(&mut [0; 1]);
    let confined = confine(&[SERVING, LOADING].concat()).and_then(|()| without_clone3());
    need("seccomp while loading", confined);
    Ok(gaps)
}

/// From here on not even a file can be opened. Tells what could not be had.
pub(super) fn lock() -> Option<String> {
    let confined = confine(SERVING).err();
    confined.map(|error| format!("seccomp while serving: {error}"))
}

/// Whatever delivery has open without close-on-exec: a library in there may have opened it.
fn close_others() {
    const OURS: std::ops::RangeInclusive<i32> = 0..=5;
    let Ok(listing) = std::fs::read_dir("/proc/self/fd") else {
        return;
    };
    let numbers = listing
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let numbers: Vec<_> = numbers.filter(|number| !OURS.contains(number)).collect();
    for number in numbers {
        // SAFETY: nothing in this process has it, for this process has opened three files so far.
        unsafe { rustix::io::close(number) };
    }
}

/// A process without rights may do it only together with a user namespace.
fn leave_network() -> Result<(), String> {
    let spaces = UnshareFlags::NEWNET | UnshareFlags::NEWIPC;
    // SAFETY: there is one thread yet, and these are not about memory or files.
    let alone = unsafe { unshare_unsafe(spaces) };
    // SAFETY: as above.
    let done = alone.or_else(|_| unsafe { unshare_unsafe(spaces | UnshareFlags::NEWUSER) });
    done.map_err(|error| error.to_string())
}

/// What a library and this program need of the kernel: the socket, memory, threads of a runtime that has some, and an
/// end. Nothing that opens, sends, starts, or looks at another process.
const SERVING: &[i64] = &[
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_mincore,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_membarrier,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// What mapping a library takes besides; the second filter itself too.
const LOADING: &[i64] = &[
    libc::SYS_newfstatat,
    libc::SYS_pread64,
    libc::SYS_lseek,
    libc::SYS_readlinkat,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_getcwd,
    libc::SYS_uname,
    libc::SYS_prctl,
    libc::SYS_seccomp,
    libc::SYS_openat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_arch_prctl,
];

/// Every call that is not listed fails with EPERM, in every thread.
fn confine(allowed: &[i64]) -> Result<(), String> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        allowed.iter().map(|number| (*number, Vec::new())).collect();
    // Reading only.
    let writes = (libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC).cast_unsigned();
    if let Some(rule) = rules.get_mut(&libc::SYS_openat) {
        rule.push(when(2, writes.into(), libc::O_RDONLY.cast_unsigned().into())?);
    }
    // Signals to itself, as abort(3) sends.
    let this = std::process::id();
    rules.insert(libc::SYS_tgkill, vec![when(0, u32::MAX.into(), this.into())?]);
    // Threads, not processes.
    let thread = libc::CLONE_THREAD.cast_unsigned();
    rules.insert(libc::SYS_clone, vec![when(0, thread.into(), thread.into())?]);
    // Its flags are behind a pointer, so it is made to look missing, and the C library uses clone(2).
    rules.insert(libc::SYS_clone3, Vec::new());
    let deny = SeccompAction::Errno(libc::EPERM.cast_unsigned());
    install(rules, deny, SeccompAction::Allow)
}

/// As a kernel that does not have it says. Of all filters' words a refusal counts.
fn without_clone3() -> Result<(), String> {
    let missing = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
    install(
        BTreeMap::from([(libc::SYS_clone3, Vec::new())]),
        SeccompAction::Allow,
        missing,
    )
}

fn install(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    matched: SeccompAction,
) -> Result<(), String> {
    let arch = std::env::consts::ARCH.try_into().map_err(words)?;
    let filter = SeccompFilter::new(rules, otherwise, matched, arch).map_err(words)?;
    let program: BpfProgram = filter.try_into().map_err(words)?;
    apply_filter_all_threads(&program).map_err(words)
}

/// An argument, seen through a mask, has this value.
fn when(argument: u8, mask: u64, value: u64) -> Result<SeccompRule, String> {
    let operator = SeccompCmpOp::MaskedEq(mask);
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value);
    SeccompRule::new(vec![condition.map_err(words)?]).map_err(words)
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn words(error: impl ToString) -> String {
    error.to_string()
}
