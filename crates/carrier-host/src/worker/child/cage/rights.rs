//! What a worker gives up of the kernel's grants: its place among the others, its capabilities, and the files.

use super::Gaps;
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetError,
    RulesetStatus, Scope, path_beneath_rules,
};
use rustix::thread::{
    CapabilitySet, CapabilitySets, UnshareFlags, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities, unshare_unsafe,
};

/// Where the system's loader looks for what a library needs.
const LIBRARIES: [&str; 7] = [
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/local/lib64",
    "/etc/ld.so.cache",
];

/// Namespaces of its own: of users, so that it has no rights over any process outside, and an empty network. True: it
/// has one of users.
pub(super) fn leave(gaps: &mut Gaps) -> bool {
    if leave_at_once() {
        return true;
    }
    // Some kernels grant one of them: the network to root, or users without anything else.
    gaps.need("an empty network namespace", unshare(SPACES));
    let users = unshare(UnshareFlags::NEWUSER);
    gaps.need("a user namespace", users);
    users.is_ok()
}

/// Leaves for all of them in one step; false: nothing of it is granted.
pub(super) fn leave_at_once() -> bool {
    unshare(SPACES | UnshareFlags::NEWUSER).is_ok()
}

const SPACES: UnshareFlags = UnshareFlags::NEWNET.union(UnshareFlags::NEWIPC);

fn unshare(spaces: UnshareFlags) -> rustix::io::Result<()> {
    // SAFETY: there is one thread yet, and these are not about memory or files.
    unsafe { unshare_unsafe(spaces) }
}

/// In a user namespace of its own it has them all, over nothing; without one, root has them over everything.
pub(super) fn drop_capabilities(gaps: &mut Gaps) {
    for capability in CapabilitySet::all().iter() {
        // Without a right to drop them there are none to gain either: it starts no program.
        let _ = remove_capability_from_bounding_set(capability);
    }
    let _ = clear_ambient_capability_set();
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    gaps.need("no capabilities", set_capabilities(None, none));
}

/// Nothing is read but the system's libraries, and these files and folders; the carrier's own is in memory, which Landlock does not
/// look at. No other process can be looked into, signalled or connected to.
pub(super) fn close_files(files: &[&str]) -> Result<(), String> {
    match restrict(files) {
        Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced) => Ok(()),
        Ok(RulesetStatus::NotEnforced) => Err("this kernel does not have it".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// As much of it as the kernel knows.
fn restrict(files: &[&str]) -> Result<RulesetStatus, RulesetError> {
    let newest = ABI::V6;
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(newest))?
        .handle_access(AccessNet::from_all(newest))?
        .scope(Scope::from_all(newest))?
        .create()?
        // Mapping code takes reading only; executing is for programs.
        .add_rules(path_beneath_rules(LIBRARIES, AccessFs::ReadFile))?
        .add_rules(path_beneath_rules(files, AccessFs::ReadFile | AccessFs::ReadDir))?
        .restrict_self()?;
    Ok(status.ruleset)
}
