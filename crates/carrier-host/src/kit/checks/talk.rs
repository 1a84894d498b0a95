//! Conversations with a session carrier: what the other side says, messages, timers, leave-taking.

use super::workout::{event, outcome};
use super::{End, Example, Ground, Manner, ready};
use crate::kit::aside::aside;
use crate::kit::bytes::Dice;
use crate::kit::connected::{Connected, links};
use crate::kit::fixtures::StreamCase;
use crate::kit::letter::Letter;
use crate::kit::made::Made;
use crate::kit::report::Fault;
use crate::kit::wire::Act;

/// What happens to a session, from `open` to `destroy`. What a host would not do at that point is left out.
#[derive(Clone)]
pub(super) struct Talk {
    pub(super) name: String,
    pub(super) steps: Vec<Step>,
    /// The other side talks nonsense.
    pub(super) noise: bool,
}

/// One thing that happens to a session.
#[derive(Clone)]
pub(super) enum Step {
    Hear(Vec<u8>),
    /// A message, if there is a place for it.
    Submit(u64, Box<Letter>),
    /// The next timer runs out, if there is one.
    Wake,
    /// Leave is taken, if nothing is in flight.
    Leave,
}

/// Messages that one session is given at once.
const AT_ONCE: usize = 8;

impl Talk {
    fn new(name: impl Into<String>, steps: Vec<Step>) -> Self {
        Self {
            name: name.into(),
            steps,
            noise: false,
        }
    }

    /// Holds it with a session of each instance, all of them open at once. What each said, line by line.
    pub(super) fn hold(
        &self,
        made: &[&Made<'_>],
        manner: &Manner<'_>,
    ) -> Result<Vec<Vec<String>>, Vec<Fault>> {
        let mut said: Vec<Vec<String>> = Vec::new();
        let mut sessions = Vec::new();
        for made in made {
            let wanted = links(made, manner)?;
            said.push(
                wanted
                    .iter()
                    .map(|link| format!("a link\t{}", link_line(link)))
                    .collect(),
            );
            sessions.push(Connected::open(made, manner, self.noise)?);
        }
        for step in &self.steps {
            for session in &mut sessions {
                step.take(session, manner)?;
            }
        }
        for (session, said) in sessions.into_iter().zip(&mut said) {
            said.extend(session.destroy(manner)?.iter().map(line));
        }
        Ok(said)
    }

    /// With one session: all that it wanted.
    pub(super) fn acts(&self, made: &Made<'_>, manner: &Manner<'_>) -> Result<Vec<Act>, Vec<Fault>> {
        let mut session = Connected::open(made, manner, self.noise)?;
        for step in &self.steps {
            step.take(&mut session, manner)?;
        }
        session.destroy(manner)
    }
}

impl Step {
    pub(super) fn take(&self, session: &mut Connected<'_>, manner: &Manner<'_>) -> Result<(), Vec<Fault>> {
        match self {
            Self::Hear(bytes) => session.on_bytes(manner, bytes),
            Self::Submit(token, letter) => session.submit(manner, *token, letter).map(drop),
            Self::Wake => session.on_timer(manner).map(drop),
            Self::Leave => session.drain(manner),
        }
    }
}

fn link_line(link: &crate::border::RawLink) -> String {
    format!(
        "{} {}:{} {} {}",
        link.name, link.host, link.port, link.flags, link.server_name
    )
}

fn line(act: &Act) -> String {
    match act {
        Act::Write(bytes) => format!("what it writes\t{bytes:?}"),
        Act::Ready(window, pace) => format!("its window\t{window} {pace}"),
        Act::Complete(token, ended) => format!("a completion\t{token} {}", outcome(ended)),
        Act::Event { told, ack, nack } => format!("{} {ack:?} {nack:?}", event(told)),
        Act::Timer(id, after) => format!("a timer\t{id} {after}"),
        Act::Hold(token) => format!("a hold\t{token}"),
        Act::Close(ended) => format!("its end\t{}", outcome(ended)),
    }
}

/// Where in a stream the session says that it is ready, and for how many messages.
#[derive(Clone, Copy)]
pub(super) struct Greeting {
    pub(super) at: usize,
    window: usize,
}

/// Of each of the author's streams; `None` if it never makes the session ready. Found out in a copy of the process: the
/// library has not been called yet in this one.
pub(super) fn greetings(ground: &Ground) -> Result<Vec<Option<Greeting>>, End> {
    let streams = ground
        .fixtures
        .as_ref()
        .map_or(0, |fixtures| fixtures.streams.len());
    if streams == 0 {
        return Ok(Vec::new());
    }
    let found = aside(ground, || {
        let (subject, example) = ready(ground)?;
        let manner = subject.plain();
        if subject.session.is_none() {
            return Ok(Vec::new());
        }
        let Ok(made) = example.made(ground, &subject, &manner) else {
            return Ok(Vec::new());
        };
        let streams = example.fixtures.streams.iter();
        Ok(streams
            .map(|stream| {
                ground
                    .report
                    .doing(&format!("on_bytes with {}, byte by byte", stream.file));
                written(greeting(&made, &manner, &stream.bytes).unwrap_or_default())
            })
            .collect())
    });
    let mut found: Vec<_> = found?.iter().map(|line| read(line)).collect();
    found.resize(streams, None);
    Ok(found)
}

/// For another process.
fn written(greeting: Option<Greeting>) -> String {
    greeting.map_or_else(String::new, |found| format!("{} {}", found.at, found.window))
}

fn read(line: &str) -> Option<Greeting> {
    let (at, window) = line.split_once(' ')?;
    Some(Greeting {
        at: at.parse().ok()?,
        window: window.parse().ok()?,
    })
}

fn greeting(made: &Made<'_>, manner: &Manner<'_>, stream: &[u8]) -> Result<Option<Greeting>, Vec<Fault>> {
    let mut session = Connected::open(made, manner, true)?;
    let mut at = 0;
    while session.window() == 0 && !session.is_closed() && at < stream.len() {
        session.on_bytes(manner, &stream[at..=at])?;
        at += 1;
    }
    let (window, closed) = (session.window(), session.is_closed());
    session.destroy(manner)?;
    Ok((window > 0 && !closed).then_some(Greeting { at, window }))
}

/// What a carrier says, with messages as soon as there is a place for them.
pub(super) fn conversation(case: &StreamCase, greeting: Option<Greeting>, letters: &[Letter]) -> Vec<Step> {
    let Some(Greeting { at, .. }) = greeting else {
        return vec![Step::Hear(case.bytes.clone())];
    };
    let messages = if case.messages.is_empty() {
        vec![letters[0].clone(); 2]
    } else {
        case.messages.clone()
    };
    let mut steps = vec![Step::Hear(case.bytes[..at].to_vec())];
    steps.extend(submits(&messages));
    steps.push(Step::Hear(case.bytes[at..].to_vec()));
    steps
}

fn submits(letters: &[Letter]) -> impl Iterator<Item = Step> {
    let numbered = (1_u64..).zip(letters);
    numbered.map(|(token, letter)| Step::Submit(token, Box::new(letter.clone())))
}

/// All that is asked of sessions.
pub(super) fn talks(example: &Example, greetings: &[Option<Greeting>]) -> Vec<Talk> {
    let letters = example.letters();
    let mut talks = vec![
        Talk::new("a session in which timers run out", vec![Step::Wake; 4]),
        Talk::new("a session that is drained at once", vec![Step::Leave]),
    ];
    let streams = example.fixtures.streams.iter().zip(greetings);
    for (case, at) in streams.clone() {
        let mut steps = conversation(case, *at, &letters);
        steps.extend(vec![Step::Wake; 3]);
        steps.push(Step::Leave);
        talks.push(Talk::new(format!("a session with {}", case.file), steps));
    }
    if let Some((case, greeting)) = streams.clone().find_map(|(case, at)| Some((case, (*at)?))) {
        let greeted = case.bytes[..greeting.at].to_vec();
        for some in letters.chunks(AT_ONCE.min(greeting.window)) {
            let mut steps = vec![Step::Hear(greeted.clone())];
            steps.extend(submits(some));
            steps.extend(vec![Step::Wake; 3]);
            talks.push(Talk::new("a session with messages in flight", steps));
        }
        let steps = vec![Step::Hear(greeted), Step::Leave];
        talks.push(Talk::new("a session that is drained", steps));
    }
    let seeds = example.fixtures.heard();
    let mut dice = Dice::new();
    for _ in 0..4 {
        talks.push(Talk {
            name: "a session that hears noise".to_owned(),
            steps: vec![Step::Hear(dice.body(&seeds)), Step::Wake, Step::Leave],
            noise: true,
        });
    }
    talks
}
