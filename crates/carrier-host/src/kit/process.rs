//! What a process is, as far as a library could change it: files, threads, signal handlers, and its surroundings.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// A picture of the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picture {
    /// Number and target of each open file.
    files: BTreeMap<u32, String>,
    threads: usize,
    /// `SigCgt` and `SigIgn` of `/proc/self/status`, proc(5).
    signals: (String, String),
    umask: String,
    folder: String,
    locale: String,
    environment: BTreeMap<String, String>,
}

impl Picture {
    pub(super) fn take() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().trim().to_owned()
        };
        let text = |os: std::ffi::OsString| os.to_string_lossy().into_owned();
        Self {
            files: files(),
            threads: fs::read_dir("/proc/self/task").map_or(0, Iterator::count),
            signals: (field("SigCgt:"), field("SigIgn:")),
            umask: field("Umask:"),
            folder: std::env::current_dir()
                .map(|folder| folder.display().to_string())
                .unwrap_or_default(),
            locale: locale(),
            environment: std::env::vars_os()
                .map(|(name, value)| (text(name), text(value)))
                .collect(),
        }
    }

    /// What changed from here to `after`, each with a way to mend it.
    pub(super) fn changes(&self, after: &Self) -> Vec<(String, &'static str)> {
        let mut changes = Vec::new();
        for (number, target) in &after.files {
            if !self.files.contains_key(number) {
                changes.push((
                    format!("left a file open (descriptor {number}: {target})"),
                    "a carrier opens no files and no sockets; the host does all I/O",
                ));
            }
        }
        if let Some(number) = self.files.keys().find(|number| !after.files.contains_key(number)) {
            changes.push((
                format!("closed a file of the host (descriptor {number})"),
                "close only what you opened; a carrier opens nothing",
            ));
        }
        if after.threads > self.threads {
            changes.push((
                format!("started {} thread(s)", after.threads - self.threads),
                "a carrier starts no threads: it is called, it answers, it is done",
            ));
        }
        for (was, is) in [
            (&self.signals.0, &after.signals.0),
            (&self.signals.1, &after.signals.1),
        ] {
            let numbers = bits(is) & !bits(was);
            let removed = bits(was) & !bits(is);
            if numbers | removed != 0 {
                let named = signal_names(numbers | removed);
                changes.push((
                    format!("changed what signals do (SIG{named})"),
                    "a carrier installs no signal handlers: they belong to the process, which is the host's",
                ));
            }
        }
        let plain = [
            (&self.umask, &after.umask, "the umask"),
            (&self.folder, &after.folder, "the working directory"),
            (&self.locale, &after.locale, "the locale"),
        ];
        for (was, is, what) in plain {
            if was != is {
                changes.push((
                    format!("changed {what} from {was:?} to {is:?}"),
                    "these belong to the process, which is the host's",
                ));
            }
        }
        if self.environment != after.environment {
            let names = |from: &Self, to: &Self| {
                to.environment
                    .iter()
                    .filter(|(name, value)| from.environment.get(*name) != Some(value))
                    .map(|(name, _)| name.clone())
                    .collect::<Vec<_>>()
            };
            let mut touched = names(self, after);
            touched.extend(names(after, self));
            touched.sort();
            touched.dedup();
            changes.push((
                format!("changed the environment ({})", touched.join(", ")),
                "settings come with instance_create; the environment belongs to the process",
            ));
        }
        changes
    }
}

fn files() -> BTreeMap<u32, String> {
    let Ok(listing) = fs::read_dir("/proc/self/fd") else {
        return BTreeMap::new();
    };
    let entries: Vec<_> = listing.flatten().map(|entry| entry.path()).collect();
    let mut files = BTreeMap::new();
    for entry in entries {
        let number = entry
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.parse().ok());
        // The listing's own descriptor is closed by now and leads nowhere.
        if let (Some(number), Ok(target)) = (number, fs::read_link(&entry)) {
            files.insert(number, target.display().to_string());
        }
    }
    files
}

fn bits(mask: &str) -> u64 {
    u64::from_str_radix(mask, 16).unwrap_or(0)
}

/// Bit n stands for signal n + 1.
fn signal_names(mask: u64) -> String {
    const NAMES: [&str; 31] = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
        "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
        "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];
    let named = (0..64_usize).filter(|bit| mask >> bit & 1 == 1);
    let named = named.map(|bit| {
        NAMES
            .get(bit)
            .map_or_else(|| (bit + 1).to_string(), |name| (*name).to_owned())
    });
    named.collect::<Vec<_>>().join(", SIG")
}

fn locale() -> String {
    // SAFETY: asks for the name; nobody changes it meanwhile, for the library is not being called.
    unsafe {
        let name = libc::setlocale(libc::LC_ALL, std::ptr::null());
        if name.is_null() {
            return String::new();
        }
        std::ffi::CStr::from_ptr(name).to_string_lossy().into_owned()
    }
}

/// Bytes on standard output and error so far; both are files while a check runs.
pub(super) fn printed() -> (u64, u64) {
    // SAFETY: flushes the C library's own buffers, so that what was printed counts.
    unsafe { libc::fflush(std::ptr::null_mut()) };
    let size = |number: u32| fs::metadata(format!("/proc/self/fd/{number}")).map_or(0, |file| file.len());
    (size(1), size(2))
}

/// Heap memory in use, as the C library's allocator counts it (mallinfo(3)).
pub(super) fn heap() -> usize {
    // SAFETY: returns a plain struct.
    let info = unsafe { libc::mallinfo2() };
    info.uordblks + info.hblkhd
}

macro_rules! names {
    ($($name:ident)*) => { &[$((libc::$name, stringify!($name))),*] };
}

/// The name of a system call, for those that a library might make.
pub(super) fn system_call(number: i64) -> Option<&'static str> {
    const NAMES: &[(i64, &str)] = names!(
        SYS_read SYS_openat SYS_close SYS_socket SYS_connect SYS_sendto SYS_recvfrom SYS_sendmsg SYS_recvmsg SYS_bind
        SYS_listen SYS_accept4 SYS_nanosleep SYS_clock_nanosleep SYS_ppoll SYS_pselect6 SYS_epoll_create1 SYS_epoll_pwait
        SYS_clone SYS_clone3 SYS_execve SYS_wait4 SYS_kill SYS_exit SYS_rt_sigaction SYS_chdir SYS_fchdir SYS_umask
        SYS_prctl SYS_ioctl SYS_fcntl SYS_dup SYS_dup3 SYS_pipe2 SYS_unlinkat SYS_mkdirat SYS_renameat2 SYS_getdents64
        SYS_newfstatat SYS_fstat SYS_statx SYS_lseek SYS_ftruncate SYS_setrlimit SYS_prlimit64 SYS_setpriority SYS_uname
        SYS_setitimer SYS_timer_create SYS_eventfd2 SYS_memfd_create SYS_inotify_init1 SYS_sched_setaffinity SYS_getcwd
        SYS_readlinkat SYS_faccessat SYS_writev SYS_pwrite64 SYS_pread64 SYS_fsync SYS_sendfile SYS_exit_group
    );
    #[cfg(target_arch = "x86_64")]
    const OLD: &[(i64, &str)] = names!(
        SYS_open SYS_poll SYS_select SYS_fork SYS_vfork SYS_pause SYS_alarm SYS_stat SYS_access SYS_pipe SYS_dup2 SYS_unlink
        SYS_mkdir SYS_rename SYS_epoll_wait SYS_epoll_create SYS_signalfd SYS_accept SYS_readlink
    );
    #[cfg(not(target_arch = "x86_64"))]
    const OLD: &[(i64, &str)] = &[];
    let found = NAMES.iter().chain(OLD).find(|(known, _)| *known == number)?;
    found.1.strip_prefix("SYS_")
}

/// Processor time of this thread.
pub(super) fn cpu_time() -> Duration {
    // SAFETY: fills in a plain struct.
    let time = unsafe {
        let mut time: libc::timespec = std::mem::zeroed();
        libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time);
        time
    };
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

/// How often this thread gave the processor up of its own will, getrusage(2).
pub(super) fn switches() -> i64 {
    // SAFETY: fills in a plain struct.
    unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_THREAD, &raw mut usage);
        usage.ru_nvcsw
    }
}

/// What a pure library may ask of the kernel: memory, and what ends a process that has gone wrong. `write` is the
/// report's; what a library prints is another check's.
const HARMLESS: [i64; 21] = [
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

/// Ends a process that may not even close its files any more.
pub(super) fn leave() -> ! {
    // SAFETY: ends the process at once; nothing is left to be flushed.
    unsafe { libc::_exit(0) }
}

/// From here on every other system call of this thread raises SIGSYS, which the sentry explains. False where the
/// kernel does not do that.
pub(super) fn restrict() -> bool {
    const LOAD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS: the number of the call is the first word, seccomp(2)
    const EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    const RETURN: u16 = 0x06; // BPF_RET | BPF_K
    let step = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let mut filter = vec![step(LOAD, 0, 0, 0)];
    for number in HARMLESS {
        filter.push(step(EQUAL, 0, 1, u32::try_from(number).unwrap_or(u32::MAX)));
        filter.push(step(RETURN, 0, 0, libc::SECCOMP_RET_ALLOW));
    }
    filter.push(step(RETURN, 0, 0, libc::SECCOMP_RET_TRAP));
    let program = libc::sock_fprog {
        len: u16::try_from(filter.len()).unwrap_or(0),
        filter: filter.as_mut_ptr(),
    };
    // SAFETY: the program is valid for the call, which copies it; giving rights up harms nobody.
    unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::prctl(
                libc::PR_SET_SECCOMP,
                libc::SECCOMP_MODE_FILTER,
                &raw const program,
            ) == 0
    }
}
