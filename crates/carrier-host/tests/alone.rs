//! A test in a process of its own, where it may do what concerns the whole process; and the processes that are there.

use rustix::process::{
    DumpableBehavior, Pid, Resource, Rlimit, Signal, getrlimit, kill_process, set_dumpable_behavior,
    setrlimit,
};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter_all_threads};
use std::process::Command;

/// Names the test that is to run here.
const ALONE: &str = "ALDIS_TEST_ALONE";

/// This test program again, with only that test.
pub(crate) fn program(test: &str) -> Command {
    let mut program = Command::new(std::env::current_exe().expect("a path"));
    program.args(["--exact", test, "--nocapture"]).env(ALONE, test);
    program
}

pub(crate) fn is_alone(test: &str) -> bool {
    std::env::var(ALONE).as_deref() == Ok(test)
}

/// True: this is the process of its own. Otherwise it has been run there, and was fine.
pub(crate) fn alone(test: &str) -> bool {
    if is_alone(test) {
        return true;
    }
    let output = program(test).output().expect("a process");
    let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{}\n{}", told[0], told[1]);
    assert!(told[0].contains("1 passed"), "{}", told[0]);
    false
}

/// One that lives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process {
    pub(crate) id: u32,
    parent: u32,
    /// Its group.
    pub(crate) group: u32,
    /// What it has computed, in hundredths of a second.
    pub(crate) used: u64,
}

/// `None`: there is none, or nobody has asked yet how it ended.
pub(crate) fn process(id: u32) -> Option<Process> {
    let line = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, rest) = line.rsplit_once(')')?;
    let words: Vec<_> = rest.split_whitespace().collect();
    let number = |at: usize| words.get(at)?.parse::<u64>().ok();
    let small = |at: usize| u32::try_from(number(at)?).ok();
    (words.first() != Some(&"Z")).then_some(Process {
        id,
        parent: small(1)?,
        group: small(2)?,
        used: number(11)? + number(12)?,
    })
}

/// Those it has started.
pub(crate) fn children(parent: u32) -> Vec<Process> {
    let all = std::fs::read_dir("/proc").expect("processes").flatten();
    all.filter_map(|entry| process(entry.file_name().to_str()?.parse().ok()?))
        .filter(|process| process.parent == parent)
        .collect()
}

/// This process's only worker.
pub(crate) fn worker() -> Process {
    let workers = children(std::process::id());
    assert_eq!(workers.len(), 1, "{workers:?}");
    workers[0]
}

pub(crate) fn send(signal: Signal, process: Process) {
    let id = i32::try_from(process.id).ok().and_then(Pid::from_raw);
    kill_process(id.expect("an id"), signal).expect("sent");
}

/// Makes the kernel refuse these calls to this process and to all that it starts.
pub(crate) fn refuse(calls: &[i64]) {
    let filter = SeccompFilter::new(
        calls.iter().map(|call| (*call, Vec::new())).collect(),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EPERM.cast_unsigned()),
        std::env::consts::ARCH.try_into().expect("a known machine"),
    );
    let filter: BpfProgram = filter.expect("a filter").try_into().expect("a program");
    apply_filter_all_threads(&filter).expect("a poor kernel");
}

/// So many descriptors at most, of this process.
pub(crate) fn limit_descriptors(most: u64) {
    let limit = Rlimit {
        current: Some(most),
        maximum: getrlimit(Resource::Nofile).maximum,
    };
    setrlimit(Resource::Nofile, limit).expect("a limit");
}

/// From here on this process is nobody's, if it was root's, and as open as any that has just started.
#[allow(unsafe_code, reason = "all threads at once, which only the C library does")]
pub(crate) fn become_nobody() {
    const NOBODY: u32 = 65534;
    // SAFETY: these only ask the kernel.
    assert_eq!(unsafe { libc::setgid(NOBODY) | libc::setuid(NOBODY) }, 0);
    set_dumpable_behavior(DumpableBehavior::Dumpable).expect("open");
}
