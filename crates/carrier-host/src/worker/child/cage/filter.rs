//! The system calls a worker may make (seccomp).

use rustix::process::Signal;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter_all_threads,
};
use std::collections::BTreeMap;

/// Confines before the library's first instruction. `more` is allowed besides.
pub(super) fn while_loading(more: &[i64]) -> Result<(), String> {
    confine(&[SERVING, LOADING, more].concat()).and_then(|()| without_clone3())
}

/// Once it is loaded.
pub(super) fn while_serving() -> Result<(), String> {
    confine(SERVING)
}

/// What a library and this program need of the kernel: the socket, memory, threads of a runtime that has some, and an
/// end. Nothing that opens, sends, starts, or looks at another process.
const SERVING: &[i64] = &[
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_close_range,
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
    libc::SYS_getppid,
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
    if let Some(rules) = rules.get_mut(&libc::SYS_prctl) {
        *rules = prctl()?;
    }
    if let Some(rules) = rules.get_mut(&libc::SYS_fcntl) {
        *rules = fcntl()?;
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

/// Names, the second filter, and what [`super::lock`] makes sure of: none of it can be undone.
fn prctl() -> Result<Vec<SeccompRule>, String> {
    let only = |option: libc::c_int| when(0, u32::MAX.into(), option.cast_unsigned().into());
    let exactly = |option: libc::c_int, value: u64| {
        let conditions = vec![
            equal(0, u32::MAX.into(), option.cast_unsigned().into())?,
            equal(1, u64::MAX, value)?,
        ];
        SeccompRule::new(conditions).map_err(words)
    };
    Ok(vec![
        only(libc::PR_SET_NAME)?,
        only(libc::PR_SET_VMA)?,
        only(libc::PR_SET_NO_NEW_PRIVS)?,
        exactly(
            libc::PR_SET_PDEATHSIG,
            Signal::KILL.as_raw().cast_unsigned().into(),
        )?,
        exactly(libc::PR_SET_DUMPABLE, 0)?,
    ])
}

/// Allows copies and flags of descriptors. A descriptor's owner (`F_SETOWN`) may be any process of the same user, and is
/// sent a signal (`F_SETSIG`: also the one that stops it) whenever something happens to the descriptor.
fn fcntl() -> Result<Vec<SeccompRule>, String> {
    let commands = [
        libc::F_DUPFD,
        libc::F_DUPFD_CLOEXEC,
        libc::F_GETFD,
        libc::F_SETFD,
        libc::F_GETFL,
    ];
    let only = |command: libc::c_int| when(1, u32::MAX.into(), command.cast_unsigned().into());
    commands.into_iter().map(only).collect()
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
    SeccompRule::new(vec![equal(argument, mask, value)?]).map_err(words)
}

fn equal(argument: u8, mask: u64, value: u64) -> Result<SeccompCondition, String> {
    let operator = SeccompCmpOp::MaskedEq(mask);
    SeccompCondition::new(argument, SeccompCmpArgLen::Qword, operator, value).map_err(words)
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn words(error: impl ToString) -> String {
    error.to_string()
}
