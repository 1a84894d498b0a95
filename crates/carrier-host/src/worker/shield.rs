//! What delivery itself does before it starts workers.

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

/// From here on no process of the same user may look into this one's memory or environment, where its secrets are: a
/// library that is being loaded in a worker may read files, and on kernels that confine it less `/proc` is among them.
/// There are no core dumps of this process either, and only root attaches a debugger. Once, before the first worker.
pub fn shield() -> std::io::Result<()> {
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}
