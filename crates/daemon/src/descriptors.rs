//! The file descriptors of this process: as many as the system grants, of which connections may use a part.
//!
//! A process without descriptors can neither accept, nor call, nor open its store. So the caps of all listeners together
//! stay below the limit, and the rest is left to everything else.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The number of open files below which a service is warned: the smallest hard limit that common systems start services
/// with (systemd's default is 524,288 and the kernel's own 4,096).
pub const FEW: usize = 4096;

/// Lets this process open as many files as its hard limit allows, and says how many that is.
///
/// The soft limit is 1,024 by default only because of `select(2)`, which nothing here uses.
pub fn raise() -> usize {
    let limits = getrlimit(Resource::Nofile);
    if limits.current != limits.maximum {
        let raised = Rlimit {
            current: limits.maximum,
            maximum: limits.maximum,
        };
        // Where it is refused, the limit stays what it was, and the caps follow from that.
        let _ = setrlimit(Resource::Nofile, raised);
    }
    let limit = limit();
    if limit < FEW {
        tracing::warn!(
            limit,
            "few files can be open at once (RLIMIT_NOFILE); a service should have {FEW} or more"
        );
    }
    limit
}

/// The number of files that this process may have open.
pub fn limit() -> usize {
    // No limit at all is written as none.
    getrlimit(Resource::Nofile)
        .current
        .map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX))
}

/// The connections that a listener may have which wants `wanted`, where all files together are `limit` and at least
/// `kept` of them are for everything else. Never fewer than one: a process that cannot listen is of no use.
pub fn share(wanted: usize, limit: usize, kept: usize) -> usize {
    wanted.min(limit.saturating_sub(kept)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_to_the_rest() {
        assert_eq!(share(4096, 1024, 128), 896);
        assert_eq!(share(512, 1024, 128), 512);
        assert_eq!(share(512, 100, 128), 1);
        assert_eq!(share(512, usize::MAX, 128), 512);
    }

    #[test]
    fn the_limit_is_raised_as_far_as_it_goes() {
        let raised = raise();
        assert_eq!(raised, limit());
        let limits = getrlimit(Resource::Nofile);
        assert_eq!(limits.current, limits.maximum);
    }
}
