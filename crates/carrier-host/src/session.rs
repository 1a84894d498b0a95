//! Carriers with connections that stay: the messages wait in one queue, each link is kept up by one task of its own,
//! and whichever link has a place takes the next message.

mod allowance;
mod backoff;
mod board;
mod connected;
mod dial;
mod ending;
mod events;
mod fence;
mod flight;
mod keeper;
mod machine;
mod outbox;
mod pace;
pub(crate) mod plan;
mod queue;
mod socket;
mod timers;

pub use board::LinkMetrics;
pub(crate) use dial::Dialer;
pub use events::{Events, LateAnswer, Stored};
pub(crate) use plan::Plan;

use crate::report::Report;
use crate::resident::Resident;
use crate::submission::Submission;
use aldis_carrier::{Class, Scope};
use allowance::Allowance;
use board::Boards;
use keeper::Keeper;
use queue::{Job, Queue};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a message waits for a free place, or for a link to come back, before it looks elsewhere.
const PLACE_WITHIN: Duration = Duration::from_secs(1);

/// The links of one instance. Dropping it cuts them.
pub(crate) struct Sessions {
    shared: Arc<Shared>,
    plans: Vec<Plan>,
    tasks: TaskTracker,
}

/// What the links have in common.
struct Shared {
    queue: Queue,
    boards: Boards,
    /// The memory for what waits on them.
    allowance: Allowance,
    /// The next token: never used twice, whatever connection it was on.
    tokens: AtomicU64,
    /// Take nothing new; take leave once nothing is in flight.
    leaving: CancellationToken,
    /// End now.
    cut: CancellationToken,
    /// While something is in there, others may still have the links that the carrier allows.
    former: OnceLock<TaskTracker>,
}

impl Shared {
    fn is_successor(&self) -> bool {
        self.former.get().is_some_and(|former| !former.is_empty())
    }

    /// Why no link is up, if it is the account's fault, as far as that can be known yet.
    fn refused(&self) -> Option<Class> {
        self.boards.refused().filter(|_| !self.is_successor())
    }
}

impl Sessions {
    /// Nothing is connected before [`Sessions::start`].
    pub(crate) fn new(plans: Vec<Plan>) -> Self {
        let shared = Shared {
            queue: Queue::default(),
            boards: Boards::new(plans.iter().map(|plan| plan.name.clone())),
            allowance: Allowance::default(),
            tokens: AtomicU64::new(1),
            leaving: CancellationToken::new(),
            cut: CancellationToken::new(),
            former: OnceLock::new(),
        };
        Self {
            shared: Arc::new(shared),
            plans,
            tasks: TaskTracker::new(),
        }
    }

    /// Connects, and keeps connected. Once; again does nothing.
    pub(crate) fn start(
        &self,
        resident: &Arc<Resident>,
        dialer: &Dialer,
        events: &Arc<dyn Events>,
        former: &TaskTracker,
    ) {
        if !self.tasks.close() {
            return;
        }
        let _ = self.shared.former.set(former.clone());
        for (index, plan) in self.plans.iter().enumerate() {
            let keeper = Keeper {
                index,
                plan: plan.clone(),
                resident: Arc::clone(resident),
                dialer: dialer.clone(),
                events: Arc::clone(events),
                shared: Arc::clone(&self.shared),
            };
            self.tasks.spawn(keeper.keep());
        }
    }

    /// One attempt: a place on a link, then the library's word.
    pub(crate) async fn submit(&self, submission: Submission) -> Report {
        let boards = &self.shared.boards;
        if self.shared.leaving.is_cancelled() {
            return unsent(Class::Temporary, "leaving", "the carrier is being stopped");
        }
        let now = Instant::now();
        let limit = PLACE_WITHIN.min(submission.time_limit);
        let place_by = boards.down_since().map_or(now, |since| since.min(now)) + limit;
        if place_by <= now || self.shared.refused().is_some() && boards.down_since().is_some() {
            return self.no_place();
        }
        let (job, ticket) = Job::new(submission, now);
        let gone = job.fence.gone();
        self.shared.queue.push(job);
        let mut answer = std::pin::pin!(ticket.answer);
        let left = tokio::select! {
            report = &mut answer => return report.unwrap_or_else(|_| abandoned()),
            () = sleep_until(place_by) => false,
            () = gone.cancelled() => true,
        };
        // Otherwise a link has it, and answers; that the caller has left it sees for itself.
        if ticket.place.withdraw() {
            self.shared.queue.sweep();
            return if left {
                Report::caller_gone()
            } else {
                self.no_place()
            };
        }
        answer.await.unwrap_or_else(|_| abandoned())
    }

    /// Nobody took the message.
    fn no_place(&self) -> Report {
        let boards = &self.shared.boards;
        if boards.down_since().is_none() {
            return no_free_place();
        }
        match self.shared.refused() {
            Some(class) => unsent(class, "refused", "the carrier refuses the connection"),
            None => unsent(Class::Temporary, "not_connected", "no link to the carrier is up"),
        }
    }

    /// Takes no more messages, waits until those in flight have ended, takes leave of the carrier, and cuts what is
    /// still there after `limit`.
    pub(crate) async fn drain(&self, limit: Duration) {
        self.shared.leaving.cancel();
        self.tasks.close();
        let _ = timeout(limit, self.tasks.wait()).await;
        self.shared.cut.cancel();
        self.tasks.wait().await;
    }

    pub(crate) fn metrics(&self) -> Vec<LinkMetrics> {
        self.shared.boards.metrics()
    }
}

impl Drop for Sessions {
    fn drop(&mut self) {
        self.shared.cut.cancel();
    }
}

fn no_free_place() -> Report {
    let words = "every place on the links is taken";
    let mut report = unsent(Class::RateLimited, "no_free_place", words);
    report.scope = Scope::Instance;
    report
}

fn unsent(class: Class, code: &str, detail: &str) -> Report {
    let mut report = Report::bare(class, false, detail);
    report.code = Some(code.to_owned());
    report
}

/// The link's task ended without a word: nobody knows what left.
fn abandoned() -> Report {
    Report::bare(Class::Ambiguous, true, "the link was cut before the answer")
}
