//! One attempt: submit, exchange, response, until the library says how it ended or the time is up.

use super::Instance;
use super::request::parse;
use crate::border::Word;
use crate::border::calls::LentAnswer;
use crate::broken::Broken;
use crate::http::{HttpAnswer, HttpRequest};
use crate::judge::{Truth, fault, judge, out_of_time};
use crate::report::Report;
use crate::submission::Submission;
use aldis_carrier::{Transport, abi};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const MOST_REQUESTS: u32 = abi::STEP_LIMIT;

/// A library that waits for ever in small steps is broken.
const MOST_WAITS: u32 = abi::WAIT_LIMIT;

/// One attempt under way.
pub(super) struct Attempt<'a> {
    instance: &'a Instance,
    submission: &'a Submission,
    started: Instant,
    truth: Truth,
    requests: u32,
    waits: u32,
}

/// Why an attempt ended without the library's word.
enum End {
    Broken(Broken),
    OutOfTime,
    /// The caller has left, or has an answer.
    Gone,
}

impl<T: Into<Broken>> From<T> for End {
    fn from(broken: T) -> Self {
        Self::Broken(broken.into())
    }
}

impl<'a> Attempt<'a> {
    pub(super) fn new(instance: &'a Instance, submission: &'a Submission) -> Self {
        let truth = Truth::default();
        Self {
            instance,
            submission,
            started: Instant::now(),
            truth,
            requests: 0,
            waits: 0,
        }
    }

    /// Runs it to its end.
    pub(super) async fn run(&mut self) -> Report {
        match self.steps().await {
            Ok(report) => report,
            Err(End::Gone) if !self.truth.written => Report::caller_gone(),
            Err(End::OutOfTime | End::Gone) => out_of_time(self.truth),
            Err(End::Broken(broken)) => {
                self.instance.resident.note_fault(&broken);
                fault(&broken.to_string(), self.truth)
            }
        }
    }

    async fn steps(&mut self) -> Result<Report, End> {
        let mut word = self.submit().await?;
        loop {
            word = match word {
                Word::Complete(outcome) => {
                    let message = &self.submission.message;
                    let redactor = self
                        .instance
                        .resident
                        .room()
                        .redactor()
                        .for_message(&message.text, &message.to);
                    return Ok(judge(outcome, self.truth, &redactor)?);
                }
                Word::Wait(millis) => {
                    self.wait(Duration::from_millis(u64::from(millis))).await?;
                    self.submit().await?
                }
                Word::Http(raw) => {
                    self.requests += 1;
                    if self.requests > MOST_REQUESTS {
                        return Err(format!("asked for more than {MOST_REQUESTS} requests").into());
                    }
                    let wanted = parse(raw)?;
                    let answer = self
                        .exchange(wanted.request, wanted.timeout, wanted.idempotent)
                        .await?;
                    self.on_response(&answer, &wanted.state).await?
                }
            };
        }
    }

    /// One request of the library. Where its connection broke and it does no harm, it is sent once more.
    async fn exchange(
        &mut self,
        request: HttpRequest,
        timeout: Option<Duration>,
        idempotent: bool,
    ) -> Result<HttpAnswer, End> {
        let again = idempotent.then(|| request.clone());
        self.truth.idempotent = idempotent;
        let lost = self.ask(request, timeout).await?;
        let Some(request) = again.filter(|_| lost.transport == Transport::Reset && lost.request_written)
        else {
            return Ok(lost);
        };
        let answer = self.ask(request, timeout).await?;
        self.truth.repeated = true;
        Ok(if answer.transport == Transport::Ok {
            answer
        } else {
            lost
        })
    }

    async fn ask(&mut self, request: HttpRequest, timeout: Option<Duration>) -> Result<HttpAnswer, End> {
        let left = self.left()?;
        let limit = timeout.map_or(left, |timeout| timeout.min(left));
        let Instance { engine, allowed, .. } = self.instance;
        let gone = &self.submission.gone;
        let answer = engine.exchange(request, allowed, limit, gone).await;
        self.truth
            .learn(answer.transport, answer.status, answer.request_written);
        if gone.is_cancelled() && !answer.request_written {
            return Err(End::Gone);
        }
        Ok(answer)
    }

    /// What is left of the attempt's time.
    fn left(&self) -> Result<Duration, End> {
        let left = self.submission.time_limit.saturating_sub(self.started.elapsed());
        if left.is_zero() {
            Err(End::OutOfTime)
        } else {
            Ok(left)
        }
    }

    async fn wait(&mut self, pause: Duration) -> Result<(), End> {
        self.waits += 1;
        if self.waits > MOST_WAITS {
            return Err(format!("asked to wait more than {MOST_WAITS} times").into());
        }
        if self.left()? <= pause {
            return Err(End::OutOfTime);
        }
        sleep(pause).await;
        Ok(())
    }

    fn now_unix_ms(&self) -> u64 {
        let passed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.submission.now_unix_ms.saturating_add(passed)
    }

    async fn submit(&self) -> Result<Word, End> {
        let message = &self.submission.message;
        let resident = &self.instance.resident;
        in_time(resident.submit(message, self.now_unix_ms(), self.left()?).await)
    }

    async fn on_response(&mut self, answer: &HttpAnswer, state: &[u8]) -> Result<Word, End> {
        // The host ended the exchange because the attempt's time is up: the library has no say in that.
        if answer.transport == Transport::Timeout {
            self.left()?;
        }
        if answer.transport == Transport::Blocked {
            let why = answer.blocked.as_deref().unwrap_or_default();
            self.instance.resident.warn(&format!(
                "asked for a host that it may not reach; nothing was sent: {why}"
            ));
        }
        let headers = answer
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()));
        let lent = LentAnswer {
            status: answer.status,
            transport: answer.transport.number(),
            request_written: answer.request_written,
            headers: headers.collect(),
            body: &answer.body,
            elapsed_ms: u32::try_from(answer.elapsed.as_millis()).unwrap_or(u32::MAX),
            step: self.requests,
            state,
            now_unix_ms: self.now_unix_ms(),
        };
        let message = &self.submission.message;
        in_time(
            self.instance
                .resident
                .on_response(message, lent, self.left()?)
                .await,
        )
    }
}

/// The library's word, if it came within the attempt's time.
fn in_time(word: Option<Result<Word, Broken>>) -> Result<Word, End> {
    Ok(word.ok_or(End::OutOfTime)??)
}
