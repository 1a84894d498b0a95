//! What `aldis dev` shows: the journey of one SMS, then how to send the next.

use super::Shown;
use super::exchange::{Body, RECIPIENT, path, token};
use super::stage::{Addresses, Stage};
use crate::failure::Failure;
use crate::inbox::{RECIPIENTS, ReceivedSms};
use crate::life;
use crate::moment::{span, time};
use crate::printer::Ink;
use aldis_message::UnixMillis;
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;

const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) struct Scenes<'a> {
    stage: &'a Stage,
    ink: Ink,
}

impl<'a> Scenes<'a> {
    pub(super) fn new(stage: &'a Stage, ink: Ink) -> Self {
        Self { stage, ink }
    }

    /// Request, answer, arrival, life.
    pub(super) fn journey(&self, shown: &Shown) -> String {
        let ink = self.ink;
        let Addresses { edge, delivery, .. } = self.stage.addresses;
        let mut text = vec![
            format!(
                "{} {VERSION}: one SMS, from Auth0's request to the carrier",
                ink.bold("Aldis")
            ),
            ink.dim(&format!(
                "aldis-edge on {edge}, aldis-delivery on {delivery}, carrier sandbox, SQLite"
            )),
        ];
        text.push(self.title(1, "The request, as Auth0 signs and sends it"));
        text.push(indent(&self.request(shown)));
        text.push(self.title(2, "The answer"));
        text.push(indent(&self.answer(shown)));
        text.push(self.title(3, "The SMS, as the carrier received it"));
        text.push(indent(
            &shown
                .sms
                .as_ref()
                .map_or_else(|| ink.red("none arrived"), |sms| received(sms, ink)),
        ));
        text.push(self.title(4, "Its life in the store"));
        text.push(indent(
            &shown
                .life
                .as_ref()
                .map_or_else(|| ink.red("unknown"), |view| life::timeline(view, ink)),
        ));
        text.join("\n")
    }

    fn title(&self, number: u8, title: &str) -> String {
        format!(
            "\n{} {}",
            self.ink.cyan(&number.to_string()),
            self.ink.bold(title)
        )
    }

    fn request(&self, shown: &Shown) -> String {
        let mut lines = vec![self.ink.bold(&format!("POST {}", path()))];
        let authorization = ("authorization", format!("Bearer {}", shown.asked.short_token()));
        for (name, value) in shown.asked.headers.iter().chain([&authorization]) {
            lines.push(format!("{} {value}", self.ink.dim(&format!("{name}:"))));
        }
        lines.push(String::new());
        lines.push(pretty(&shown.asked.body));
        lines.join("\n")
    }

    fn answer(&self, shown: &Shown) -> String {
        let answer = &shown.answer;
        let status = format!("{} {}", answer.status, answer.reason);
        let status = if answer.is_ok() {
            self.ink.green(&status)
        } else {
            self.ink.red(&status)
        };
        let body = serde_json::from_str(&answer.body)
            .map_or_else(|_| answer.body.clone(), |body: Value| pretty(&body));
        format!(
            "{status}\n{} {}\n\n{body}",
            self.ink.dim("content-type:"),
            answer.content_type
        )
    }

    /// How to go on: a line to paste, the scripted recipients, where to look.
    pub(super) fn invitation(&self, now: UnixMillis, lifetime: Duration) -> Result<String, Failure> {
        let ink = self.ink;
        let Addresses {
            edge,
            edge_admin,
            delivery,
            delivery_admin,
        } = self.stage.addresses;
        let token = token(self.stage, now, lifetime)?;
        let body = Body {
            recipient: RECIPIENT,
            text: "Your code is 654321",
            sender: None,
        };
        let body = compact(&body);
        let mut text = vec![self.heading(&format!(
            "Send another (the token is good for {})",
            span(lifetime)
        ))];
        text.push(format!(
            "curl -i http://{edge}{} -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' -d '{body}'",
            path()
        ));
        text.push(self.heading("or as an internal service, over gRPC"));
        text.push(format!(
            "{} send --delivery http://{delivery} --token-file {} --to {RECIPIENT} --text 'Hello'",
            own_name(),
            self.stage.cli_token_file().display()
        ));
        text.push(self.heading("Recipients with a script"));
        let scripted = RECIPIENTS
            .iter()
            .map(|script| format!("  {}  {}", ink.cyan(script.recipient), script.says));
        text.push(scripted.collect::<Vec<_>>().join("\n"));
        text.push(self.heading("Look inside"));
        text.push(format!(
            "  {} http://{edge_admin}/metrics  http://{edge_admin}/readyz?verbose",
            ink.dim("edge    ")
        ));
        text.push(format!(
            "  {} http://{delivery_admin}/metrics  http://{delivery_admin}/readyz?verbose",
            ink.dim("delivery")
        ));
        text.push(format!(
            "  {} {}",
            ink.dim("logs    "),
            self.stage.folder().join("{edge,delivery}.log").display()
        ));
        text.push(format!(
            "  {} {} message <id> --delivery http://{delivery} --token-file {}",
            ink.dim("a life  "),
            own_name(),
            self.stage.edge_token_file().display()
        ));
        text.push(format!(
            "\nServing until Ctrl-C. {}",
            ink.dim("Every SMS that arrives is shown here.")
        ));
        Ok(text.join("\n"))
    }

    /// What follows where nothing is kept running.
    pub(super) fn farewell(&self) -> String {
        let words = "Without --once it keeps serving, with a curl line to paste for the next SMS.";
        format!("\n{}", self.ink.dim(words))
    }

    fn heading(&self, words: &str) -> String {
        format!("\n{}", self.ink.bold(words))
    }
}

/// This program, as it can be typed here.
fn own_name() -> String {
    let own = std::env::current_exe().unwrap_or_else(|_| "aldis".into());
    let here = std::env::current_dir().unwrap_or_default();
    own.strip_prefix(here).unwrap_or(&own).display().to_string()
}

/// An SMS that came in while serving.
pub(super) fn arrival(sms: &ReceivedSms, now: UnixMillis, ink: Ink) -> String {
    format!(
        "\n{} the carrier received\n{}",
        ink.dim(&time(now)),
        indent(&received(sms, ink))
    )
}

fn received(sms: &ReceivedSms, ink: Ink) -> String {
    let from = sms.from.as_deref().unwrap_or("the carrier's own sender");
    [("from", from), ("to", &sms.to), ("text", &sms.text)]
        .map(|(name, value)| format!("{} {}", ink.dim(&format!("{name:<5}")), shown(value)))
        .join("\n")
}

/// A text is somebody else's words; a terminal would obey their control characters.
fn shown(words: &str) -> String {
    words
        .chars()
        .map(|letter| {
            if letter.is_control() && letter != '\n' {
                '\u{fffd}'
            } else {
                letter
            }
        })
        .collect()
}

fn pretty(json: &impl Serialize) -> String {
    serde_json::to_string_pretty(json).unwrap_or_default()
}

fn compact(json: &impl Serialize) -> String {
    serde_json::to_string(json).unwrap_or_default()
}

fn indent(text: &str) -> String {
    text.lines()
        .map(|line| {
            if line.is_empty() {
                String::new()
            } else {
                format!("  {line}")
            }
        })
        .collect::<Vec<_>>()
        .join("\n")
}
