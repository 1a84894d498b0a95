//! Messages out of the queue and into the library's hands, several at once where it takes several.

use super::{Connected, Stop};
use crate::judge::{Truth, fault, out_of_time};
use crate::report::Report;
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
    pub(super) async fn fill(&mut self, now: Instant) -> Result<(), Stop> {
        let shared = &self.keeper.shared;
        let mut handed = 0;
        while handed < BATCH {
            let hand = self.gather(now);
            if hand.0.is_empty() {
                break;
            }
            handed += hand.0.len();
            self.hand_over(hand, now).await?;
        }
        // The word may have been for several, or for a link that still has places.
        shared.queue.pass_on();
        Ok(())
    }

    /// As many as there are places for, and as the library takes at once, each with its token.
    fn gather(&mut self, now: Instant) -> Hand {
        let shared = &self.keeper.shared;
        let mut hand = Hand::default();
        let most = self.machine.at_once().min(self.together);
        while hand.0.len() < most && self.takes_behind(hand.0.len(), now) {
            let Some(job) = shared.queue.pop() else { break };
            if let Some(report) = self.overdue(&job, now) {
                let _ = job.reply.send(report);
                continue;
            }
            self.pace.took(now);
            hand.0.push((shared.tokens.fetch_add(1, Ordering::Relaxed), job));
        }
        hand
    }

    /// For a message whose time has passed.
    fn overdue(&self, job: &Job, now: Instant) -> Option<Report> {
        let deadline = job.submission.message.deadline_unix_ms;
        if now >= job.due {
            Some(out_of_time(Truth::default()))
        } else if self.keeper.resident.room().now_unix_ms() >= deadline {
            Some(Report::expired())
        } else {
            None
        }
    }

    async fn hand_over(&mut self, mut hand: Hand, now: Instant) -> Result<(), Stop> {
        let messages: Vec<_> = hand
            .0
            .iter()
            .map(|(token, job)| (*token, &job.submission.message))
            .collect();
        let answers = self.machine.submit(&messages).await;
        let (mut stop, mut given_back) = (None, Vec::new());
        for ((token, job), answer) in std::mem::take(&mut hand.0).into_iter().zip(answers) {
            match answer {
                Ok(Some(acts)) if stop.is_none() => {
                    self.flight.carry(token, self.outbox.queued(), job);
                    stop = self.act(acts, now).err().map(Stop::from);
                }
                // Nothing of what it wanted with this one is done: the link ends.
                Ok(_) => given_back.push(job),
                // Nothing of what it wanted is done, so this message alone is concerned.
                Err(broken) if !broken.is_bystander() => {
                    self.keeper.resident.note_fault(&broken);
                    let _ = job.reply.send(fault(&broken.to_string(), Truth::default()));
                }
                Err(_) => {
                    stop.get_or_insert_with(Stop::gone);
                    given_back.push(job);
                }
            }
        }
        if self.machine.is_gone() {
            stop = stop.or_else(|| Some(Stop::gone()));
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
}
