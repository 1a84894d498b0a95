//! Everything that can be asked of instances: attempts, call-backs, and sessions from open to destroy.

use super::talk::{Greeting, Talk, talks};
use super::{Example, Ground, Manner, Subject};
use crate::kit::ear::{Ended, Told};
use crate::kit::letter::{Callback, Letter, NOW, Reply};
use crate::kit::made::{Attempt, Heard, Made};
use crate::kit::report::Fault;
use aldis_carrier::abi::REJECT;

/// What a library is asked, in an order that is always the same.
pub(super) struct Workout {
    /// A message, and what its requests are answered with.
    pub(super) attempts: Vec<(String, Letter, Reply)>,
    pub(super) callbacks: Vec<(String, Callback)>,
    pub(super) talks: Vec<Talk>,
    /// The greetings of the author's streams.
    pub(super) greetings: Vec<Option<Greeting>>,
}

/// A line of what an instance said: what it is about, a tab, and the words.
type Said = Vec<String>;

impl Workout {
    /// `greetings`: how the author's streams greet.
    pub(super) fn of(subject: &Subject, example: &Example, greetings: &[Option<Greeting>]) -> Self {
        Self {
            attempts: subject.http.map(|_| attempts(example)).unwrap_or_default(),
            callbacks: subject.webhook.map(|_| callbacks(example)).unwrap_or_default(),
            talks: subject
                .session
                .map(|_| talks(example, greetings))
                .unwrap_or_default(),
            greetings: greetings.to_vec(),
        }
    }

    /// Asks each instance everything, in turn, with two sessions of each open at once. What each said.
    pub(super) fn run(
        &self,
        ground: &Ground,
        made: &[&Made<'_>],
        manner: &Manner<'_>,
    ) -> Result<Vec<Said>, Vec<Fault>> {
        let mut said = vec![Vec::new(); made.len()];
        for (what, letter, reply) in &self.attempts {
            ground.report.doing(what);
            for (made, said) in made.iter().zip(&mut said) {
                let attempt = made.attempt(manner, letter, std::slice::from_ref(reply));
                attempt_lines(said, &during(attempt, what)?);
            }
        }
        for (what, callback) in &self.callbacks {
            ground.report.doing(what);
            for (made, said) in made.iter().zip(&mut said) {
                if let Some(heard) = made.handle(manner, callback) {
                    callback_lines(said, &during(judged(heard), what)?);
                }
            }
        }
        for talk in &self.talks {
            ground.report.doing(&talk.name);
            let twice: Vec<_> = made.iter().chain(made).copied().collect();
            let told = during(talk.hold(&twice, manner), &talk.name)?;
            for (number, lines) in told.into_iter().enumerate() {
                said[number % made.len()].extend(lines);
            }
        }
        Ok(said)
    }

    /// Few of each kind, for what is repeated often.
    pub(super) fn shorten(&mut self) {
        self.attempts.dedup_by_key(|(what, ..)| what.clone());
        self.attempts.truncate(12);
        self.callbacks.truncate(4);
        // Timers, then the first conversation, then messages in flight.
        let mut kinds = Vec::new();
        self.talks.retain(|talk| {
            let new = !talk.noise && !kinds.contains(&talk.name);
            kinds.push(talk.name.clone());
            new
        });
        self.talks.truncate(6);
    }

    /// Asks one instance everything, and takes no notice of what it says.
    pub(super) fn each(&self, ground: &Ground, made: &Made<'_>, manner: &Manner<'_>) {
        for (what, letter, reply) in &self.attempts {
            ground.report.doing(what);
            let _ = made.attempt(manner, letter, std::slice::from_ref(reply));
            // Also where the attempt ended before.
            made.on_response(manner, letter, reply, (1, b""));
        }
        for (what, callback) in &self.callbacks {
            ground.report.doing(what);
            let _ = made.handle(manner, callback);
        }
        for talk in &self.talks {
            ground.report.doing(&talk.name);
            let _ = talk.hold(&[made, made], manner);
        }
    }

    /// With one instance: all that it says.
    pub(super) fn once(
        &self,
        ground: &Ground,
        made: &Made<'_>,
        manner: &Manner<'_>,
    ) -> Result<Said, Vec<Fault>> {
        let said = self.run(ground, &[made], manner)?;
        Ok(said.into_iter().flatten().collect())
    }

    /// The kinds of calls that are made, in words.
    pub(super) fn kinds(&self) -> String {
        format!(
            "{} attempts, {} call-backs, {} sessions",
            self.attempts.len(),
            self.callbacks.len(),
            self.talks.len() * 2
        )
    }
}

/// Says in what the faults were found.
fn during<T>(found: Result<T, Vec<Fault>>, what: &str) -> Result<T, Vec<Fault>> {
    found.map_err(|faults| {
        let named = faults
            .into_iter()
            .map(|fault| Fault::new(format!("{}: {what}", fault.what), fault.mend));
        named.collect()
    })
}

/// What the first difference is about.
pub(super) fn difference(one: &[String], other: &[String]) -> Option<String> {
    let about = |line: Option<&String>| {
        let line = line.and_then(|line| line.split('\t').next());
        line.unwrap_or("how much it says").to_owned()
    };
    let differs = one.iter().zip(other).find(|(one, other)| one != other);
    match differs {
        Some((one, _)) => Some(about(Some(one))),
        None if one.len() == other.len() => None,
        None => Some(about(one.get(other.len()).or(other.get(one.len())))),
    }
}

fn attempt_lines(said: &mut Said, attempt: &Attempt) {
    for wanted in &attempt.requests {
        said.push(format!("the request's address\t{} {}", wanted.method, wanted.url));
        said.push(format!("the request's headers\t{:?}", wanted.headers));
        said.push(format!("the request's body\t{:?}", wanted.body));
        said.push(format!("the request's state\t{:?}", wanted.state));
    }
    said.push(format!("the outcome\t{}", outcome(&attempt.ended)));
}

pub(super) fn outcome(ended: &Ended) -> String {
    format!("{ended:?}")
}

fn callback_lines(said: &mut Said, heard: &Heard) {
    said.push(format!("the verdict on a call-back\t{}", heard.returned));
    said.extend(heard.told.iter().map(event));
    said.push(format!("the answer to a call-back\t{:?}", heard.replies));
}

pub(super) fn event(told: &Told) -> String {
    format!("an event\t{told:?}")
}

/// A call-back's verdict, or what is wrong with how it was given.
pub(super) fn judged(heard: Heard) -> Result<Heard, Vec<Fault>> {
    let mut faults = heard.faults.clone();
    if heard.returned < 0 {
        heard.returned_well("handle")?;
    }
    if heard.returned > REJECT {
        faults.push(Fault::new(
            format!("handle returned {}", heard.returned),
            "return ALDIS_VERIFIED, ALDIS_UNVERIFIED or ALDIS_REJECT",
        ));
    }
    if heard.replies.len() > 1 {
        faults.push(Fault::new(
            format!("it answers a call-back {} times", heard.replies.len()),
            "call sink->reply at most once",
        ));
    }
    if faults.is_empty() { Ok(heard) } else { Err(faults) }
}

/// Each message with a plain answer, and the plainest message with each.
fn attempts(example: &Example) -> Vec<(String, Letter, Reply)> {
    let (letters, replies) = (example.letters(), assorted(example));
    let name = |letter: usize, reply: &Reply| {
        format!(
            "an attempt with message {letter}, answered with status {}",
            reply.status
        )
    };
    let yes = Reply::new(200, r#"{"id":"m-1","status":"queued"}"#);
    let each = letters.iter().enumerate();
    let mut all: Vec<_> = each
        .map(|(number, letter)| (name(number, &yes), letter.clone(), yes.clone()))
        .collect();
    all.extend(
        replies
            .into_iter()
            .map(|reply| (name(0, &reply), letters[0].clone(), reply)),
    );
    all
}

/// Replies of every sort: the author's own, and the ones everybody gets. What matters among the headers comes last.
pub(super) fn assorted(example: &Example) -> Vec<Reply> {
    let mut replies: Vec<_> = example
        .fixtures
        .replies
        .iter()
        .flat_map(|case| case.replies.clone())
        .collect();
    replies.push(
        Reply::new(200, r#"{"id":"m-1","status":"queued"}"#).header("content-type", "application/json"),
    );
    replies.push(Reply::new(429, "{}").header("retry-after", "7"));
    replies.push(Reply::new(500, ""));
    for reply in &mut replies {
        let usual = [("date", "Tue, 14 Nov 2023 22:13:20 GMT"), ("server", "check")];
        let usual = usual.map(|(name, value)| (name.to_owned(), value.to_owned()));
        reply.headers.splice(0..0, usual);
    }
    replies.push(Reply::none(aldis_carrier::Transport::Timeout, true));
    replies
}

/// The author's own, and made-up ones of every shape.
pub(super) fn callbacks(example: &Example) -> Vec<(String, Callback)> {
    let own = example.fixtures.callbacks.iter();
    let mut all: Vec<_> = own
        .map(|case| (format!("handle with {}", case.file), case.callback.clone()))
        .collect();
    let json = r#"{"id":"m-1","message_id":"m-1","status":"delivered","to":"+12025550100","from":"Acme"}"#;
    let form = "MessageSid=m-1&MessageStatus=delivered&To=%2B12025550100&From=%2B12025550199";
    let text = "https://sms.example.com/carriers/check/receipts";
    for (what, method, url, kind, body) in [
        ("JSON", "POST", text.to_owned(), "application/json", json),
        (
            "a form",
            "POST",
            text.to_owned(),
            "application/x-www-form-urlencoded",
            form,
        ),
        (
            "a query",
            "GET",
            format!("{text}?{form}&state=delivered"),
            "text/plain",
            "",
        ),
        (
            "torn JSON",
            "POST",
            text.to_owned(),
            "application/json",
            "{\"id\": \"m",
        ),
    ] {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let callback = Callback {
            url,
            method: method.to_owned(),
            headers: vec![
                header("host", "sms.example.com"),
                header("content-type", kind),
                header("x-signature", "made-up"),
                header("authorization", "Basic bWFkZTp1cA=="),
            ],
            body: body.as_bytes().to_vec(),
            remote_address: "192.0.2.1".to_owned(),
            now_unix_ms: NOW,
        };
        all.push((format!("handle with {what}"), callback));
    }
    let empty = Callback {
        url: String::new(),
        method: String::new(),
        headers: Vec::new(),
        body: Vec::new(),
        remote_address: String::new(),
        now_unix_ms: NOW,
    };
    all.push(("handle with nothing at all".to_owned(), empty));
    all
}
