//! What a dead process left in its hands is settled, row by row, before anything new is taken.
//!
//! An attempt that was under way may have reached the carrier: half of them have. So it is neither
//! resent nor called failed; it is unknown, and resent only where the route accepts a second copy.

use crate::engine::Engine;
use crate::retry::LEAST_VALIDITY;
use crate::routing::{Asked, Onward, Policy};
use crate::store::{Leftover, LeftoverFacts, StoreError, Verdict};
use aldis_message::{AcceptMode, DeliveryStatus, MessageId, Reason, UnixMillis};

const UNKNOWN: Verdict = Verdict::End(DeliveryStatus::Unknown, Reason::OutcomeUnknown);

/// Rows settled by one commit.
const PAGE: u32 = 200;

/// Settles everything a dead process left, and says how much that was.
pub(crate) async fn recover(engine: &Engine) -> Result<usize, StoreError> {
    let mut settled = 0;
    let mut after = None;
    loop {
        let page = engine.store.leftovers(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        settled += page.len();
        settle(engine, page, |verdict| verdict).await?;
    }
    end_attempts(engine).await?;
    if settled > 0 {
        tracing::warn!(messages = settled, "settled what the last run left in its hands");
    }
    Ok(settled)
}

/// A message may have been settled, by a receipt, while an attempt of it was on the wire. Nobody is left to hear how that
/// ended.
async fn end_attempts(engine: &Engine) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let messages = engine.store.end_attempts(after, PAGE, engine.clock.now()).await?;
        let Some(last) = messages.last() else {
            return Ok(());
        };
        tracing::warn!(
            messages = messages.len(),
            "ended attempts of the last run whose messages were settled meanwhile"
        );
        after = Some(last.clone());
    }
}

/// Settles one message whose task failed. It is not queued again: it would fail again, at once and without end.
pub(crate) async fn settle_one(engine: &Engine, id: MessageId) -> Result<(), StoreError> {
    let left = engine.store.leftover(&id).await?;
    let given_up = |verdict| match verdict {
        Verdict::Requeue => UNKNOWN,
        end @ Verdict::End(..) => end,
    };
    settle(engine, left.into_iter().collect(), given_up).await
}

async fn settle(
    engine: &Engine,
    page: Vec<Leftover>,
    change: impl Fn(Verdict) -> Verdict,
) -> Result<(), StoreError> {
    let now = engine.clock.now();
    let mut verdicts = Vec::with_capacity(page.len());
    for Leftover { id, facts } in page {
        let verdict = match &facts {
            Some(facts) => change(verdict(facts, policy(engine, facts), now)),
            // Unreadable, and possibly sent: nothing better can be said of it.
            None => UNKNOWN,
        };
        tracing::warn!(message_id = %id, ?verdict, "message was in a dead hand");
        if let (Verdict::End(status, reason), Some(facts)) = (verdict, &facts) {
            engine.metrics.message(facts.class, status, Some(reason), 1);
        }
        verdicts.push((id, verdict));
    }
    engine.store.settle(verdicts, now).await?;
    engine.due.notify_one();
    Ok(())
}

fn policy(engine: &Engine, facts: &LeftoverFacts) -> Policy {
    let asked = Asked {
        to: &facts.to,
        tenant: facts.tenant.as_ref(),
        client: &facts.client,
        class: facts.class,
    };
    engine
        .carriers
        .route_for(&asked)
        .map(|route| route.policy)
        .unwrap_or_default()
}

/// The table of recovery. Pure.
fn verdict(facts: &LeftoverFacts, policy: Policy, now: UnixMillis) -> Verdict {
    let in_time = now.until(facts.deadline) >= LEAST_VALIDITY;
    let may_resend = policy.lost_answer == Onward::NextCarrier && facts.ambiguous == 0;
    match (facts.status, facts.accept) {
        (DeliveryStatus::Sending, AcceptMode::Stored) if may_resend && in_time => Verdict::Requeue,
        (DeliveryStatus::Sending, _) => UNKNOWN,
        (_, AcceptMode::Stored) if in_time => Verdict::Requeue,
        _ if facts.ambiguous > 0 => UNKNOWN,
        (_, AcceptMode::Stored) => Verdict::End(DeliveryStatus::Expired, Reason::DeadlineExceeded),
        // Its caller has seen the connection break, which is an answer.
        (_, AcceptMode::Carrier) => Verdict::End(DeliveryStatus::Cancelled, Reason::Fenced),
    }
}

#[cfg(test)]
mod tests;
