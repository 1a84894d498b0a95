//! What a process is, as far as a library could change it: files, threads, signal handlers, and its surroundings.

use rustix::fs::RawDir;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::time::Duration;

/// This process's own files in /proc, opened before it is shut in: later on it may open nothing.
pub(super) struct Oneself(Option<Own>);

struct Own {
    status: File,
    memory: File,
    threads: File,
    files: File,
}

impl Oneself {
    /// Opens the files of this process, not of the one it is a copy of.
    pub(super) fn open() -> Self {
        let open = |name: &str| File::open(format!("/proc/self/{name}"));
        let own = || -> std::io::Result<Own> {
            Ok(Own {
                status: open("status")?,
                memory: open("statm")?,
                threads: open("task")?,
                files: open("fd")?,
            })
        };
        Self(own().ok())
    }

    /// A file as it is now.
    fn text(&self, of: impl FnOnce(&Own) -> &File) -> String {
        let read = |own: &Own| -> std::io::Result<String> {
            let (mut file, mut text) = (of(own), String::new());
            file.seek(SeekFrom::Start(0))?;
            file.read_to_string(&mut text)?;
            Ok(text)
        };
        self.0.as_ref().and_then(|own| read(own).ok()).unwrap_or_default()
    }

    /// The names in a folder as it is now, those that are numbers.
    fn numbers(&self, of: impl FnOnce(&Own) -> &File) -> Vec<u32> {
        let mut numbers = Vec::new();
        let Some(mut folder) = self.0.as_ref().map(of) else {
            return numbers;
        };
        if folder.seek(SeekFrom::Start(0)).is_err() {
            return numbers;
        }
        let mut room = Vec::with_capacity(4096);
        let mut entries = RawDir::new(folder, room.spare_capacity_mut());
        while let Some(Ok(entry)) = entries.next() {
            let name = entry.file_name().to_str().ok();
            numbers.extend(name.and_then(|name| name.parse::<u32>().ok()));
        }
        numbers
    }

    /// Memory in use: the heap, as the C library's allocator counts it (mallinfo(3)), and what is mapped besides.
    pub(super) fn memory_in_use(&self) -> usize {
        // SAFETY: returns a plain struct.
        let info = unsafe { libc::mallinfo2() };
        let statm = self.text(|own| &own.memory);
        let pages: usize = statm
            .split(' ')
            .next()
            .and_then(|pages| pages.parse().ok())
            .unwrap_or(0);
        let others = (pages * super::lending::page()).saturating_sub(info.arena + info.hblkhd);
        info.uordblks + info.hblkhd + others
    }
}

/// A picture of the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picture {
    /// Number and target of each open file.
    files: BTreeMap<u32, String>,
    threads: usize,
    /// What each signal does, by its number.
    signals: Vec<(usize, Action)>,
    umask: String,
    folder: String,
    locale: String,
    environment: BTreeMap<String, String>,
}

impl Picture {
    pub(super) fn take(of: &Oneself) -> Self {
        let status = of.text(|own| &own.status);
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().trim().to_owned()
        };
        let text = |os: std::ffi::OsString| os.to_string_lossy().into_owned();
        Self {
            files: files(of),
            threads: of.numbers(|own| &own.threads).len(),
            signals: actions(),
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
        let both = self.signals.iter().zip(&after.signals);
        let differ: Vec<_> = both.filter(|(was, is)| was != is).collect();
        if !differ.is_empty() {
            let names: Vec<_> = differ
                .iter()
                .map(|((number, _), _)| signal_name(*number))
                .collect();
            changes.push((
                format!("changed what signals do ({})", names.join(", ")),
                "a carrier installs no signal handlers and ignores none: they belong to the process, which is the host's",
            ));
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

fn files(of: &Oneself) -> BTreeMap<u32, String> {
    let numbers = of.numbers(|own| &own.files).into_iter();
    let named = numbers.filter_map(|number| {
        let target = fs::read_link(format!("/proc/self/fd/{number}")).ok()?;
        Some((number, target.display().to_string()))
    });
    named.collect()
}

/// Handler, flags, and the signals held back meanwhile.
type Action = (usize, i32, Vec<bool>);

fn actions() -> Vec<(usize, Action)> {
    (1..=64_usize)
        .filter_map(|number| {
            let signal = i32::try_from(number).ok()?;
            // SAFETY: zeros are a valid sigaction, which the call fills in; it changes nothing. Two numbers are the C
            // library's own, and refused.
            let action = unsafe {
                let mut action: libc::sigaction = std::mem::zeroed();
                if libc::sigaction(signal, std::ptr::null(), &raw mut action) != 0 {
                    return None;
                }
                action
            };
            // SAFETY: the set is initialised, and the numbers are signals.
            let held =
                (1..=64).map(|other| unsafe { libc::sigismember(&raw const action.sa_mask, other) } == 1);
            Some((number, (action.sa_sigaction, action.sa_flags, held.collect())))
        })
        .collect()
}

fn signal_name(number: usize) -> String {
    const NAMES: [&str; 31] = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
        "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
        "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];
    let name = number.checked_sub(1).and_then(|at| NAMES.get(at));
    name.map_or_else(|| format!("SIG{number}"), |name| format!("SIG{name}"))
}

/// The Rust runtime ignores SIGPIPE in programs; a library that does the same would not be seen.
pub(super) fn mind_pipes() {
    // SAFETY: the child writes into files only.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    }
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

/// Ends a process that may not even close its files any more.
pub(super) fn leave() -> ! {
    // SAFETY: ends the process at once; nothing is left to be flushed.
    unsafe { libc::_exit(0) }
}

/// The exit code of a process that cannot be shut in.
pub(super) const REFUSED: i32 = 77;

/// Ends a process in which no library may run.
pub(super) fn refuse() -> ! {
    // SAFETY: ends the process at once; its reason has been reported.
    unsafe { libc::_exit(REFUSED) }
}
