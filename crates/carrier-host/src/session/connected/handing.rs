//! Messages out of the queue and into the library's hands, several at once where it takes several.

use super::{Connected, Stop};
use crate::judge::{Truth, fault, out_of_time};
use crate::report::Report;
use crate::session::no_free_place;
use crate::session::queue::Job;
use std::sync::atomic::Ordering;
use tokio::time::Instant;

/// Messages handed over before the carrier is listened to again.
pub(super) const BATCH: usize = 256;

impl Connected<'_> {
    /// Takes messages while there are places.
    pub(super) async fn fill(&mut self, now: Instant) -> Result<(), Stop> {
        let shared = &self.keeper.shared;
        let mut handed = 0;
        while handed < BATCH {
            let jobs = self.gather(now);
            if jobs.is_empty() {
                break;
            }
            handed += jobs.len();
            self.hand_over(jobs, now).await?;
        }
        // The word may have been for several, or for a link that still has places.
        shared.queue.pass_on();
        Ok(())
    }

    /// As many as there are places for, and as the library takes at once, each with its token.
    fn gather(&mut self, now: Instant) -> Vec<(u64, Job)> {
        let shared = &self.keeper.shared;
        let mut jobs = Vec::new();
        let most = self.machine.at_once().min(self.together);
        while jobs.len() < most && self.takes_behind(jobs.len(), now) {
            let Some(job) = shared.queue.pop() else { break };
            if let Some(report) = self.overdue(&job, now) {
                let _ = job.reply.send(report);
                continue;
            }
            self.pace.took(now);
            jobs.push((shared.tokens.fetch_add(1, Ordering::Relaxed), job));
        }
        jobs
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

    async fn hand_over(&mut self, jobs: Vec<(u64, Job)>, now: Instant) -> Result<(), Stop> {
        let messages: Vec<_> = jobs
            .iter()
            .map(|(token, job)| (*token, &job.submission.message))
            .collect();
        let answers = self.machine.submit(&messages).await;
        let (mut stop, mut given_back) = (None, Vec::new());
        for ((token, job), answer) in jobs.into_iter().zip(answers) {
            match answer {
                Ok(Some(acts)) => {
                    self.flight.carry(token, self.outbox.queued(), job);
                    // After a broken contract nothing more is done: the link ends, and with it what is in flight.
                    if stop.is_none() {
                        stop = self.act(acts, now).err().map(Stop::from);
                    }
                }
                Ok(None) => given_back.push(job),
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
                let _ = job.reply.send(no_free_place());
            }
        }
        stop.map_or(Ok(()), Err)
    }
}
