//! Messages out of the queue and into the library's hands, several at once where it takes several.

use super::{Connected, During, Stop};
use crate::border::RawAct;
use crate::judge::{Truth, fault};
use crate::session::flight::lost;
use crate::session::no_free_place;
use crate::session::queue::Job;
use std::sync::atomic::Ordering;
use tokio::time::Instant;

/// Messages handed over before the carrier is listened to again.
pub(super) const BATCH: usize = 256;

/// Messages between the queue and the link. Nothing of them has left: whoever waits is told so if the link is cut now.
#[derive(Default)]
struct Hand(Vec<(u64, Job)>);

impl Drop for Hand {
    fn drop(&mut self) {
        for (_, job) in self.0.drain(..) {
            let _ = job.reply.send(lost(false));
        }
    }
}

impl Connected<'_> {
    /// Takes messages while there are places.
    pub(super) async fn fill(&mut self) -> Result<(), Stop> {
        let shared = &self.keeper.shared;
        let mut handed = 0;
        while handed < BATCH {
            let hand = self.gather();
            if hand.0.is_empty() {
                break;
            }
            handed += hand.0.len();
            self.hand_over(hand).await?;
        }
        // The word may have been for several, or for a link that still has places.
        shared.queue.pass_on();
        Ok(())
    }

    /// As many as there are places for, and as the library takes at once, each with its token.
    fn gather(&mut self) -> Hand {
        let shared = &self.keeper.shared;
        let mut hand = Hand::default();
        let most = self.machine.at_once().min(self.together);
        while hand.0.len() < most && self.takes_behind(hand.0.len(), Instant::now()) {
            let Some(job) = shared.queue.pop() else { break };
            let at = self.keeper.moment();
            if let Some(report) = job.fence.unsent(at) {
                let _ = job.reply.send(report);
                continue;
            }
            self.pace.took(at.now);
            hand.0.push((shared.tokens.fetch_add(1, Ordering::Relaxed), job));
        }
        hand
    }

    async fn hand_over(&mut self, mut hand: Hand) -> Result<(), Stop> {
        let messages: Vec<_> = hand.0.iter().map(|(token, job)| (*token, &job.message)).collect();
        let answers = self.machine.submit(&messages).await;
        let (mut stop, mut given_back) = (None, Vec::new());
        for ((token, job), answer) in std::mem::take(&mut hand.0).into_iter().zip(answers) {
            match answer {
                Ok(Some(acts)) if stop.is_none() => stop = self.take(token, job, acts).err(),
                // Nothing of what it wanted with this one is done: the link ends.
                Ok(_) => given_back.push(job),
                // Nothing of what it wanted is done, so this message alone is concerned.
                Err(broken) if !broken.is_bystander() => {
                    self.keeper.resident.note_fault(&broken);
                    let _ = job.reply.send(fault(&broken.to_string(), Truth::default()));
                }
                Err(_) => {
                    stop.get_or_insert(Stop::Gone);
                    given_back.push(job);
                }
            }
        }
        if self.machine.is_gone() {
            stop = stop.or(Some(Stop::Gone));
        }
        self.together = if given_back.is_empty() {
            self.together.saturating_mul(2).min(BATCH)
        } else {
            1
        };
        for job in given_back.into_iter().rev() {
            if let Some(job) = self.keeper.shared.queue.put_back(job) {
                let _ = job.reply.send(if stop.is_some() {
                    lost(false)
                } else {
                    no_free_place()
                });
            }
        }
        stop.map_or(Ok(()), Err)
    }

    /// The library has taken a message: it is carried from now on. To have its word a worker may have been waited for, so
    /// that the message may be over: then what it wrote of it is left out, and nothing has been sent.
    fn take(&mut self, token: u64, job: Job, mut acts: Vec<RawAct>) -> Result<(), Stop> {
        let at = self.keeper.moment();
        let over = job.fence.is_over(at);
        if over {
            acts.retain(|act| !matches!(act, RawAct::Write(_)));
        }
        self.flight.carry(token, self.outbox.queued(), job, at.now);
        let more = over && self.flight.withhold(token, at);
        self.act(acts, at.now, During::Submit(token))?;
        self.flight.wrote(token, self.outbox.queued());
        // If it has ended by the library's own word, it knows of no more parts.
        if more && self.flight.carries(token) {
            return Err(Stop::parts());
        }
        Ok(())
    }
}
