//! Gives up this thread's right to most system calls, step by step (seccomp(2)): whoever makes one gets SIGSYS, which
//! the sentry explains.

/// How much is given up. Each step allows less than the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// What maps a library, and reads the author's files.
    Loading,
    /// What the C library reads the first time it is used: the sentry looks at the path.
    First,
    /// Nothing but memory.
    Pure,
}

/// A call that is allowed: always, or if an argument (by its number) is this one.
type Allowed = (i64, Option<(u32, u32)>);

/// What a pure library may ask of the kernel: memory, and what ends a process that has gone wrong. `write` is the
/// report's; what a library prints is another check's.
const PURE: [i64; 21] = [
    libc::SYS_write,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_clock_gettime,
    libc::SYS_getrandom,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_tgkill,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_gettimeofday,
    libc::SYS_exit_group,
];

/// What reads a file that is open.
const READS: [i64; 8] = [
    libc::SYS_read,
    libc::SYS_pread64,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_lseek,
    libc::SYS_sysinfo,
    libc::SYS_sched_getaffinity,
];

/// What finds files.
const FINDS: [i64; 7] = [
    libc::SYS_openat,
    libc::SYS_getdents64,
    libc::SYS_statx,
    libc::SYS_readlinkat,
    libc::SYS_faccessat,
    libc::SYS_getcwd,
    libc::SYS_fcntl,
];

#[cfg(target_arch = "x86_64")]
const FINDS_BY_OLD_NAMES: [i64; 4] = [
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_readlink,
    libc::SYS_access,
];
#[cfg(not(target_arch = "x86_64"))]
const FINDS_BY_OLD_NAMES: [i64; 0] = [];

/// The sixth argument of an `openat` that the sentry makes in somebody's name; the kernel looks at four.
pub(super) const WITH_LEAVE: u32 = 0x000A_1D15;

/// What the C library itself reads when it is first asked for the time of day, a character set, or its own arenas.
#[cfg(target_arch = "x86_64")]
pub(super) const ITS_OWN: [&str; 10] = [
    "/etc/localtime",
    "/usr/share/zoneinfo/",
    "/usr/share/locale/",
    "/usr/lib/",
    "/lib/",
    "/etc/ld.so.cache",
    "/sys/devices/system/cpu/",
    "/proc/meminfo",
    "/proc/self/maps",
    "/proc/sys/vm/",
];

fn allowed(step: Step) -> Vec<Allowed> {
    let always = |numbers: &[i64]| -> Vec<Allowed> { numbers.iter().map(|number| (*number, None)).collect() };
    let only = |number: i64, argument: u32, value: i32| -> Allowed {
        (number, Some((argument, value.unsigned_abs())))
    };
    let mut all = always(&PURE);
    // glibc's own signals, which it sets up before it starts a thread; that is what is to be seen.
    all.extend([32, 33].map(|signal| only(libc::SYS_rt_sigaction, 0, signal)));
    if step == Step::Pure {
        return all;
    }
    all.extend(always(&READS));
    all.push(only(libc::SYS_prctl, 0, libc::PR_SET_NO_NEW_PRIVS));
    all.extend(always(&[libc::SYS_seccomp]));
    all.push((libc::SYS_openat, Some((5, WITH_LEAVE))));
    if step == Step::Loading || cfg!(not(target_arch = "x86_64")) {
        all.extend(always(&FINDS));
        all.extend(always(&FINDS_BY_OLD_NAMES));
    }
    all
}

/// From here on every other system call of this thread raises SIGSYS. False where the kernel does not do that.
pub(super) fn restrict(to: Step) -> bool {
    const LOAD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS: a word of the call as struct seccomp_data has it
    const EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    const RETURN: u16 = 0x06; // BPF_RET | BPF_K
    const ARGUMENTS: u32 = 16; // where they begin; each has eight bytes, the lower four first
    let step = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let mut filter = Vec::new();
    for (number, argument) in allowed(to) {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        filter.push(step(LOAD, 0, 0, 0));
        if let Some((place, value)) = argument {
            filter.push(step(EQUAL, 0, 3, number));
            filter.push(step(LOAD, 0, 0, ARGUMENTS + 8 * place));
            filter.push(step(EQUAL, 0, 1, value));
        } else {
            filter.push(step(EQUAL, 0, 1, number));
        }
        filter.push(step(RETURN, 0, 0, libc::SECCOMP_RET_ALLOW));
    }
    filter.push(step(RETURN, 0, 0, libc::SECCOMP_RET_TRAP));
    let program = libc::sock_fprog {
        len: u16::try_from(filter.len()).unwrap_or(0),
        filter: filter.as_mut_ptr(),
    };
    let (set, this_thread): (libc::c_ulong, libc::c_ulong) = (libc::SECCOMP_SET_MODE_FILTER.into(), 0);
    // SAFETY: the program is valid for the call, which copies it; giving rights up harms nobody.
    unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::syscall(libc::SYS_seccomp, set, this_thread, &raw const program) == 0
    }
}
