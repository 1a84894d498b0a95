//! The kinds of log lines that anybody may cause, so that they are counted instead of filling a disk.

use aldis_message::TenantName;

/// The lines of a kind that are written at once; the rest of its minute is summed up.
pub(crate) const AT_ONCE: u32 = 5;

/// A kind of line, told apart by our own settings and words only: nothing of it is the caller's choice.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A token that was rejected, and why.
    Rejected(String, &'static str),
    /// A request that was answered without its caller having authenticated: tenant, status and code.
    Answered(String, u16, String),
    /// A caller that left before its answer without having authenticated.
    Left,
}

impl Kind {
    pub(crate) fn rejected(tenant: &TenantName, cause: &'static str) -> Self {
        Self::Rejected(tenant.as_str().to_owned(), cause)
    }

    /// Writes how many more there were.
    pub(crate) fn sum_up(self, kept_back: u64) {
        const WORDS: &str = "more such requests were counted, and not logged one by one";
        match self {
            Self::Rejected(tenant, cause) => {
                tracing::warn!(tenant, cause, kept_back, "token rejected: {WORDS}");
            }
            Self::Answered(tenant, status, code) => {
                tracing::warn!(tenant, status, code, kept_back, "request answered: {WORDS}");
            }
            Self::Left => tracing::warn!(kept_back, "the caller left before the answer: {WORDS}"),
        }
    }
}
