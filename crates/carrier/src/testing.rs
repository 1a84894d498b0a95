//! Runs a carrier in its author's unit tests, through the very tables a host calls: both halves
//! of the border back to back, without a library file and without a network.
//!
//! ```
//! # use aldis_carrier::{About, Carrier, Instance, Message, Request, Response, SettingsError, Step, Outcome};
//! # #[derive(serde::Deserialize, schemars::JsonSchema)]
//! # struct Settings { api_key: aldis_carrier::Secret }
//! # struct Acme(Settings);
//! # impl Carrier for Acme {
//! #     type Settings = Settings;
//! #     const ABOUT: About = About::new("acme", "1.0.0").hosts(&["api.acme.example"]);
//! #     fn new(settings: Settings, _: &Instance) -> Result<Self, SettingsError> { Ok(Self(settings)) }
//! #     fn submit(&self, message: &Message<'_>) -> Step {
//! #         Request::post_form("https://api.acme.example/sms", [("to", message.to())])
//! #             .bearer(self.0.api_key.expose()).into()
//! #     }
//! #     fn on_response(&self, _: &Message<'_>, response: &Response<'_>) -> Step {
//! #         match response.is_success() {
//! #             true => Outcome::accepted(response.text()).into(),
//! #             false => response.fallback().into(),
//! #         }
//! #     }
//! # }
//! use aldis_carrier::Class;
//! use aldis_carrier::serde_json::json;
//! use aldis_carrier::testing::{Answer, Bench, TestMessage};
//!
//! let acme = Bench::<Acme>::new(&json!({}), &[("api_key", "k3y")]).unwrap();
//! let message = TestMessage::new("+12025550100", "Hello");
//!
//! let attempt = acme.attempt(&message, [Answer::new(201, "id-1")]).unwrap();
//! assert_eq!(attempt.requests[0].body, b"to=%2B12025550100");
//! assert_eq!(attempt.outcome.carrier_ids, ["id-1"]);
//!
//! let lost = acme.attempt(&message, [Answer::lost()]).unwrap();
//! assert_eq!(lost.outcome.class, Class::Ambiguous);
//! ```

mod lent;
mod recorder;
mod session;

pub use lent::{Answer, Callback, TestMessage};
pub use session::{Connection, SessionBench};

use crate::abi::{self, Str};
use crate::copying::copy;
use crate::export::{HttpStyle, Table};
use crate::{Carrier, Instance, Outcome, Request, SettingsError, Step, Webhook};
use recorder::{Said, Told};
use std::ffi::c_void;
use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use std::{fmt, ptr};

/// How a carrier broke the contract. A host rests an instance that does so repeatedly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It panicked; the panic was contained.
    Panicked,
    /// An entry returned this error.
    Failed(i32),
    /// It said so many things to the sink instead of one.
    Words(usize),
    /// It emitted what cannot be understood.
    Broken(&'static str),
    /// It asked for more requests than [`abi::STEP_LIMIT`], or more waits than [`abi::WAIT_LIMIT`].
    TooManySteps,
    /// It asked for a request that the test has no answer for.
    NoAnswerLeft,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked => out.write_str("the carrier panicked"),
            Self::Failed(code) => write!(out, "an entry returned {code}"),
            Self::Words(count) => write!(out, "the carrier said {count} things instead of one"),
            Self::Broken(what) => write!(out, "the carrier emitted {what}"),
            Self::TooManySteps => out.write_str("the carrier asked for too many steps"),
            Self::NoAnswerLeft => out.write_str("the test has no answer for this request"),
        }
    }
}

impl std::error::Error for Fault {}

/// An attempt from beginning to end.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What was asked of the carrier's API, in order.
    pub requests: Vec<Request>,
    /// What the carrier wanted to wait, in all.
    pub waited: Duration,
    /// How it ended.
    pub outcome: Outcome,
}

/// One instance of a carrier on the test bench.
pub struct Bench<C: Carrier> {
    inst: *mut c_void,
    entry: abi::Entry,
    http: abi::Http,
    webhook: Option<abi::Webhook>,
    log: Mutex<Vec<String>>,
    _table: Table,
    _carrier: PhantomData<C>,
}

// SAFETY: the functions it calls are `[any]`, and the carrier behind `inst` is Send and Sync.
unsafe impl<C: Carrier> Send for Bench<C> {}
// SAFETY: as above.
unsafe impl<C: Carrier> Sync for Bench<C> {}

impl<C: Carrier> Bench<C> {
    /// An instance with these settings and secrets (dotted keys).
    ///
    /// `load` is not called: it would silence the panics of the test itself.
    pub fn new(settings: &serde_json::Value, secrets: &[(&str, &str)]) -> Result<Self, SettingsError> {
        let instance = Instance {
            name: "test".to_owned(),
            webhook_base_url: None,
            region: None,
        };
        Self::with_instance(settings, secrets, &instance)
    }

    /// The same for an instance that is told something else about itself.
    pub fn with_instance(
        settings: &serde_json::Value,
        secrets: &[(&str, &str)],
        instance: &Instance,
    ) -> Result<Self, SettingsError> {
        let missing = || SettingsError::new("", "the tables are incomplete");
        let table = Table::of::<HttpStyle<C>>();
        // SAFETY: the entry is valid as long as the table, which the bench keeps.
        let entry = unsafe { copy(table.entry()) }.ok_or_else(missing)?;
        // SAFETY: the tables by these ids have these types, and are static.
        let (http, webhook) = unsafe {
            (
                copy(extension(&entry, abi::HTTP).cast::<abi::Http>()),
                copy(extension(&entry, abi::WEBHOOK).cast::<abi::Webhook>()),
            )
        };
        let inst = lent::create(&entry, settings, secrets, instance)?;
        Ok(Self {
            inst,
            entry,
            http: http.ok_or_else(missing)?,
            webhook,
            log: Mutex::default(),
            _table: table,
            _carrier: PhantomData,
        })
    }

    /// What the library says of itself.
    pub fn descriptor() -> serde_json::Value {
        descriptor(&Table::of::<HttpStyle<C>>())
    }

    /// One call of [`Carrier::submit`].
    pub fn submit(&self, message: &TestMessage) -> Result<Step, Fault> {
        let submit = self.http.submit.ok_or(Fault::Broken("no submit"))?;
        message.lend(|msg| {
            // SAFETY: the instance is alive, and what is lent lives until the call returns.
            self.ask(|op| unsafe { submit(self.inst, msg, op) })
        })
    }

    /// One call of [`Carrier::on_response`].
    pub fn on_response(&self, message: &TestMessage, answer: &Answer) -> Result<Step, Fault> {
        let on_response = self.http.on_response.ok_or(Fault::Broken("no on_response"))?;
        message.lend(|msg| {
            answer.lend(|resp| {
                // SAFETY: the instance is alive, and what is lent lives until the call returns.
                self.ask(|op| unsafe { on_response(self.inst, msg, resp, op) })
            })
        })
    }

    /// A whole attempt: each request gets the next answer, with the right step and state.
    pub fn attempt(
        &self,
        message: &TestMessage,
        answers: impl IntoIterator<Item = Answer>,
    ) -> Result<Attempt, Fault> {
        let mut answers = answers.into_iter();
        let (mut requests, mut waited, mut waits) = (Vec::new(), Duration::ZERO, 0);
        let mut step = self.submit(message)?;
        loop {
            step = match step {
                Step::Done(outcome) => {
                    return Ok(Attempt {
                        requests,
                        waited,
                        outcome,
                    });
                }
                Step::Wait(pause) => {
                    waits += 1;
                    waited += pause;
                    if waits > abi::WAIT_LIMIT {
                        return Err(Fault::TooManySteps);
                    }
                    self.submit(message)?
                }
                Step::Send(request) => {
                    let mut answer = answers.next().ok_or(Fault::NoAnswerLeft)?;
                    answer.state.clone_from(&request.state);
                    requests.push(request);
                    answer.step = u32::try_from(requests.len()).unwrap_or(u32::MAX);
                    if answer.step > abi::STEP_LIMIT {
                        return Err(Fault::TooManySteps);
                    }
                    self.on_response(message, &answer)?
                }
            };
        }
    }

    /// One call of [`Carrier::webhook`]; rejected if the carrier has none.
    pub fn webhook(&self, callback: &Callback) -> Result<Webhook, Fault> {
        let Some(handle) = self.webhook.and_then(|webhook| webhook.handle) else {
            return Ok(Webhook::Rejected);
        };
        let mut told = Told::default();
        let sink = told.table();
        // SAFETY: the instance is alive, and what is lent lives until the call returns.
        let code = callback.lend(|req| unsafe { handle(self.inst, req, &raw const sink) });
        self.keep_log();
        match code {
            abi::UNVERIFIED => Ok(Webhook::Unverified),
            abi::REJECT => Ok(Webhook::Rejected),
            code => {
                returned(code)?;
                told.verdict()
            }
        }
    }

    /// What the library has logged so far.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep_log(&self) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.append(&mut recorder::take_log());
    }

    fn ask(&self, call: impl FnOnce(*const abi::Op) -> i32) -> Result<Step, Fault> {
        let mut said = Said::default();
        let op = said.table();
        let code = call(&raw const op);
        self.keep_log();
        returned(code)?;
        said.step()
    }
}

impl<C: Carrier> Drop for Bench<C> {
    fn drop(&mut self) {
        if let Some(destroy) = self.entry.instance_destroy {
            // SAFETY: made by the same entry, and no call of it is under way.
            unsafe { destroy(self.inst) };
        }
    }
}

impl<C: Carrier> fmt::Debug for Bench<C> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Bench").finish_non_exhaustive()
    }
}

fn descriptor(table: &Table) -> serde_json::Value {
    // SAFETY: valid as long as the table.
    let entry = unsafe { copy(table.entry()) };
    // SAFETY: as above.
    entry
        .and_then(|entry| serde_json::from_slice(unsafe { entry.descriptor_json.bytes() }).ok())
        .unwrap_or_default()
}

fn returned(code: i32) -> Result<(), Fault> {
    match code {
        abi::OK => Ok(()),
        abi::E_PANIC => Err(Fault::Panicked),
        code => Err(Fault::Failed(code)),
    }
}

fn extension(entry: &abi::Entry, id: &str) -> *const c_void {
    // SAFETY: the id is lent for the call.
    entry
        .get_extension
        .map_or(ptr::null(), |get| unsafe { get(Str::of(id)) })
}
