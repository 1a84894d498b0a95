//! An end to a worker's threads. `RLIMIT_NPROC` counts them for each user in each user namespace since Linux 5.14, hence
//! this worker's alone in one of its own; and it does not bind root, whatever the namespace (`copy_process` asks for the
//! real user), so that root's workers are nobody's.
//!
//! Delivery also counts them itself, for the case that the limit does not hold.

use super::{Gaps, rights};
use rustix::process::{Gid, Resource, Rlimit, Uid, geteuid, setrlimit};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

/// The kernel's own word for a user that is nobody (`/proc/sys/kernel/overflowuid`).
const NOBODY: u32 = 65534;

/// Leaves for namespaces of its own, as nobody if it is root's; true: one of users is among them.
pub(super) fn leave(gaps: &mut Gaps) -> bool {
    if !geteuid().is_root() {
        return rights::leave(gaps);
    }
    let (nobody, group) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    let become_nobody = |effective, saved| set_thread_res_uid(nobody, effective, saved);
    let first = set_thread_groups(&[])
        .and_then(|()| set_thread_res_gid(group, group, group))
        .and_then(|()| become_nobody(nobody, Uid::ROOT));
    if first.is_ok() && rights::leave_at_once() {
        return true;
    }
    gaps.need("a user that a limit of threads binds", first);
    // Some kernels grant a user namespace to root only. Its real user is nobody all the same.
    let _ = become_nobody(Uid::ROOT, Uid::ROOT);
    let left = rights::leave(gaps);
    if !left {
        let _ = become_nobody(nobody, nobody);
    }
    left
}

/// Limits the threads from here on, this one included. `apart`: in a user namespace of its own.
pub(super) fn limit(threads: u32, apart: bool, gaps: &mut Gaps) {
    let counts_others = if !apart {
        Some("without a user namespace of its own it would count other processes of its user")
    } else if release() < Some((5, 14)) {
        Some("before Linux 5.14 it would count other processes of its user")
    } else {
        None
    };
    let limit = Rlimit {
        current: Some(threads.into()),
        maximum: Some(threads.into()),
    };
    let set = || setrlimit(Resource::Nproc, limit).map_err(|error| error.to_string());
    let done = counts_others.map_or_else(set, |why| Err(why.to_owned()));
    gaps.need("a limit of threads", done);
}

/// The kernel's, as in `6.1.0-18-amd64`.
fn release() -> Option<(u32, u32)> {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    let mut numbers = release.split(['.', '-']).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}
