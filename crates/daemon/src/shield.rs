//! Keeps this process's memory and environment, where its secrets are, from other processes of the same user.

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

/// Makes this process undumpable (prctl(2), `PR_SET_DUMPABLE`): only root reads its `/proc/PID/mem` and
/// `/proc/PID/environ` or attaches a debugger from now on, and it leaves no core dump. To be called before a secret is
/// read and before a carrier library is loaded anywhere.
pub fn shield() -> std::io::Result<()> {
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}
