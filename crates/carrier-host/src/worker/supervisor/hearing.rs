//! The words of a worker, none of which is believed: each answer must be one that somebody waits for, and there is an end
//! to what it tells besides.

use super::Supervisor;
use crate::border::aside::Aside;
use crate::broken::Broken;
use crate::worker::frame::{self, Answered, FROM_WORKER, Said, Words};
use crate::worker::talk::Talk;
use std::time::Duration;

impl Supervisor {
    /// Deals with what has arrived. The error is what no honest library sends.
    pub(super) fn hear(&mut self, talk: &mut Talk) -> Result<(), String> {
        while let Some(frame) = frame::next(&mut talk.arrived, FROM_WORKER)? {
            match frame::read(&frame)? {
                Said::Answer(answered) => {
                    self.answered(answered)?;
                    talk.answers += 1;
                    talk.watch.answered();
                }
                Said::Aside(call, aside) => self.aside(call, aside, talk)?,
                Said::Unfit(_) | Said::Loaded(_) | Said::Made(_) => return Err("a greeting again".to_owned()),
            }
        }
        Ok(())
    }

    /// Heeds what a call tells besides its answer, or what is told apart from calls: no more than [`Share`] has room for,
    /// which the worker's own sinks see to.
    ///
    /// [`Share`]: crate::border::aside::Share
    fn aside(&mut self, call: u64, aside: Aside, talk: &mut Talk) -> Result<(), String> {
        let about = self.pending.get_mut(&call);
        let fits = match (&aside, about) {
            // It is said once, after everything that had room.
            (Aside::Dropped(_), Some(about)) => !std::mem::replace(&mut about.closed, true),
            (_, Some(about)) => !about.closed && about.share.take(aside.weight()),
            (_, None) => talk.may_stray(&aside),
        };
        if !fits {
            return Err("more words than a call may have".to_owned());
        }
        let about = self.pending.get(&call);
        let (text, to) = about.map_or(("", ""), |about| (&about.text, &about.to));
        self.room.heed(aside, text, to);
        Ok(())
    }

    /// Each call is answered once. Whoever made it may have given it up meanwhile, which is no fault of the worker.
    fn answered(&mut self, answered: Answered) -> Result<(), String> {
        let Answered { id, took_us, answer } = answered;
        let Some(pending) = self.pending.remove(&id) else {
            return Err("an answer that nobody waits for".to_owned());
        };
        let took = Duration::from_micros(u64::from(took_us));
        let redactor = self.room.redactor().for_message(&pending.text, &pending.to);
        // These are our own words, unless the library has put others in their place.
        let answer = answer.map_err(|Words(how)| Broken::from(redactor.clean(&how)));
        if pending.reply.send(answer.map(|answer| (answer, took))).is_err() {
            self.note(|board| board.late += 1);
        }
        Ok(())
    }
}
